"""Splits are told in words, and with no number or moment of fewer than k people."""

from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.splitting.config import TripleSplitConfig
from embeddings.splitting.triple_data import TripleData
from embeddings.splitting.triple_split import split_triples
from kg.errors import UsageError
from recommender.experiments.people_tested import PeopleTested
from recommender.splitting.interaction_splits import SPLITS, split_by, temporal_split
from recommender.splitting.told_split import TooFewToTestError, check_people, sizes_text, split_text, told_split
from tests.graphs import snapshot_of

DAY = 86_400_000


@pytest.mark.parametrize("people", [1, 4])
def test_fewer_than_k_people_are_not_measured(people: int) -> None:
    tested = {("User", number): None for number in range(people)}
    with pytest.raises(TooFewToTestError, match="fewer than 5 people to test on"):
        check_people(tested, 5)
    check_people(tested, 1)
    check_people({("User", number): None for number in range(5)}, 5)


def test_numbers_of_what_few_did_are_floored() -> None:
    told = told_split({"kind": "file", "pairs": 6, "taken_out": 1, "train": 4610}, 5)
    assert told == {"kind": "file", "pairs": 6, "taken_out": "<5", "train": 4610}
    assert sizes_text(told) == "4,610 to learn from, fewer than 5 of the pairs known, and taken out of these"


def test_every_split_is_told_in_words(tmp_path: Path) -> None:
    triples = {"purchased": [(f"u{n}", f"p{m}", 1, DAY * (20_003 + n)) for n in range(8) for m in range(3)]}
    entities = {"User": [f"u{n}" for n in range(8)], "Product": ["p0", "p1", "p2"]}
    snapshot = snapshot_of(tmp_path, entities, triples)
    for kind in SPLITS:
        text = split_text(split_by(snapshot, kind, 0.25, 0, "cosmetics").description)
        assert " " in text and "{" not in text and "'" not in text, kind
    latest = temporal_split(snapshot, 0.25).description
    assert latest["after"] == "2024-10-13"  # six of the eight are of that week; nobody's day is told
    assert split_text(latest) == "the latest 25% of all interactions, from about 2024-10-13 on"


def test_link_prediction_tells_no_relation_of_few_people(tmp_path: Path) -> None:
    entities = {"User": [f"u{n}" for n in range(12)], "Product": ["p0", "p1"], "Course": ["c0", "c1"]}
    entities["Ingredient"] = [f"i{n}" for n in range(4)]
    triples = {
        "purchased": [(f"u{n}", f"p{m}") for n in range(12) for m in (0, 1)],
        "enrolled": [(f"u{n}", f"c{m}") for n in range(2) for m in (0, 1)],
        "contains": [(f"p{m}", f"i{n}") for n in range(4) for m in (0, 1)],
    }
    snapshot = snapshot_of(tmp_path, entities, triples)
    data, people = TripleData.of_snapshot(snapshot, ()), PeopleTested.of(snapshot)
    rows, number = data.graph.rows, data.relations.index("enrolled")
    split = replace(split_triples(data, TripleSplitConfig(test=0.3, validation=0.1)), test=rows)
    few = people.few(split, data.relations)
    assert few == {"enrolled", "purchased"}  # one alone would follow from the whole
    told = people.told({"held_out": {"enrolled": 4, "contains": 8}}, few, data)
    assert told == {"held_out": {"enrolled": "<5", "contains": 8}}
    with pytest.raises(UsageError, match="fewer than 5 people"):
        people.few(replace(split, test=rows[rows[:, 1] == number]), data.relations)
