"""The snapshot: same content, same hash, whatever the order; another content, another hash; damage is found."""

import random
from pathlib import Path

import numpy as np
import pytest

from kg.errors import SnapshotError
from kg.schema import parse_schema
from kg.snapshot.snapshot import Snapshot, current_snapshot
from tests.graphs import SCHEMA, Entities, Triples, snapshot_of

ENTITIES: Entities = {
    "User": ["u2", "u1"],
    "Product": [("p1", "Rose", 2.5, "玫瑰"), ("p2", None, None, None), "p10"],
    "Ingredient": ["Aqua"],
}
TRIPLES: Triples = {"purchased": [("u1", "p1", 5), ("u2", "p10"), ("u1", "p2")], "contains": [("p1", "Aqua")]}


def test_any_order_gives_the_same_hash(tmp_path: Path) -> None:
    hashes = set()
    for seed in range(4):
        shuffle = random.Random(seed)
        entities = {name: shuffle.sample(rows, len(rows)) for name, rows in ENTITIES.items()}
        triples = {name: shuffle.sample(rows, len(rows)) for name, rows in TRIPLES.items()}
        hashes.add(snapshot_of(tmp_path / str(seed), entities, triples).hash)
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("entities", "triples"),
    [
        ({"User": ["u1", "u2", "u3"]}, {}),
        ({"Product": [("p1", "Rosa", 2.5, "玫瑰"), "p2", "p10"]}, {}),
        ({"Product": [("p1", "Rose", 2.25, "玫瑰"), "p2", "p10"]}, {}),
        ({"Product": [("p1", "Rose", 2.5, None), "p2", "p10"]}, {}),
        ({}, {"purchased": [("u1", "p1", 4), ("u2", "p10"), ("u1", "p2")]}),
        ({}, {"purchased": [("u2", "p1", 5), ("u2", "p10"), ("u1", "p2")]}),
        ({}, {"contains": []}),
    ],
)
def test_any_change_changes_the_hash(tmp_path: Path, entities: Entities, triples: Triples) -> None:
    before = snapshot_of(tmp_path / "a", ENTITIES, TRIPLES)
    after = snapshot_of(tmp_path / "b", {**ENTITIES, **entities}, {**TRIPLES, **triples})
    assert before.hash != after.hash


def test_what_was_loaded_is_what_is_seen(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, ENTITIES, TRIPLES)
    assert snapshot.vocabulary.ids("Product") == ["p1", "p10", "p2"]
    np.testing.assert_array_equal(snapshot.adjacency("purchased").toarray(), [[5, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(snapshot.adjacency("~purchased").toarray(), [[5, 0], [0, 1], [1, 0]])
    np.testing.assert_array_equal(snapshot.degrees("purchased"), [6, 1])
    np.testing.assert_array_equal(snapshot.number("Product", "price"), [2.5, np.nan, np.nan])
    assert [snapshot.label("Product", 0), snapshot.label("Product", 0, "zh")] == ["Rose", "玫瑰"]
    assert snapshot.label("Product", 1, "zh") == "p10"


def test_another_schema_is_refused(tmp_path: Path) -> None:
    folder = snapshot_of(tmp_path, ENTITIES, TRIPLES).folder
    wider = parse_schema({**SCHEMA, "entity": {**SCHEMA["entity"], "Brand": {}}})
    with pytest.raises(SnapshotError, match="run `whyrec load`"):
        Snapshot.open(folder, wider)


@pytest.mark.parametrize("name", ["manifest.json", "Product.id.blob.npy", "purchased.forward.indices.npy"])
@pytest.mark.parametrize("damage", [b"", b"\x93NUMPY\x01\x00 noise"])
def test_damaged_files_are_named(tmp_path: Path, name: str, damage: bytes) -> None:
    snapshot = snapshot_of(tmp_path, ENTITIES, TRIPLES)
    (snapshot.folder / name).write_bytes(damage)
    with pytest.raises(SnapshotError, match="damaged"):
        opened = current_snapshot(tmp_path / "snapshot", snapshot.schema)
        opened.vocabulary.ids("Product")
        opened.adjacency("purchased")


@pytest.mark.parametrize(
    "name", ["Product.label.blob.npy", "purchased.inverse.weight.npy", "Product.property.price.npy"]
)
def test_checking_finds_every_damaged_array(tmp_path: Path, name: str) -> None:
    snapshot = snapshot_of(tmp_path, ENTITIES, TRIPLES)
    snapshot.check()
    np.save(snapshot.folder / name, np.zeros(1))
    with pytest.raises(SnapshotError, match="damaged"):
        Snapshot.open(snapshot.folder, snapshot.schema).check()
