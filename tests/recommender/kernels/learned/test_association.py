"""The association kernel is the regression, and its part of a score is told by anchors that add up."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.learned import association as regression
from recommender.kernels.learned.association import Association, AssociationConfig, association, weights_of
from recommender.kernels.learned.latent_map import LatentMap
from recommender.kernels.learned.union import Union
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import learned_paths
from recommender.learning.model import Model
from recommender.results.document import ModelInfo
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of
from tests.recommender.serving.test_recommend import TASTES


def _recommender(snapshot: Snapshot, folder: Path) -> Recommender:
    weights = {str(path): 1.0 for path in learned_paths(snapshot, Association, Union, LatentMap)}
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder), Blend(metapaths=weights), None)
    return Recommender(Model(scorer, ModelInfo(name="association", snapshot=snapshot.hash, trained=True)))


def test_weights_solve_the_regression(tmp_path: Path) -> None:
    """Two items, three users (both, first, second), no attributes: D_u = 2, 1, 1, so XᵀD^-½X has 1/√2 + 1 on its
    diagonal, 1/√2 beside it, and is scaled to trace 4."""
    triples = {"purchased": [("u1", "p1"), ("u1", "p2"), ("u2", "p1"), ("u3", "p2")]}
    snapshot = snapshot_of(tmp_path, {"User": ["u1", "u2", "u3"], "Product": ["p1", "p2"]}, triples)
    scale = 4 / (2 * (0.5**0.5 + 1))
    gram = scale * np.array([[0.5**0.5 + 1, 0.5**0.5], [0.5**0.5, 0.5**0.5 + 1]]) + 100 * np.eye(2)
    inverse = np.linalg.inv(gram)
    np.testing.assert_allclose(
        association(snapshot, AssociationConfig())[1][0, 1], -inverse[0, 1] / inverse[1, 1], rtol=1e-5
    )


def test_taste_and_attributes_show_and_the_part_adds_up(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, *TASTES, k=1)
    recommender = _recommender(snapshot, tmp_path / "kernels")
    ranked = [item.id for item in recommender.recommend(Request("a1", n=20)).items]
    assert ranked.index("A3") < ranked.index("B3") and ranked.index("cA") < ranked.index("cB")
    for item in ranked:
        account = recommender.why(Request("a1"), item)
        assert sum(part.share for part in account.parts) == pytest.approx(account.score, abs=1e-9)
        for part in account.parts:
            assert part.kind == "association" and part.kernel in ("association", "union", "latent_map") and part.nearest
            assert sum(near.share for near in part.nearest) == pytest.approx(part.share, abs=1e-9)
            assert all(near.label in part.text for near in part.nearest[:3])


def test_popular_items_are_raised_and_popular_anchors_say_less() -> None:
    """P = [[2, −1], [−1, 4]], used by 3 and 8 people: B_12 = 1/4 · 9^γ / 4^α, B_21 = 1/2 · 4^γ / 9^α."""
    inverse, counts = np.array([[2.0, -1.0], [-1.0, 4.0]]), 1.0 + np.array([3.0, 8.0])
    config = AssociationConfig(popularity=0.5, anchors=1.0)
    np.testing.assert_allclose(weights_of(inverse, counts, config), [[0, 3 / 4 / 4], [2 / 2 / 9, 0]], rtol=1e-6)
    np.testing.assert_allclose(weights_of(inverse, counts, AssociationConfig()), [[0, 1 / 4], [1 / 2, 0]], rtol=1e-6)
    assert (weights_of(np.abs(inverse), counts, AssociationConfig()) == 0).all(), (
        "what goes against each other counts nothing"
    )


def test_items_that_too_few_used_to_take_part_have_empty_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the most used item takes part, a course: products lead nowhere, and nothing leads to them."""
    triples = {"purchased": [("u1", "p1")], "enrolled": [("u1", "c2"), ("u2", "c2"), ("u2", "c1")]}
    entities = {"User": ["u1", "u2"], "Product": ["p1"], "Course": ["c1", "c2", "c3"]}
    monkeypatch.setattr(regression, "MOST_ITEMS", 1)
    kernels = Kernels(snapshot_of(tmp_path, entities, triples), KernelConfig(), tmp_path / "kernels")
    for tail, shape in (("≈Product-Product", (1, 1)), ("≈Course-Product", (3, 1)), ("≈Product-Course", (1, 3))):
        assert kernels.of((tail,)).matrix().shape == shape and not kernels.of((tail,)).matrix().nnz
    assert kernels.of(("≈Course-Course",)).matrix().shape == (3, 3)
