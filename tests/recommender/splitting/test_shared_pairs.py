"""Shops know what was viewed and what was bought: a person and an item are one pair, whatever was done in how many
ways."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.splitting.interaction_splits import Split, fold_split, last_split, random_split
from recommender.splitting.validation import Kind, validation_split
from tests.graphs import SCHEMA, snapshot_of

PEOPLE, PRODUCTS = 40, 10
VIEWED = {"head": "User", "tail": "Product", "interaction": True}


def _snapshot(folder: Path, bought: int) -> Snapshot:
    """Everybody viewed some products and bought all of them, in another order."""
    schema = {**SCHEMA, "relation": {**SCHEMA["relation"], "viewed": VIEWED}}
    people = [f"u{n:02}" for n in range(PEOPLE)]
    pairs = [(person, f"p{m}", (m * 7 + n) % 10) for n, person in enumerate(people) for m in range(bought)]
    triples = {
        "viewed": [(person, product, 1.0, 2_000 - time) for person, product, time in pairs],
        "purchased": [(person, product, 1.0, 3_000 + time) for person, product, time in pairs],
        "enrolled": [],
    }
    return snapshot_of(folder, {"User": people, "Product": [f"p{n}" for n in range(PRODUCTS)]}, triples, schema)


def _held(split: Split) -> list[int]:
    return [len(found) for found in split.test.values()]


@pytest.mark.parametrize("part", [0.2, 0.5])
def test_as_much_is_held_out_as_is_asked_for(tmp_path: Path, part: float) -> None:
    """Drawn once for what was viewed and once for what was bought, 36 % were held out for 20."""
    assert _held(random_split(_snapshot(tmp_path, PRODUCTS), part, seed=0)) == [round(part * PRODUCTS)] * PEOPLE


def test_folds_do_not_overlap(tmp_path: Path) -> None:
    snapshot = _snapshot(tmp_path, PRODUCTS)
    folds = [fold_split(snapshot, fold, 5, seed=0) for fold in range(5)]
    held = [(user, item) for fold in folds for user, items in fold.test.items() for item in items.tolist()]
    assert len(held) == len(set(held)) == PEOPLE * PRODUCTS


@pytest.mark.parametrize("kind", ["last", "temporal", "random"])
def test_something_is_left_to_learn_from(tmp_path: Path, kind: Kind) -> None:
    """Of two products the one was viewed last, and the other bought last."""
    snapshot = _snapshot(tmp_path, 2)
    splits = [validation_split(snapshot, seed, kind) for seed in range(3)]
    splits += [last_split(snapshot, 0), random_split(snapshot, 0.5, 0)] if kind != "temporal" else []
    for split in splits:
        assert split.test and max(_held(split)) == 1
        for name in ("viewed", "purchased"):
            left = np.diff(split.train.adjacency(name).indptr)
            assert left.min() >= 1, "a person of whom nothing is left is a new one"
