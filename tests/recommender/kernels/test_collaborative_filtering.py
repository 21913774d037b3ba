"""User-based and item-based collaborative filtering are metapaths: the figures of the literature, by hand."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.profiles.profile import profile_of
from tests.graphs import snapshot_of

RATINGS = {"ann": (4, 3, 5), "bea": (3, 5, 4), "cleo": (5, 4, 3)}
TAIL = ("~purchased", "purchased")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Three people who rated lipstick, blush, foundation; every row and column has length √50."""
    items = ("a-lipstick", "b-blush", "c-foundation")
    rated = [
        (user, item, float(stars)) for user, row in RATINGS.items() for item, stars in zip(items, row, strict=True)
    ]
    entities = {"User": list(RATINGS), "Product": list(items)}
    return snapshot_of(tmp_path_factory.mktemp("ratings"), entities, {"purchased": rated})


def _predicted(snapshot: Snapshot, folder: Path, config: KernelConfig) -> np.ndarray:
    """Σ_a x[u, a] · (T_1 T_2)[a, i], ways back included: users × items."""
    kernels = Kernels(snapshot, config, folder)
    product = (kernels.transitions.matrix(TAIL, 0) @ kernels.transitions.matrix(TAIL, 1)).toarray()
    profiles = [profile_of(snapshot, "User", user).anchors["purchased"].weight for user in range(3)]
    return np.stack(profiles) @ product


def test_user_based(snapshot: Snapshot, tmp_path: Path) -> None:
    """r̂(u, i) = Σ_j cos(u, j) · r(j, i): any two people have 47 / 50 in common, so ann's lipstick is
    4 + .94 · 3 + .94 · 5 = 11.52."""
    predicted = _predicted(snapshot, tmp_path, KernelConfig(start=0, middle=0.5, end=0, degree="length"))
    np.testing.assert_allclose(predicted[0], [4 + 0.94 * 8, 3 + 0.94 * 9, 5 + 0.94 * 7])
    np.testing.assert_allclose(predicted[2, 1], 4 + 0.94 * 3 + 0.94 * 5)


def test_item_based(snapshot: Snapshot, tmp_path: Path) -> None:
    """r̂(u, i) = Σ_j cos(i, j) · r(u, j), for a profile of length 1: any two items have 47 / 50 in common."""
    predicted = _predicted(snapshot, tmp_path, KernelConfig(start=1, middle=0, end=1, degree="length"))
    np.testing.assert_allclose(predicted[0] * np.sqrt(50), [4 + 0.94 * 8, 3 + 0.94 * 9, 5 + 0.94 * 7])
