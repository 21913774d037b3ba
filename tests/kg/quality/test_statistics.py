"""Counts and health: every fault of a small graph is found and counted, and no person is named."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import SnapshotError
from kg.quality.curation import Finding
from kg.quality.statistics import GraphStatistics, statistics
from tests.graphs import SCHEMA, Entities, Triples, snapshot_of

FAULTY: dict[str, Any] = {
    **SCHEMA,
    "entity": {**SCHEMA["entity"], "Category": {}},
    "relation": {
        **SCHEMA["relation"],
        "in_category": {"head": "Product", "tail": "Category"},
        "parent": {"head": "Category", "tail": "Category"},
        "knows": {"head": "User", "tail": "User"},
    },
}
ENTITIES: Entities = {
    "User": [("u1", "Ann Lee"), ("u2", "ann  LEE"), ("u3", "Cy"), ("u4", "Dee")],
    "Product": [
        *((f"p{number}", f"Cream {number}") for number in range(1, 9)),
        ("lone", "No attribute, nobody"),
        ("own", "Attribute of its own, nobody"),
        ("liked", "Bought, no attribute"),
    ],
    "Ingredient": [("AQUA", "Aqua"), ("WATER", "aqua"), "aqua ", ("ROSE", "Rose"), ("UNIQUE", "Unique")],
    "Category": ["a", "b", "c", "d"],
}
TRIPLES: Triples = {
    "purchased": [("u1", "p1"), ("u1", "liked"), ("u2", "p2", -2.0)],
    "contains": [*((f"p{number}", "AQUA") for number in range(1, 9)), ("p1", "ROSE"), ("own", "UNIQUE")],
    "parent": [("a", "b"), ("b", "a"), ("b", "c"), ("d", "d")],
    "knows": [("u1", "u2"), ("u2", "u1"), ("u3", "u3")],
    "has_concern": [],
}


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> GraphStatistics:
    return statistics(snapshot_of(tmp_path_factory.mktemp("faulty"), ENTITIES, TRIPLES, FAULTY, k=1))


def _finding(found: GraphStatistics, kind: str, place: str) -> Finding:
    (one,) = [finding for finding in found.mend_first if (finding.kind, finding.place) == (kind, place)]
    return one


def test_entities_are_counted_with_their_faults(faulty: GraphStatistics) -> None:
    assert {name: (one.count, one.isolated, one.unlabelled) for name, one in faulty.entities.items()} == {
        "User": (4, 1, 0),
        "Product": (11, 1, 0),
        "Course": (0, 0, 0),
        "Ingredient": (5, 2, 1),
        "Concern": (0, 0, 0),
        "Category": (4, 0, 4),
    }
    assert (faulty.entities["User"].no_attribute_path, faulty.entities["Course"].no_attribute_path) == (None, 0)


def test_degrees_leave_out_entities_without_triples(faulty: GraphStatistics) -> None:
    contains = faulty.triples["contains"]
    assert (contains.count, contains.head, contains.tail) == (10, "Product", "Ingredient")
    assert contains.head_degrees.model_dump() == {"linked": 9, "without": 2, "p50": 1, "p90": 1, "p99": 1, "max": 2}
    assert contains.tail_degrees.model_dump() == {"linked": 3, "without": 2, "p50": 1, "p90": 1, "p99": 1, "max": 8}
    assert faulty.triples["has_concern"].head_degrees.model_dump() == {
        "linked": 0,
        "without": 4,
        "p50": 0,
        "p90": 0,
        "p99": 0,
        "max": 0,
    }


def test_labels_are_compared_without_case_and_white_space(faulty: GraphStatistics) -> None:
    same = faulty.entities["Ingredient"].same_label
    assert (same.groups, same.entities) == (1, 3)
    assert [(one.label, one.count, one.ids) for one in same.worst] == [("Aqua", 3, ["AQUA", "WATER", "aqua "])]
    assert "3 of 5 Ingredient" in _finding(faulty, "same_label", "Ingredient").text


def test_items_that_nothing_leads_to_are_told_from_those_that_people_lead_to(faulty: GraphStatistics) -> None:
    products = faulty.entities["Product"]
    assert (products.no_attribute_path, products.unreached) == (3, 2)
    assert "e.g. lone, own" in _finding(faulty, "unreached", "Product").text
    assert "e.g. liked" in _finding(faulty, "no_attribute_path", "Product").text


def test_an_item_is_led_to_by_what_people_said_about_themselves(tmp_path: Path) -> None:
    triples: Any = {"has_concern": [("u1", "acne")], "helps": [("p1", "acne"), ("p2", "age")]}
    schema = {**SCHEMA, "relation": {**SCHEMA["relation"], "helps": {"head": "Product", "tail": "Concern"}}}
    entities: Any = {"User": ["u1"], "Product": ["p1", "p2"], "Concern": ["acne", "age"]}
    found = statistics(snapshot_of(tmp_path, entities, triples, schema, k=1))
    assert found.entities["Product"].no_attribute_path == 1
    assert "e.g. p2" in _finding(found, "unreached", "Product").text


def test_cycles_are_counted_where_both_ends_are_of_one_type(faulty: GraphStatistics) -> None:
    assert faulty.triples["contains"].cycles is None
    parent = faulty.triples["parent"].cycles
    assert parent is not None
    assert parent.model_dump() == {
        "groups": 1,
        "entities": 3,
        "largest": 2,
        "loops": 1,
        "examples": [["a", "b"], ["d"]],
    }
    assert "a – b; d" in _finding(faulty, "cycle", "parent").text


def test_people_are_counted_and_never_named(faulty: GraphStatistics) -> None:
    users, knows = faulty.entities["User"].same_label, faulty.triples["knows"].cycles
    assert (users.groups, users.entities, users.worst) == (1, 2, [])
    assert knows is not None and (knows.groups, knows.loops, knows.examples) == (1, 1, [])
    everything = faulty.model_dump_json().casefold()
    assert not any(word in everything for word in ("u1", "u2", "u3", "u4", "ann lee", "dee"))
    assert _finding(faulty, "isolated", "User").count == 1
    assert not [finding for finding in faulty.mend_first if finding.place == "knows"]


def test_few_people_are_not_counted_and_more_in_steps(tmp_path: Path) -> None:
    few = statistics(snapshot_of(tmp_path / "few", ENTITIES, TRIPLES, FAULTY))
    assert (few.entities["User"].count, few.entities["User"].isolated) == ("<5", "<5")
    assert few.entities["User"].same_label.entities == "<5" and few.triples["purchased"].count == "<5"
    assert set(few.triples["purchased"].tail_degrees.model_dump(exclude={"linked", "without"}).values()) == {"<5"}
    assert not [one for one in few.mend_first if one.place == "User"]
    triples: Any = {"purchased": [*((f"u{n}", "p1") for n in range(13)), *(("u0", f"p{n}") for n in range(2, 9))]}
    entities: Any = {"User": [f"u{n}" for n in range(16)], "Product": [f"p{n}" for n in range(1, 9)]}
    found = statistics(snapshot_of(tmp_path / "more", entities, triples))
    assert (found.entities["User"].count, found.entities["User"].isolated) == (15, "<5")
    by_user, by_product = (found.triples["purchased"].head_degrees, found.triples["purchased"].tail_degrees)
    assert (by_user.linked, by_user.without, by_user.max) == (10, "<5", 1)  # one has 8, which is hers alone
    assert (by_product.p50, by_product.max, by_product.linked) == ("<5", 10, 8)


def test_how_many_items_so_few_people_have_used_is_told_of_them(tmp_path: Path) -> None:
    def bought(people: int) -> Triples:
        return {name: [] for name in SCHEMA["relation"]} | {"purchased": [(f"u{n}", f"p{n}") for n in range(people)]}

    catalogue: Entities = {"User": [f"u{n}" for n in range(9)], "Product": [f"p{n}" for n in range(9)]}
    catalogue |= {"Course": [], "Ingredient": [], "Concern": []}
    few = statistics(snapshot_of(tmp_path / "few", catalogue, bought(4), k=5)).triples["purchased"].tail_degrees
    enough = statistics(snapshot_of(tmp_path / "enough", catalogue, bought(5), k=5)).triples["purchased"].tail_degrees
    assert (few.linked, few.without) == ("<5", "<5")
    assert (enough.linked, enough.without) == (5, 4)


@pytest.mark.parametrize(("people", "isolated", "lost"), [(4, 2, ["p1", "p2"]), (5, 1, ["p2"])])
def test_what_few_people_said_of_themselves_is_told_by_no_count_of_things(
    tmp_path: Path, people: int, isolated: int, lost: list[str]
) -> None:
    triples: Any = {"has_concern": [(f"u{n}", "acne") for n in range(people)], "helps": [("p1", "acne"), ("p2", "age")]}
    triples |= {"tried": [(f"u{n}", "peel") for n in range(people)], "knows": [("u1", "u2"), ("u2", "u1")]}
    helps, tried = {"head": "Product", "tail": "Concern"}, {"head": "User", "tail": "Care"}
    schema = {
        **FAULTY,
        "entity": {**FAULTY["entity"], "Care": {}},
        "relation": {**FAULTY["relation"], "helps": helps, "tried": tried},
    }
    entities: Any = {"User": [f"u{n}" for n in range(9)], "Product": ["p1", "p2"], "Concern": ["acne", "age"]}
    found = statistics(snapshot_of(tmp_path, entities | {"Care": ["peel", "mask"]}, triples, schema, k=5))
    assert found.entities["Care"].isolated == isolated
    assert found.entities["Product"].unreached == len(lost)
    assert f"e.g. {', '.join(lost)}" in _finding(found, "unreached", "Product").text
    assert found.triples["knows"].cycles is None  # two people


def test_the_most_harmful_fault_comes_first(faulty: GraphStatistics) -> None:
    harms = [finding.harm for finding in faulty.mend_first]
    assert harms == sorted(harms, reverse=True) and len(set(harms)) > 3
    kinds = [finding.kind for finding in faulty.mend_first]
    assert kinds.index("unreached") < kinds.index("no_attribute_path") < kinds.index("unlabelled")
    assert all(finding.next for finding in faulty.mend_first)


def test_what_most_have_and_some_lack_is_a_gap(tmp_path: Path) -> None:
    products: Any = {"Product": [f"p{number}" for number in range(10)], "Ingredient": ["AQUA"]}
    for lacking, expected in ((2, ["2 of 10 Product have no contains, which most have, e.g. p0, p1"]), (3, [])):
        triples: Any = {"contains": [(f"p{number}", "AQUA") for number in range(lacking, 10)]}
        found = statistics(snapshot_of(tmp_path / str(lacking), products, triples))
        assert [finding.text for finding in found.mend_first if finding.kind == "gap"] == expected


def test_an_empty_graph_has_statistics(tmp_path: Path) -> None:
    found = statistics(snapshot_of(tmp_path, {}, {}, FAULTY, k=1))
    assert {finding.kind for finding in found.mend_first} == {"empty"}
    assert sum(one.count for one in found.triples.values()) == 0


def test_a_dangling_triple_is_damage_and_refused(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, ENTITIES, TRIPLES, FAULTY)
    path = snapshot.folder / "contains.forward.indices.npy"
    indices = np.load(path)
    indices[0] = 5
    np.save(path, indices)
    with pytest.raises(SnapshotError, match=r"contains\.forward\.indices is missing or damaged"):
        statistics(snapshot)
