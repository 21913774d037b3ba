"""A snapshot that takes over what was not written is the one that is taken anew; what people did is always read."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot, part_of
from kg.snapshot.writing.earlier_parts import EarlierParts
from kg.stores.opening import open_store
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes
from tests.graphs import SCHEMA, snapshot_of

ENTITIES = {"User": ["u1", "u2"], "Product": [("p1", "Rose", 2.5, "玫瑰"), "p2", "p3"], "Ingredient": ["Aqua", "Öl"]}
TRIPLES = {"purchased": [("u1", "p1"), ("u2", "p2")], "contains": [("p1", "Aqua", 0.5), ("p2", "Öl")]}
RELATIONS = {"purchased": ("u1", "p3"), "contains": ("p3", "Öl")}


def _both(folder: Path, written: dict[str, pl.DataFrame], wrong: tuple[str, ...] = ()) -> tuple[Snapshot, ...]:
    """The snapshot before, that after with what was not written taken over, and that taken anew.

    :param wrong: parts that are said to be unwritten though they are not.
    """
    before, schema = snapshot_of(folder, ENTITIES, TRIPLES), parse_schema(SCHEMA)
    store = open_store("graph.lbug", schema, folder=folder)
    try:
        for name, frame in written.items():
            (store.create_triples if name in schema.relation else store.create_entities)(name, frame)
        parts = [part_of("entity", one) for one in schema.entity] + [
            part_of("relation", one) for one in schema.relation
        ]
        names = {part_of("relation" if one in schema.relation else "entity", one) for one in written}
        earlier = EarlierParts(before, frozenset({*parts} - names | {*wrong}))
        after = take_snapshot(store, schema, folder / "after", earlier=earlier)
        return before, after, take_snapshot(store, schema, folder / "anew")
    finally:
        store.close()


def _triple(relation: str) -> pl.DataFrame:
    return pl.DataFrame([(*RELATIONS[relation], 1.0, None)], schema=TRIPLE_DTYPES, orient="row")


def _product() -> pl.DataFrame:
    return pl.DataFrame([("p0", None, 1.0, None)], schema=entity_dtypes(parse_schema(SCHEMA), "Product"), orient="row")


@pytest.mark.parametrize("written", ["purchased", "contains", "Product", ""])
def test_it_is_the_snapshot_taken_anew(tmp_path: Path, written: str) -> None:
    frames = {written: _product() if written == "Product" else _triple(written)} if written else {}
    before, after, anew = _both(tmp_path, frames)
    assert (after.hash, after.manifest.contents) == (anew.hash, anew.manifest.contents)
    names = sorted(path.name for path in anew.folder.iterdir() if path.suffix == ".npy")
    assert names == sorted(path.name for path in after.folder.iterdir() if path.suffix == ".npy")
    for name in names:
        np.testing.assert_array_equal(np.load(after.folder / name), np.load(anew.folder / name), err_msg=name)
    after.check()
    shared = {name for name in names if (after.folder / name).samefile(before.folder / name)}
    assert "Ingredient.id.blob.npy" in shared
    assert ("contains.forward.weight.npy" in shared) == (written in ("purchased", ""))
    assert not any(name.startswith(("purchased", "User")) for name in shared), "who did what is read"


def test_what_has_another_number_of_triples_is_read_whatever_a_load_says(tmp_path: Path) -> None:
    _, after, anew = _both(tmp_path, {"contains": _triple("contains")}, (part_of("relation", "contains"),))
    assert after.hash == anew.hash and after.adjacency("contains").nnz == 3
