"""A snapshot, and whatever is derived of it, tells of each triple when it was first so, on how many days, and when last
before the latest day."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import SnapshotError
from kg.instant import DAY, NO_TIME
from kg.schema import parse_schema
from kg.snapshot.added_triples import AddedTriples
from kg.snapshot.building import take_snapshot
from kg.snapshot.merged_entities import MergedEntities
from kg.snapshot.snapshot import Snapshot, part_of
from kg.snapshot.subgraph import Subgraph
from kg.snapshot.triple_subset import TripleSubset
from kg.snapshot.writing import external_sort
from kg.snapshot.writing.earlier_parts import EarlierParts
from kg.stores.opening import open_store
from kg.stores.store import REPEATED_DTYPES
from tests.graphs import SCHEMA, snapshot_of

ENTITIES: dict[str, list[Any]] = {"User": ["u1", "u2"], "Product": ["p1", "p2", "p3"], "Ingredient": ["Aqua"]}
TRIPLES = {
    "purchased": [
        ("u2", "p1", 4.0, 90 * DAY, 30 * DAY, 4, 80 * DAY),
        ("u1", "p3", 1.0, None),
        ("u1", "p2", 2.0, 70 * DAY, 20 * DAY, 2),
    ],
    "contains": [("p1", "Aqua")],
}


def schema(*, repeat: bool, sensitive: bool = True) -> dict[str, Any]:
    found = copy.deepcopy(SCHEMA)
    found["relation"]["purchased"]["repeat"] = repeat
    found["entity"]["User"]["sensitive"] = sensitive
    return found


def told(snapshot: Snapshot) -> dict[tuple[str, str], tuple[int, ...]]:
    matrix, arrays = snapshot.adjacency("purchased").tocoo(), snapshot.occasions("purchased")
    ids = snapshot.vocabulary.id
    pairs = [(ids("User", row), ids("Product", col)) for row, col in zip(matrix.row, matrix.col, strict=True)]
    numbers = zip(*(arrays[part].tolist() for part in ("first", "occasions", "previous")), strict=True)
    return dict(zip(pairs, numbers, strict=True))


ALL = {
    ("u1", "p2"): (20 * DAY, 2, 20 * DAY),  # an earlier version wrote it: of two days it is the first
    ("u1", "p3"): (NO_TIME, 0, NO_TIME),
    ("u2", "p1"): (30 * DAY, 4, 80 * DAY),
}


def test_whatever_is_derived_tells_the_same_of_the_triples_that_it_has(tmp_path: Path) -> None:
    whole = snapshot_of(tmp_path, ENTITIES, TRIPLES, schema(repeat=True))
    whole.check()
    assert told(whole) == ALL
    assert told(TripleSubset(whole, {"purchased": np.array([True, False, False])})) == dict(list(ALL.items())[1:])
    keep = {name: np.ones(whole.vocabulary.count(name), dtype=bool) for name in whole.schema.entity}
    keep["User"][0] = False
    assert told(Subgraph(whole, keep)) == {("u2", "p1"): ALL["u2", "p1"]}
    more = AddedTriples(whole, "purchased", np.array([1, 0]), np.array([1, 0]))
    assert told(more) == ALL | dict.fromkeys([("u2", "p2"), ("u1", "p1")], (NO_TIME, 0, NO_TIME))
    merged = MergedEntities(whole, {"Product": np.array([0, 1, 1])})
    assert told(merged) == {pair: ALL[pair] for pair in (("u1", "p2"), ("u2", "p1"))}


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


def of_an_earlier_version(folder: Path, monkeypatch: pytest.MonkeyPatch, **options: Any) -> Snapshot:
    """The snapshot that a version took which told only the first time and the days, and said nothing of that."""
    with monkeypatch.context() as before:
        before.delitem(REPEATED_DTYPES, "previous")
        before.setattr(external_sort, "known_previous", list)
        triples = {name: [pair[:6] for pair in pairs] for name, pairs in TRIPLES.items()}
        taken = snapshot_of(folder, ENTITIES, triples, schema(repeat=True, **options))
    manifest = json.loads((taken.folder / "manifest.json").read_text())
    assert manifest.pop("repeated_parts") == ["first", "occasions"]
    (taken.folder / "manifest.json").write_text(json.dumps(manifest))
    (taken.folder / CHECKSUMS).unlink()
    Checksums.write(taken.folder / CHECKSUMS, taken.folder.iterdir())
    return Snapshot.open(taken.folder, taken.schema)


def test_a_snapshot_of_an_earlier_version_tells_what_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = of_an_earlier_version(tmp_path, monkeypatch)
    assert not (earlier.folder / "purchased.forward.previous.npy").exists()
    earlier.check()
    known = ALL | {("u2", "p1"): (30 * DAY, 4, NO_TIME)}
    assert told(earlier) == known
    keep = {name: np.ones(earlier.vocabulary.count(name), dtype=bool) for name in earlier.schema.entity}
    assert told(Subgraph(earlier, keep)) == told(MergedEntities(earlier, {})) == known
    shorter = TripleSubset(earlier, {}, {"purchased": np.array([True, False, False])})
    assert told(shorter) == known | {("u1", "p2"): (20 * DAY, 1, NO_TIME)}
    with pytest.raises(ValueError, match="can lose its last day"):
        TripleSubset(earlier, {}, {"purchased": np.array([False, False, True])})
    missing = snapshot_of(tmp_path / "now", ENTITIES, TRIPLES, schema(repeat=True))
    (missing.folder / "purchased.forward.previous.npy").unlink()
    with pytest.raises(SnapshotError, match="missing or damaged"):
        Snapshot.open(missing.folder, missing.schema).check()


def test_parts_of_a_snapshot_of_an_earlier_version_are_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = of_an_earlier_version(tmp_path, monkeypatch, sensitive=False)
    names = [part_of("entity", name) for name in ENTITIES] + [part_of("relation", name) for name in TRIPLES]
    store = open_store("graph.lbug", earlier.schema, folder=tmp_path)
    try:
        after = take_snapshot(
            store, earlier.schema, tmp_path / "after", earlier=EarlierParts(earlier, frozenset(names))
        )
        assert after.hash == take_snapshot(store, earlier.schema, tmp_path / "anew").hash != earlier.hash
    finally:
        store.close()
    assert after.manifest.repeated_parts == tuple(REPEATED_DTYPES) and told(after) == told(earlier)
    same = [(one.folder / "contains.forward.weight.npy").stat().st_ino for one in (after, earlier)]
    assert same[0] == same[1]
