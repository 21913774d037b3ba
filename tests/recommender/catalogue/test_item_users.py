"""How many people used two things is counted from who used each of them."""

from pathlib import Path

import numpy as np

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions
from recommender.catalogue.item_users import PLACES, ItemUsers
from tests.graphs import SCHEMA, snapshot_of

STAFF = {"head": "Staff", "tail": "Product", "interaction": True, "phrase": {"en": "tried", "zh": "试用"}}
SHELF = {"head": "Staff", "tail": "Course", "interaction": True, "phrase": {"en": "taught", "zh": "教"}}


def _shop(folder: Path, both: bool) -> Snapshot:
    """Products and courses that users of one type, or of two, used; the last of each nobody."""
    rng = np.random.default_rng(0)
    users, staff, products = (
        [f"u{n:02}" for n in range(40)],
        [f"s{n:02}" for n in range(20)],
        [f"p{n}" for n in range(9)],
    )
    courses = [f"c{n}" for n in range(5)]

    def some(who: list[str], what: list[str]) -> list[tuple[str, str]]:
        return [(one, item) for one in who for item in what[:-1] if rng.random() < 0.4]

    triples = {"purchased": some(users, products), "taught": some(staff, courses)}
    if both:
        triples |= {"tried": some(staff, products), "enrolled": some(users, courses)}
    entity = {**SCHEMA["entity"], "Staff": {"sensitive": True}}
    relation = {**SCHEMA["relation"], "tried": STAFF, "taught": SHELF}
    if not both:
        relation = {name: one for name, one in relation.items() if name not in ("tried", "enrolled")}
    entities = {"User": users, "Staff": staff, "Product": products, "Course": courses}
    return snapshot_of(folder, entities, triples, {**SCHEMA, "entity": entity, "relation": relation})


def test_people_who_used_both_are_those_of_the_matrix(tmp_path: Path) -> None:
    for both in (False, True):
        snapshot = _shop(tmp_path / str(both), both)
        interactions = Interactions(snapshot)
        used = {one: interactions.matrix[:, part].toarray() for one, part in interactions.catalogue.slices.items()}
        users = {one: ItemUsers(snapshot, one) for one in used}
        counted = 0
        for first, second in (("Product", "Product"), ("Product", "Course"), ("Course", "Course")):
            anchors = np.array([0, used[first].shape[1] - 1, 2, 3])
            for others in (anchors, anchors[1:2], anchors[:0]):
                expected = used[second].T @ used[first][:, others]
                items = np.arange(used[second].shape[1])
                found = users[first].pairs(others, *users[second].of_each(items), len(items))
                assert found.tolist() == expected.tolist()
                for item in items.tolist():
                    hers = users[second].of(item)
                    assert users[first].both(others, hers).tolist() == expected[item].tolist()
                    expected_any = used[second][:, item] * used[first][:, others].any(axis=1)
                    assert users[first].any(others, hers) == set(np.flatnonzero(expected_any).tolist())
                counted += expected.sum()
        assert counted > 150, "nobody used two things"


def test_people_whose_numbers_end_alike_are_told_apart(tmp_path: Path) -> None:
    people = [f"u{n:06}" for n in range(PLACES + 2)]
    bought = [(people[1], "a"), (people[PLACES + 1], "b"), (people[0], "a"), (people[0], "b")]
    snapshot = snapshot_of(tmp_path, {"User": people, "Product": ["a", "b"]}, {"purchased": bought})
    users, items = ItemUsers(snapshot, "Product"), np.arange(2)
    assert users.pairs(items, *users.of_each(items), 2).tolist() == [[2, 1], [1, 2]]


def test_what_one_relation_tells_lies_in_the_snapshot(tmp_path: Path) -> None:
    """Of a million people it would be half a gigabyte in each process."""
    snapshot = _shop(tmp_path, both=False)
    assert np.shares_memory(ItemUsers(snapshot, "Product").of(0), snapshot.adjacency("~purchased").indices)
