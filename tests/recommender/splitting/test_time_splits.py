"""What is held out by time: equal times are no order, and are not told as one."""

from pathlib import Path

import numpy as np
import pytest

from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from recommender.splitting.interaction_splits import last_split, split_by, temporal_split
from recommender.splitting.told_split import split_text
from tests.graphs import snapshot_of

PEOPLE, PRODUCTS = 60, 10


def _snapshot(folder: Path, times: list[int]) -> Snapshot:
    """Everybody bought ten products, each at the time of its number."""
    rows = [(f"u{n:02}", f"p{m}", 1.0, times[m]) for n in range(PEOPLE) for m in range(PRODUCTS)]
    entities = {"User": [f"u{n:02}" for n in range(PEOPLE)], "Product": [f"p{m}" for m in range(PRODUCTS)]}
    return snapshot_of(folder, entities, {"purchased": rows, "enrolled": []})


def test_which_of_one_time_was_the_last_is_drawn_and_no_id_decides(tmp_path: Path) -> None:
    """The export of a day has one time for all: by id the last thing of everybody would be one product."""
    snapshot = _snapshot(tmp_path, [1_000] * 5 + [2_000] * 5)
    held = np.concatenate(list(last_split(snapshot, 3).test.values()))
    assert len(held) == PEOPLE and set(held.tolist()) == {5, 6, 7, 8, 9}
    assert np.bincount(held).max() < PEOPLE / 3
    again, other = (np.concatenate(list(last_split(snapshot, seed).test.values())) for seed in (3, 4))
    assert again.tolist() == held.tolist() != other.tolist()


def test_where_no_time_is_the_latest_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="all interactions have the same time"):
        temporal_split(_snapshot(tmp_path / "alike", [1_000] * PRODUCTS), 0.2)
    half = _snapshot(tmp_path / "half", [1_000] * 5 + [2_000] * 5)
    with pytest.raises(UsageError, match="not within the latest 20%; try a larger `holdout`"):
        temporal_split(half, 0.2)
    found = temporal_split(half, 0.6)
    assert len(found.test) == PEOPLE and split_text(found.description).startswith("the latest 50% of all")


@pytest.mark.parametrize("kind", ["random", "cold-domain"])
def test_an_unknown_domain_is_named_whatever_the_split(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UsageError, match="unknown domain 'cosmetic'; nearest: 'cosmetics'"):
        split_by(_snapshot(tmp_path, [1_000] * PRODUCTS), kind, 0.2, 0, "cosmetic")
