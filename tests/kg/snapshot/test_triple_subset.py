"""A subset in which triples lose their last day is the snapshot of whoever saw all but that day."""

import copy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset
from kg.staging.repetition import repeated
from kg.stores.occasions import occasions
from kg.stores.store import TRIPLE_DTYPES
from tests.graphs import SCHEMA, snapshot_of

ENTITIES: dict[str, list[Any]] = {"User": ["u1", "u2"], "Product": ["p1", "p2", "p3"], "Course": ["c1"]}
PAIRS = [(user, item) for user in ENTITIES["User"] for item in ENTITIES["Product"]]
Log = dict[tuple[str, str], set[int]]
LOGS: st.SearchStrategy[Log] = st.dictionaries(
    st.sampled_from(PAIRS), st.sets(st.integers(0, 9), min_size=1, max_size=6), min_size=1
)


def taken(folder: Path, log: Log) -> Snapshot:
    """The snapshot of a log: pair → days on each of which two pieces were bought, each day at another time."""
    schema = copy.deepcopy(SCHEMA)
    schema["relation"]["purchased"]["repeat"] = True
    events = [(*pair, 2.0, day * DAY + 977 * day) for pair, days in log.items() for day in days]
    rows = pl.DataFrame(events, TRIPLE_DTYPES, orient="row")
    counted = repeated(rows, None).join(occasions(rows, None), on=["head", "tail"])
    return snapshot_of(folder, ENTITIES, {"purchased": counted.rows(), "enrolled": [("u1", "c1", 1.0, DAY)]}, schema)


def arrays(found: Snapshot) -> dict[str, Any]:
    """All that is told of the relation, in both directions, and the latest time of all."""
    parts = {"timestamp": found.timestamps("purchased"), **found.occasions("purchased")}
    for step in ("purchased", "~purchased"):
        matrix = found.adjacency(step)
        parts |= {f"{step}.{part}": getattr(matrix, part) for part in ("indptr", "indices", "data")}
        parts[f"{step}.degree"] = found.degrees(step)
    return {"newest": found.newest, **{name: array.tolist() for name, array in parts.items()}}


@settings(max_examples=20, deadline=None)
@given(LOGS, st.data())
def test_it_is_the_snapshot_of_a_log_that_ends_before_that_day(log: Log, data: st.DataObject) -> None:
    pairs = sorted(log)
    chosen = {pair for pair in pairs if len(log[pair]) > 1 and data.draw(st.booleans())}
    gone = {pair for pair in pairs if pair not in chosen and data.draw(st.booleans())} - {pairs[0]}
    left = {pair: log[pair] - {max(log[pair])} if pair in chosen else log[pair] for pair in pairs if pair not in gone}
    shortened, held_out = ({"purchased": np.array([pair in some for pair in pairs])} for some in (chosen, gone))
    with TemporaryDirectory() as folder:
        whole = taken(Path(folder) / "whole", log)
        found, expected = TripleSubset(whole, held_out, shortened), arrays(taken(Path(folder) / "left", left))
        found.check()
        for place, pair in enumerate(left):
            if pair in chosen and len(left[pair]) > 2:  # of more than two days nobody knows which is the last but one
                expected["previous"][place] = NO_TIME
        assert arrays(found) == expected


def test_the_hash_tells_which_and_without_any_is_as_it_was(tmp_path: Path) -> None:
    whole = taken(tmp_path, {pair: {1, 2, 5} for pair in PAIRS})
    one, other = np.zeros((2, len(PAIRS)), dtype=bool)
    one[0] = other[1] = True
    masks = [({}, {}), ({"purchased": one}, {}), ({}, {"purchased": one}), ({}, {"purchased": other})]
    masks.append(({"purchased": one}, {"purchased": other}))
    hashes = [TripleSubset(whole, *both).hash for both in masks]
    assert len(set(hashes)) == len(masks)
    assert [TripleSubset(whole, held_out).hash for held_out, _ in masks[:2]] == hashes[:2]
    assert TripleSubset(whole, {"purchased": one}, None).hash == hashes[1]
    again = TripleSubset(TripleSubset(whole, *masks[2]), {}, {"purchased": one})  # two days are left, and then one
    assert again.occasions("purchased")["occasions"].tolist() == [1, 3, 3, 3, 3, 3]
    assert again.adjacency("purchased").data.tolist() == [2.0, 6.0, 6.0, 6.0, 6.0, 6.0]
    assert again.timestamps("purchased")[0] == whole.occasions("purchased")["first"][0]


@pytest.mark.parametrize(
    ("relation", "held_out", "shortened", "problem"),
    [
        ("purchased", [0, 0], [0, 1], "only a triple of which occasions are 2 or more"),  # one day
        ("purchased", [1, 0], [1, 0], "held out has no days to lose"),
        ("purchased", [0, 0], [1], r"expected a mask, bool of shape \(2,\); got bool of shape \(1,\)"),
        ("enrolled", [0], [1], "only a triple of which"),  # nothing of it is repeated
    ],
)
def test_what_cannot_be_shortened_is_refused(
    tmp_path: Path, relation: str, held_out: list[int], shortened: list[int], problem: str
) -> None:
    whole = taken(tmp_path, {PAIRS[0]: {1, 2}, PAIRS[1]: {4}})
    masks = [{relation: np.array(mask, dtype=bool)} for mask in (held_out, shortened)]
    with pytest.raises(ValueError, match=problem):
        TripleSubset(whole, *masks)


def test_a_mask_of_numbers_is_refused(tmp_path: Path) -> None:
    whole = taken(tmp_path, {PAIRS[0]: {1, 2}})
    with pytest.raises(ValueError, match=r"got int64 of shape \(1,\)"):
        TripleSubset(whole, {}, {"purchased": np.array([1])})
