"""Sorting on disk writes what sorting in memory writes, to the byte."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SnapshotError
from kg.schema import Schema, parse_schema
from kg.snapshot import building
from kg.snapshot.building import take_snapshot
from kg.snapshot.partner_sums import Beside
from kg.snapshot.writing import external_sort
from kg.stores.store import REPEATED_DTYPES, TRIPLE_DTYPES


def schema_of(*, repeat: bool) -> Schema:
    bought = {"head": "Person", "tail": "Thing", "interaction": True, "repeat": repeat}
    entity = {"Person": {"sensitive": True}, "Thing": {"domain": "things"}}
    return parse_schema({"name": "sort", "entity": entity, "relation": {"bought": bought}})


SCHEMA, REPEATED = schema_of(repeat=False), schema_of(repeat=True)
TRIPLE = st.tuples(
    st.integers(0, 11), st.integers(0, 8), st.sampled_from([-0.0, 1.0, 2.5]), st.none() | st.integers(-3, 3)
)
DAY = 86_400_000
OCCASIONS = st.sampled_from(
    [(None, None, None), (-9, 1, None), (-8 * DAY, 4, -4 * DAY), (-8 * DAY, 4, None), (-8 * DAY, 2, None)]
)


class Pieces:
    """A graph whose triples come in pieces, some of them twice, as a store that others write to may hold them."""

    url = "memory:pieces"

    def __init__(self, rows: list[tuple[Any, ...]], size: int) -> None:
        self.rows, self.size = rows, size
        self.fingerprint = self.revision = lambda: ""

    def entity_pieces(self, name: str) -> Iterator[pl.DataFrame]:
        ids = [f"{name}{number:02}" for number in reversed(range(12 if name == "Person" else 9))]
        labels = [one.upper() if one < f"{name}04" else None for one in ids]
        frame = pl.DataFrame({"id": ids, "label": labels}, schema_overrides={"label": pl.String()})
        yield from (frame[start : start + self.size] for start in range(0, len(ids), self.size))

    def read_positions(self, _: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        ends = {f"Person{number:02}": number for number in range(12)}, {f"Thing{n:02}": n for n in range(9)}
        place = [{ends[side][one]: at for at, one in enumerate(ids)} for side, ids in enumerate((heads, tails))]
        rows = [(place[0].get(row[0]), place[1].get(row[1]), *row[2:]) for row in self.rows]
        dtypes = TRIPLE_DTYPES | REPEATED_DTYPES | {"head": pl.UInt32(), "tail": pl.UInt32()}
        rows = [(*row, None, None, None)[: len(dtypes)] for row in rows]
        for start in range(0, len(rows), self.size):
            yield pl.DataFrame(rows[start : start + self.size], schema=dtypes, orient="row")


def written(graph: Pieces, schema: Schema = SCHEMA, **options: Any) -> dict[str, bytes]:
    """Name → bytes of all files of a snapshot but the list of checksums, which tells times."""
    with TemporaryDirectory() as folder:
        found = take_snapshot(graph, schema, Path(folder), **options).folder  # type: ignore[arg-type]
        return {path.name: path.read_bytes() for path in found.iterdir() if path.name != "checksums.json"}


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(TRIPLE, max_size=40),
    parts=st.integers(2, 5),
    most=st.integers(1, 6),
    piece=st.integers(1, 50),
    data=st.data(),
)
def test_parts_on_disk_are_the_same_snapshot(
    rows: list[Any], parts: int, most: int, piece: int, data: st.DataObject
) -> None:
    flagged = {"Person": ["Person03"]}

    def gone(kind: str, ids: pl.Series) -> pl.Series:
        return ids.is_in(["Person05", "Thing01"]) if kind == "Person" else ids.is_in([])

    beside = Beside(gone, flagged)
    repeated = [(*row, *data.draw(OCCASIONS)) for row in rows]
    expected = written(Pieces(rows, 50), beside=beside), written(Pieces(repeated, 50), REPEATED, beside=beside)
    told = any(row[5] for row in repeated if row[0] not in (3, 5))
    for part in REPEATED_DTYPES:
        assert (f"bought.forward.{part}.npy" in expected[1]) == told
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "IN_MEMORY", 2)
        patch.setattr(external_sort, "PARTS", parts)
        patch.setattr(external_sort, "PART_ROWS", most)
        patch.setattr(external_sort, "BLOCK", 3)
        assert written(Pieces(rows, piece), beside=beside) == expected[0]
        assert written(Pieces(repeated, piece), REPEATED, beside=beside) == expected[1]


def test_an_index_beyond_32_bits_makes_the_indices_as_wide(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(building, "IN_MEMORY", 2)
    rows = [(head, tail, 1.0, None) for head in range(4) for tail in range(3)]
    expected = np.tile(np.arange(3), 4)
    for module in (building, external_sort):
        monkeypatch.setattr(module, "index_type", lambda entries: np.int32 if entries < 12 else np.int64)
    found = take_snapshot(Pieces(rows, 5), SCHEMA, tmp_path)  # type: ignore[arg-type]
    for part in ("indptr", "indices"):
        assert np.load(found.folder / f"bought.forward.{part}.npy").dtype == np.int64
    np.testing.assert_array_equal(found.adjacency("bought").indices, expected)


def test_an_end_that_is_no_entity_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(building, "IN_MEMORY", 2)
    rows = [(1, 2, 1.0, None), (3, 40, 1.0, None), (4, 1, 1.0, None)]
    with pytest.raises(SnapshotError, match="1 bought triples have an end that is no entity"):
        take_snapshot(Pieces(rows, 1), SCHEMA, tmp_path)  # type: ignore[arg-type]
