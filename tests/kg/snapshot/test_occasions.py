"""A snapshot, and whatever is derived of it, tells of each triple when it was first so, and on how many days."""

import copy
from pathlib import Path
from typing import Any

import numpy as np

from kg.schema import parse_schema
from kg.snapshot.added_triples import AddedTriples
from kg.snapshot.building import take_snapshot
from kg.snapshot.merged_entities import MergedEntities
from kg.snapshot.snapshot import NO_TIME, Snapshot, part_of
from kg.snapshot.subgraph import Subgraph
from kg.snapshot.triple_subset import TripleSubset
from kg.snapshot.writing.earlier_parts import EarlierParts
from kg.stores.opening import open_store
from tests.graphs import SCHEMA, snapshot_of

ENTITIES: dict[str, list[Any]] = {"User": ["u1", "u2"], "Product": ["p1", "p2", "p3"], "Ingredient": ["Aqua"]}
TRIPLES = {
    "purchased": [("u2", "p1", 4.0, 90, 30, 4), ("u1", "p3", 1.0, None), ("u1", "p2", 2.0, 70, 20, 2)],
    "contains": [("p1", "Aqua")],
}


def schema(*, repeat: bool, sensitive: bool = True) -> dict[str, Any]:
    found = copy.deepcopy(SCHEMA)
    found["relation"]["purchased"]["repeat"] = repeat
    found["entity"]["User"]["sensitive"] = sensitive
    return found


def told(snapshot: Snapshot) -> dict[tuple[str, str], tuple[int, int]]:
    matrix, arrays = snapshot.adjacency("purchased").tocoo(), snapshot.occasions("purchased")
    ids = snapshot.vocabulary.id
    pairs = [(ids("User", row), ids("Product", col)) for row, col in zip(matrix.row, matrix.col, strict=True)]
    return dict(zip(pairs, zip(arrays["first"].tolist(), arrays["occasions"].tolist(), strict=True), strict=True))


ALL = {("u1", "p2"): (20, 2), ("u1", "p3"): (NO_TIME, 0), ("u2", "p1"): (30, 4)}


def test_whatever_is_derived_tells_the_same_of_the_triples_that_it_has(tmp_path: Path) -> None:
    whole = snapshot_of(tmp_path, ENTITIES, TRIPLES, schema(repeat=True))
    whole.check()
    assert told(whole) == ALL
    assert told(TripleSubset(whole, {"purchased": np.array([True, False, False])})) == dict(list(ALL.items())[1:])
    keep = {name: np.ones(whole.vocabulary.count(name), dtype=bool) for name in whole.schema.entity}
    keep["User"][0] = False
    assert told(Subgraph(whole, keep)) == {("u2", "p1"): (30, 4)}
    more = AddedTriples(whole, "purchased", np.array([1, 0]), np.array([1, 0]))
    assert told(more) == ALL | {("u2", "p2"): (NO_TIME, 0), ("u1", "p1"): (NO_TIME, 0)}
    merged = MergedEntities(whole, {"Product": np.array([0, 1, 1])})
    assert told(merged) == {("u1", "p2"): (20, 2), ("u2", "p1"): (30, 4)}


def test_nothing_changes_where_nothing_is_repeated_or_no_time_is_known(tmp_path: Path) -> None:
    plain = {name: [pair[:4] for pair in pairs] for name, pairs in TRIPLES.items()}
    known, unknown, once = (
        snapshot_of(tmp_path / str(number), ENTITIES, triples, schema(repeat=repeat))
        for number, (triples, repeat) in enumerate(((TRIPLES, True), (plain, True), (plain, False)))
    )
    assert unknown.hash == once.hash != known.hash and not unknown.occasions("purchased")
    files = [{path.name for path in one.folder.iterdir()} for one in (unknown, once)]
    assert files[0] == files[1]


def test_what_no_load_wrote_is_taken_over_whole_or_read_where_the_schema_is_another(tmp_path: Path) -> None:
    folder, names = tmp_path, ("User", "Product", "Ingredient", "Course", "Concern")
    snapshot_of(folder, ENTITIES, TRIPLES, schema(repeat=True, sensitive=False))
    unwritten = frozenset([*(part_of("entity", name) for name in names), part_of("relation", "purchased")])
    for repeat in (True, False):
        checked = parse_schema(schema(repeat=repeat, sensitive=False))
        before = Snapshot.open(next(path for path in (folder / "snapshot").iterdir() if path.is_dir()), checked)
        store = open_store("graph.lbug", checked, folder=folder)
        try:
            after = take_snapshot(store, checked, folder / "after", earlier=EarlierParts(before, unwritten))
            assert after.hash == take_snapshot(store, checked, folder / "anew").hash
        finally:
            store.close()
        assert bool(after.occasions("purchased")) == repeat
        shared = (after.folder / "purchased.forward.weight.npy").samefile(
            before.folder / "purchased.forward.weight.npy"
        )
        assert shared == repeat
