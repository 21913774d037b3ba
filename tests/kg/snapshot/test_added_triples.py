"""Triples added to a snapshot are, array for array, as if they had been loaded."""

from pathlib import Path

import numpy as np

import whyrec
from kg.snapshot.added_triples import AddedTriples

SCHEMA = """\
name = "tiny"
[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
[entity.Ingredient]
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
[relation.contains]
head = "Product"
tail = "Ingredient"
"""
FILES = {
    "User.csv": "id\nu1\nu2",
    "Product.csv": "id\np1\np2\np3",
    "Ingredient.csv": "id\ni1\ni2",
    "purchased.csv": "head,tail\nu1,p1\nu2,p3",
}
FEW, ALL = "head,tail,weight\np1,i2,2\np3,i1,1", "head,tail,weight\np1,i2,2\np1,i1,1\np2,i1,1\np3,i1,1"


def test_as_if_they_had_been_loaded(tmp_path: Path) -> None:
    (tmp_path / "tiny.toml").write_text(SCHEMA)
    worlds = []
    for number, links in enumerate((FEW, ALL)):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, text in {**FILES, "contains.csv": links}.items():
            (folder / name).write_text(text)
        engine = whyrec.create(folder / "shop", schema=str(tmp_path / "tiny.toml"))
        engine.load(sorted(folder.glob("*.csv")))
        worlds.append(engine.snapshot)
    few, whole = worlds
    added = AddedTriples(few, "contains", np.array([1, 0]), np.array([0, 0]))
    assert added.hash not in (few.hash, AddedTriples(few, "contains", np.array([1]), np.array([0])).hash)
    assert added.manifest.triples == whole.manifest.triples
    for step in ("contains", "~contains", "purchased"):
        assert (added.adjacency(step) != whole.adjacency(step)).nnz == 0
        np.testing.assert_array_equal(added.degrees(step), whole.degrees(step))
        np.testing.assert_array_equal(added.link_counts(step), whole.link_counts(step))
    np.testing.assert_array_equal(added.timestamps("contains"), whole.timestamps("contains"))
