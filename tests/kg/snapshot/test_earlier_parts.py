"""A snapshot that takes over what was not written is the one that is taken anew; what people did is always read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot, part_of
from kg.snapshot.writing.earlier_parts import EarlierParts
from kg.stores.embedded.store import EmbeddedStore
from kg.stores.opening import open_store
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes
from tests.graphs import SCHEMA, snapshot_of

ENTITIES: dict[str, list[Any]] = {
    "User": ["u1", "u2"],
    "Product": [("p1", "Rose", 2.5, "玫瑰"), "p2", "p3"],
    "Ingredient": ["Aqua", "Öl"],
}
TRIPLES: dict[str, list[tuple[Any, ...]]] = {
    "purchased": [("u1", "p1"), ("u2", "p2")],
    "contains": [("p1", "Aqua", 0.5), ("p2", "Öl")],
}
RELATIONS = {"purchased": ("u1", "p3"), "contains": ("p3", "Öl")}


def _both(
    folder: Path, written: dict[str, pl.DataFrame], wrong: tuple[str, ...] = (), untold: tuple[str, ...] = ()
) -> tuple[Snapshot, ...]:
    """The snapshot before, that after with what was not written taken over, and that taken anew.

    :param wrong: parts that are said to be unwritten though they are not.
    :param untold: relations of which nobody says what was written.
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
        created = {name: frame for name, frame in written.items() if name in schema.relation and name not in untold}
        earlier = EarlierParts(before, frozenset({*parts} - names | {*wrong}), created)
        after = take_snapshot(store, schema, folder / "after", earlier=earlier)
        return before, after, take_snapshot(store, schema, folder / "anew")
    finally:
        store.close()


def _triple(relation: str) -> pl.DataFrame:
    return pl.DataFrame([(*RELATIONS[relation], 1.0, None)], schema=TRIPLE_DTYPES, orient="row")


def _product() -> pl.DataFrame:
    return pl.DataFrame([("p0", None, 1.0, None)], schema=entity_dtypes(parse_schema(SCHEMA), "Product"), orient="row")


@pytest.mark.parametrize("untold", [(), ("contains",)], ids=["told", "untold"])
@pytest.mark.parametrize("written", ["purchased", "contains", "Product", "Product contains", ""])
def test_it_is_the_snapshot_taken_anew(tmp_path: Path, written: str, untold: tuple[str, ...]) -> None:
    frames = {one: _product() if one == "Product" else _triple(one) for one in written.split()}
    before, after, anew = _both(tmp_path, frames, untold=untold)
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


def test_a_relation_that_grew_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, reading = list[str](), EmbeddedStore.read_positions

    def counted(store: EmbeddedStore, relation: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """As the store does."""
        read.append(relation)
        return reading(store, relation, heads, tails)

    monkeypatch.setattr(EmbeddedStore, "read_positions", counted)
    _, after, anew = _both(tmp_path, {"Product": _product(), "contains": _triple("contains")})
    assert after.hash == anew.hash
    assert (read.count("contains"), read.count("purchased")) == (2, 3), "before and anew; who did what is always read"


def test_of_a_relation_that_grew_by_more_than_is_said_all_is_read(tmp_path: Path) -> None:
    both = pl.concat([_triple("contains"), pl.DataFrame([("p1", "Öl", 2.0, 7)], schema=TRIPLE_DTYPES, orient="row")])
    before, schema = snapshot_of(tmp_path, ENTITIES, TRIPLES), parse_schema(SCHEMA)
    store = open_store("graph.lbug", schema, folder=tmp_path)
    try:
        store.create_triples("contains", both)
        earlier = EarlierParts(before, frozenset(), {"contains": both.head(1)})
        after = take_snapshot(store, schema, tmp_path / "after", earlier=earlier)
        assert after.hash == take_snapshot(store, schema, tmp_path / "anew").hash
        assert after.adjacency("contains").nnz == 4
    finally:
        store.close()
