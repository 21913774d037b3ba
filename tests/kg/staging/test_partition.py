"""Large loads wait on disk and are compared in partitions; nothing but memory may tell the difference."""

from importlib.resources import files
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.mapping.mapping import read_mapping
from kg.schema import read_schema
from kg.staging.partition import BUCKETS, Partition, buckets_of, by_bucket, partitions_of, side_by_side
from tests.kg.files import graph, load_sources

EXAMPLE = Path(str(files("kg") / "example"))


@given(st.lists(st.text(max_size=3)), st.integers(1, BUCKETS))
def test_every_triple_is_in_one_partition_and_in_the_bucket_of_it(heads: list[str], of: int) -> None:
    triples = pl.DataFrame({"head": pl.Series(heads, dtype=pl.String), "tail": pl.Series(range(len(heads)))})
    partitions = [Partition(number, of) for number in range(of)]
    selected = [partition.select(triples) for partition in partitions]
    assert sorted(pl.concat(selected).rows()) == sorted(triples.rows())
    kept = dict(by_bucket([triples.head(2), triples.slice(2)]))
    for partition, rows in zip(partitions, selected, strict=True):
        in_buckets = [kept[bucket] for bucket in partition.buckets if bucket in kept]
        assert sorted(row for frame in in_buckets for row in frame.rows()) == sorted(rows.rows())


@pytest.mark.parametrize("of", [1, 5, BUCKETS])
def test_triples_come_in_the_order_of_their_heads_partition_by_partition(of: int) -> None:
    heads = [f"u{number * 7 % 100}" for number in range(300)]
    triples = pl.DataFrame({"head": heads, "tail": range(300)})
    entities = triples.select(pl.col("head").alias("id")).unique()
    partitions = [Partition(number, of) for number in range(of)]
    written = pl.concat([side_by_side(partition.select(triples), "head") for partition in partitions])
    numbered = pl.concat([side_by_side(partition.select(entities, "id"), "id") for partition in partitions])
    assert sorted(written.rows()) == sorted(triples.rows())
    assert written.get_column("head").unique(maintain_order=True).to_list() == numbered.get_column("id").to_list()
    buckets = list(buckets_of(numbered.get_column("id")))
    assert buckets == sorted(buckets)


def test_partitions_grow_in_number_before_they_grow_in_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.staging.partition.ROWS", 10)
    assert [len(partitions_of(rows)) for rows in (0, 10, 11, 160, 1000)] == [1, 1, 2, 16, BUCKETS]


def test_a_load_in_partitions_on_disk_equals_a_load_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = read_schema(EXAMPLE / "schema.toml")
    sources = read_mapping(EXAMPLE / "mapping.toml", schema)
    whole = load_sources(tmp_path / "whole", schema, sources, EXAMPLE).to_json()
    monkeypatch.setattr("kg.staging.partition.ROWS", 100)
    monkeypatch.setattr("kg.staging.tables.IN_MEMORY", 0)
    parts = load_sources(tmp_path / "parts", schema, sources, EXAMPLE).to_json()
    assert graph(tmp_path / "parts", schema) == graph(tmp_path / "whole", schema)
    for name in {name for name in whole if not name.endswith("_file")} - {"seconds"}:
        assert parts[name] == whole[name]
    lines = [sorted(Path(report["rejects_file"]).read_text("utf-8").splitlines()) for report in (whole, parts)]
    assert lines[0] == lines[1]
    again = load_sources(tmp_path / "whole", schema, sources, EXAMPLE, mode="replace").to_json()
    assert all(set(counts.values()) == {0, counts["unchanged"]} for counts in again["triples"].values())
