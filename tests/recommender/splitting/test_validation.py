"""Validation holds out what the future would bring: each person's latest, where there are times."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.splitting.interaction_splits import SPLITS
from recommender.splitting.validation import validation_kind, validation_notes, validation_split
from tests.graphs import snapshot_of

PEOPLE, PRODUCTS = 40, 9


def _snapshot(folder: Path, timed: int) -> Snapshot:
    """Everybody bought nine products; of the first ``timed`` people with times, the latest that of product 3 or 7."""
    rows = []
    for person in range(PEOPLE):
        for product in range(PRODUCTS):
            time = 1_000 + (500 if product in (3, 7) else product)
            rows.append((f"u{person:02}", f"p{product}", 1.0, time if person < timed else None))
    entities = {"User": [f"u{n:02}" for n in range(PEOPLE)], "Product": [f"p{n}" for n in range(PRODUCTS)]}
    return snapshot_of(folder, entities, {"purchased": rows, "enrolled": []})


def test_the_latest_is_held_out_and_drawn_among_those_of_one_time(tmp_path: Path) -> None:
    snapshot = _snapshot(tmp_path, timed=PEOPLE)
    held = {user: found.tolist() for (_, user), found in validation_split(snapshot, 0).test.items()}
    assert len(held) == PEOPLE and {tuple(found) for found in held.values()} == {(3,), (7,)}
    assert held == {user: found.tolist() for (_, user), found in validation_split(snapshot, 0).test.items()}
    anywhere = np.concatenate(list(validation_split(snapshot, 0, "random").test.values()))
    assert len(set(anywhere.tolist())) == PRODUCTS
    assert validation_notes(snapshot) == []


def test_without_times_it_is_any_and_that_is_said(tmp_path: Path) -> None:
    """The order of rows is no time."""
    snapshot = _snapshot(tmp_path / "none", timed=0)
    last, anyone = (validation_split(snapshot, 0, kind).test for kind in ("last", "random"))
    assert {user: found.tolist() for user, found in last.items()} == {u: found.tolist() for u, found in anyone.items()}
    assert "purchased has no timestamps" in validation_notes(snapshot)[0]
    some = _snapshot(tmp_path / "some", timed=10)
    held = [(user, found.tolist()) for (_, user), found in validation_split(some, 0).test.items()]
    assert all(found in ([3], [7]) for user, found in held if user < 10)
    assert len({tuple(found) for user, found in held if user >= 10}) > 4
    assert "75% of purchased have no timestamp" in validation_notes(some)[0]


@pytest.mark.parametrize("split", SPLITS)
def test_weights_are_learned_by_the_kind_of_split_that_is_tested(split: str) -> None:
    own = {"last": "last", "temporal": "temporal", "cold-items": "new-items"}
    assert validation_kind(split) == own.get(split, "random")


def test_for_new_items_all_that_anybody_did_with_some_is_held_out_and_one_more_of_each(tmp_path: Path) -> None:
    split = validation_split(_snapshot(tmp_path, timed=0), 2, "new-items")
    left = np.bincount(split.train.adjacency("purchased").indices, minlength=PRODUCTS)
    gone = set(np.flatnonzero(left == 0).tolist())
    assert 0 < len(gone) < PRODUCTS / 2
    held = [set(found.tolist()) for found in split.test.values()]
    assert len(held) == PEOPLE and all(gone <= one and len(one - gone) <= 1 for one in held)
    assert any(one - gone for one in held)


def test_a_temporal_cut_holds_the_latest_tenth_out_and_leaves_everybody_something(tmp_path: Path) -> None:
    """Person n bought three products on day n, of the last also what she bought on no other day."""
    rows = [(f"u{n:02}", f"p{k}", 1.0, 1_000 * (n + 1) + k) for n in range(PEOPLE) for k in range(3)]
    rows += [("u00", "p8", 1.0, 90_000), ("u39", "p7", 1.0, 7)]
    entities = {"User": [f"u{n}" if n > 9 else f"u0{n}" for n in range(PEOPLE)], "Product": [f"p{n}" for n in range(9)]}
    snapshot = snapshot_of(tmp_path, entities, {"purchased": rows})
    held = {user: found.tolist() for (_, user), found in validation_split(snapshot, 0, "temporal").test.items()}
    assert held == {0: [8], 39: [0, 1, 2]}
