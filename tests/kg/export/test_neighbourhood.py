"""An entity and its neighbours: counts are whole, lists are limited, people are counted."""

from pathlib import Path
from typing import Any

import pytest

from kg.errors import UnknownEntityError, UsageError
from kg.export.neighbourhood import Neighbourhood, Neighbours, find_entity, neighbourhood
from kg.snapshot.snapshot import Snapshot
from tests.graphs import SCHEMA, snapshot_of

WITH_PARENT: dict[str, Any] = {
    **SCHEMA,
    "relation": {
        **SCHEMA["relation"],
        "like": {"head": "Product", "tail": "Product"},
        "knows": {"head": "User", "tail": "User"},
    },
}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    entities: Any = {
        "User": ["u1", "u2", "u3"],
        "Product": [("p1", "Rose cream", 9.5, "玫瑰霜"), "p2", "p3", "same", "x:y"],
        "Course": ["same"],
        "Ingredient": [f"I{number}" for number in range(10, 40)],
    }
    triples: Any = {
        "purchased": [("u1", "p1", 5), ("u2", "p1"), ("u3", "p1"), ("u1", "p2")],
        "contains": [*(("p1", f"I{number}", 1 + number % 3) for number in range(10, 40)), ("p2", "I10")],
        "like": [("p1", "p2"), ("p2", "p1"), ("p3", "p3")],
        "knows": [("u1", "u2")],
    }
    return snapshot_of(tmp_path_factory.mktemp("near"), entities, triples, WITH_PARENT)


def _shown(snapshot: Snapshot, text: str, **options: Any) -> Neighbourhood:
    return neighbourhood(snapshot, *find_entity(snapshot, text), **options)


def _groups(found: list[Neighbours] | None) -> dict[str, Neighbours]:
    assert found is not None
    return {group.relation: group for group in found}


def test_an_entity_comes_with_its_properties_in_the_language_asked_for(snapshot: Snapshot) -> None:
    shown = _shown(snapshot, "p1", lang="zh")
    assert shown.entity.model_dump() == {
        "id": "p1",
        "type": "Product",
        "label": "玫瑰霜",
        "properties": {"price": 9.5, "label_zh": "玫瑰霜"},
    }
    assert _shown(snapshot, "p2").entity.properties == {}


def test_all_are_counted_and_the_heaviest_are_listed(snapshot: Snapshot) -> None:
    groups = _groups(_shown(snapshot, "p1", limit=4).neighbours)
    assert list(groups) == ["~purchased", "contains", "like", "~like"]
    contains = groups["contains"]
    assert (contains.count, contains.type, contains.people) == (30, "Ingredient", False)
    assert [(one.id, one.weight) for one in contains.entities] == [("I11", 3), ("I14", 3), ("I17", 3), ("I20", 3)]
    assert all(one.neighbours is None for one in contains.entities)


def test_people_are_counted_wherever_they_turn_up(snapshot: Snapshot) -> None:
    for text in ("p1", "I10", "u1", "User:u1"):
        shown = _shown(snapshot, text, depth=3, limit=40)
        told = shown.model_dump_json(exclude={"entity"})
        assert '"u1"' not in told and '"u2"' not in told and '"u3"' not in told
    buyers = _groups(_shown(snapshot, "p1").neighbours)["~purchased"]
    assert (buyers.count, buyers.people, buyers.entities) == ("<5", True, [])
    assert _groups(_shown(snapshot, "p3").neighbours)["~purchased"].count == "<5"
    person = _groups(_shown(snapshot, "u1").neighbours)
    assert [one.id for one in person["purchased"].entities] == ["p1", "p2"]
    assert person["knows"].count == "<5" and person["knows"].entities == []


def test_the_triple_that_led_here_is_not_shown_again(snapshot: Snapshot) -> None:
    first = _groups(_shown(snapshot, "p1", depth=2, limit=40).neighbours)
    shared = next(one for one in first["contains"].entities if one.id == "I10")
    assert [one.id for one in _groups(shared.neighbours)["~contains"].entities] == ["p2"]
    liked = _groups(first["like"].entities[0].neighbours)
    assert [one.id for one in liked["like"].entities] == ["p1"] and "~like" not in liked
    bought = _groups(_groups(_shown(snapshot, "u1", depth=2).neighbours)["purchased"].entities[0].neighbours)
    assert bought["~purchased"].count == "<5"


def test_an_entity_linked_to_itself_ends(snapshot: Snapshot) -> None:
    groups = _groups(_shown(snapshot, "p3", depth=3).neighbours)
    assert {step: group.count for step, group in groups.items()} == {"~purchased": "<5", "like": 1, "~like": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p11", r"nearest: Product:p1, "),
        ("u11", r"nothing near it.*; for people say User:ID|nearest: (?!.*User:u).*; for people say User:ID"),
        ("User:u11", r"ids of people are not suggested; types: (?!.*u1)"),
        ("Product:u1", r"nearest: Product:"),
    ],
)
def test_an_unknown_id_names_the_nearest_but_never_people(snapshot: Snapshot, text: str, message: str) -> None:
    with pytest.raises(UnknownEntityError, match=message):
        find_entity(snapshot, text)


def test_an_id_of_two_types_and_one_with_a_colon(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="Product:same or Course:same"):
        find_entity(snapshot, "same")
    assert find_entity(snapshot, "Course:same") == ("Course", 0)
    assert snapshot.vocabulary.id(*find_entity(snapshot, "x:y")) == "x:y"


def test_damage_is_told(tmp_path: Path) -> None:
    damaged = snapshot_of(tmp_path, {"Product": [("p1", "Rose", 1.0)]}, {})
    (damaged.folder / "Product.property.price.npy").write_bytes(b"")
    with pytest.raises(Exception, match=r"Product.property.price is missing or damaged"):
        _shown(damaged, "p1")
