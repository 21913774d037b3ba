"""From staged rows to the entities and triples that they say, whatever the order of the rows.

Several rows about one entity are merged property by property; where they contradict each other the largest value wins.
Of several triples with the same ends the one with the latest timestamp wins (none counts as oldest), then the largest
weight, unless they add up. Relation rows whose head or tail is nowhere, neither in this load nor in the store, are
rejected.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from kg.schema import Schema
from kg.staging.contradictions import DTYPES, ORIGIN, entity_contradictions
from kg.staging.partition import WHOLE, Partition, partitions_of
from kg.staging.repetition import repeated
from kg.staging.tables import PARTITIONED, Staging
from kg.stores.batches import all_differ
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes
from kg.values.cells import half_width

_NUMBER = r"^[0-9]+$"
TAIL_LABEL = "tail label"
"""Column for the label that a link's cell gives: used only where no entity row says a label."""


def said(column: str) -> str:
    """Name of the column that tells whether a row says ``column``, by a value or as having none.

    Without such a column a row says what it has a value of.
    """
    return f"{column} said"


@dataclass(frozen=True)
class Entities:
    """All entities of one type that a load speaks of."""

    frame: pl.DataFrame
    """``id`` (unique); per label and property its value and, Boolean, whether it is ``said``; ``TAIL_LABEL``."""
    contradictions: pl.DataFrame
    """Rows that were passed over, since others contradict them; see :mod:`kg.staging.contradictions`."""


class StoredGraph(Protocol):
    """The part of a :class:`~kg.stores.store.Store` that is read."""

    def read_entities(self, entity_type: str) -> pl.DataFrame:
        """All entities of a type."""
        ...

    def read_triples(self, relation: str) -> pl.DataFrame:
        """All triples of a relation."""
        ...


class NothingStored:
    """Stands for a store that is not there yet."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema

    def read_entities(self, entity_type: str) -> pl.DataFrame:
        """No entity."""
        return pl.DataFrame(schema=entity_dtypes(self._schema, entity_type))

    def read_triples(self, relation: str) -> pl.DataFrame:
        """No triple."""
        return pl.DataFrame(schema=TRIPLE_DTYPES)


class Graph:
    """What staging and store hold together; frames of the store are read once.

    Of the types in ``replaced`` only what the load speaks of will stay, so what else the store has is not known.
    """

    def __init__(
        self, staging: Staging, schema: Schema, store: StoredGraph, replaced: Collection[str] = frozenset()
    ) -> None:
        self._staging, self._schema, self._store, self._replaced = staging, schema, store, replaced
        self.netted: set[str] = set()
        """Relations whose rows about the same pair add up; what comes to nothing is no triple."""
        self._entities: dict[str, Entities] = {}
        self._stored: dict[str, pl.DataFrame] = {}

    def entity_types(self) -> list[str]:
        """The types that the load speaks of, in the order of the schema."""
        spoken = {name.split(".")[1] for kind in ("entity", "tail") for name in self._staging.names(kind)}
        spoken |= set(self._replaced)
        return [name for name in self._schema.entity if name in spoken]

    def entities(self, entity_type: str) -> Entities:
        """What the load says about a type."""
        if entity_type not in self._entities:
            self._entities[entity_type] = self._merged(entity_type)
        return self._entities[entity_type]

    def stored(self, entity_type: str) -> pl.DataFrame:
        """What the store has of a type."""
        if entity_type not in self._stored:
            self._stored[entity_type] = self._store.read_entities(entity_type)
        return self._stored[entity_type]

    def stored_triples(self, relation: str) -> pl.DataFrame:
        """What the store has of a relation."""
        return self._store.read_triples(relation)

    def ids(self, entity_type: str) -> pl.Series:
        """The ids of a type in load and store; some may be there twice."""
        if entity_type in self._replaced:
            return self.entities(entity_type).frame.get_column("id")
        return pl.concat([self.entities(entity_type).frame.get_column("id"), self.stored(entity_type).get_column("id")])

    def labels(self, entity_type: str) -> pl.DataFrame:
        """``id`` (unique) and ``label`` (null: the id is the label) of a type, as they will be after the load."""
        new = self.entities(entity_type).frame
        old = self.stored(entity_type).select("id", pl.col("label").alias("stored"))
        both = new.join(old, on="id", how="left" if entity_type in self._replaced else "full", coalesce=True)
        kept = pl.when(pl.col(said("label")).fill_null(False)).then("label").otherwise("stored")
        return both.select("id", pl.coalesce(kept, TAIL_LABEL).alias("label"))

    def partitions(self, relation: str, more: Sequence[pl.DataFrame] = ()) -> list[Partition]:
        """The parts in which the triples of a relation are looked at.

        :param more: as for :meth:`triples`.
        """
        staged = sum(self._staging.rows(f"{kind}.{relation}") for kind in PARTITIONED)
        return partitions_of(staged + sum(frame.height for frame in more))

    def settle_rows(self, relation: str) -> Iterator[pl.DataFrame]:
        """Stage the relation rows with both ends known anew, as ``known.RELATION``.

        :returns: the rejects, part by part: ``file`` and ``REJECT_DTYPES``.
        """
        ends = self._schema.relation[relation]
        partitions = self.partitions(relation)
        for partition in partitions:
            frame = self._collected(f"row.{relation}", partition)
            if partition == partitions[-1]:
                self._staging.remove(f"row.{relation}")
            for end, entity_type in (("head", ends.head), ("tail", ends.tail)):
                known = frame.get_column(end).is_in(self.ids(entity_type).implode())
                if not known.all():
                    yield self._dangling(frame.filter(~known), end, entity_type)
                    frame = frame.filter(known)
            self._staging.add([(f"known.{relation}", frame)])

    def rows(self, relation: str, partition: Partition = WHOLE) -> pl.DataFrame:
        """The relation rows that :meth:`settle_rows` has staged: ``TRIPLE_DTYPES``, ``file``, ``line``, ``lines``."""
        return self._collected(f"known.{relation}", partition)

    def files(self, relation: str) -> set[int]:
        """The numbers of the files that these rows come from."""
        table = self._staging.scan(f"known.{relation}")
        return set() if table is None else set(table.select("file").unique().collect().to_series())

    def triples(
        self, relation: str, partition: Partition, more: Iterable[pl.DataFrame], stored: pl.DataFrame | None = None
    ) -> tuple[pl.DataFrame, int]:
        """The triples of a relation: unique ``head``, ``tail``; ``weight`` and ``timestamp``, null where not said.

        :param more: frames of the same columns besides what is staged: labels found in text, likeness.
        :param stored: what the store has, for a relation with ``repeat``; see :mod:`kg.staging.repetition`.
        :returns: and how many rows repeat a pair of another row.
        """
        staged = [self._collected(f"{kind}.{relation}", partition) for kind in ("known", "triple")]
        frames = [frame for frame in (*staged, *map(partition.select, more)) if frame.width]
        whole = pl.concat(
            [pl.DataFrame(schema=TRIPLE_DTYPES), *(frame.select(list(TRIPLE_DTYPES)) for frame in frames)]
        )
        if relation in self.netted:
            found = _net(whole)
        elif self._schema.relation[relation].repeat:
            found = repeated(whole, stored)
        else:
            found = _one_per_pair(whole)
        return found, whole.height - found.height

    def _collected(self, name: str, partition: Partition) -> pl.DataFrame:
        """A staged table, without columns where there is none."""
        table = self._staging.scan(name, partition)
        return pl.DataFrame() if table is None else table.collect()

    def _dangling(self, frame: pl.DataFrame, end: str, entity_type: str) -> pl.DataFrame:
        """Rejects for rows of which one end is not known as ``entity_type``."""
        ids = frame.get_column(end)
        reason = pl.lit(f"unknown {entity_type}")
        hint = pl.lit("load it too, correct the id, or say create_ends = true in the mapping")
        if frame.height:
            whole = ids.str.strip_suffix(".0")
            stripped = (whole != ids) & whole.is_in(self.ids(entity_type).implode())
            hint = pl.when(stripped).then(pl.lit("the id without '.0' is known; export ids as text")).otherwise(hint)
            narrow = half_width(ids)
            wide = (narrow != ids) & narrow.is_in(self.ids(entity_type).implode())
            hint = pl.when(wide).then(pl.lit("the id without full-width characters is known")).otherwise(hint)
            for other in self._schema.entity:
                if other != entity_type:
                    elsewhere = ids.is_in(self.ids(other).implode())
                    text = pl.lit(f"this id is a {other}, no {entity_type}")
                    elsewhere &= ~ids.str.contains(_NUMBER)  # numbers are ids of many types by chance
                    reason = pl.when(elsewhere).then(text).otherwise(reason)
        return frame.select(
            "file",
            "line",
            "lines",
            pl.lit(end).alias("field"),
            pl.col(end).alias("value"),
            reason.alias("reason"),
            hint.alias("hint"),
        )

    def _merged(self, entity_type: str) -> Entities:
        dtypes = entity_dtypes(self._schema, entity_type)
        columns = [name for name in dtypes if name != "id"]
        frames = [pl.DataFrame(schema={**dtypes, **{said(name): pl.Boolean() for name in columns}})]
        for table in self._entity_tables(entity_type):
            frame = table.drop(ORIGIN).collect()
            told = [c for c in columns if c in frame.columns and said(c) not in frame.columns]
            frames.append(frame.with_columns(pl.col(c).is_not_null().alias(said(c)) for c in told))
        merged, differing = _one_per_id(pl.concat(frames, how="diagonal"), columns)
        contradictions = self._contradictions(entity_type, differing, columns)
        tails = self._tail_labels(entity_type)
        if tails.is_empty():
            frame = merged.with_columns(pl.lit(None, dtype=pl.String).alias(TAIL_LABEL))
        else:
            frame = merged.join(tails, on="id", how="full", coalesce=True)
        return Entities(frame.with_columns(pl.col(said(c)).fill_null(False) for c in columns), contradictions)

    def heads(self, entity_type: str, source: int) -> pl.Series:
        """The ids of the rows of one source; some may be there twice."""
        table = self._staging.scan(f"entity.{entity_type}.{source}")
        if table is None:
            return pl.Series("id", [], dtype=pl.String)
        return table.select("id").collect().to_series()

    def _entity_tables(self, entity_type: str) -> list[pl.LazyFrame]:
        names = [name for name in self._staging.names("entity") if name.split(".")[1] == entity_type]
        return [table for table in map(self._staging.scan, names) if table is not None]

    def _contradictions(self, entity_type: str, differing: pl.Series, columns: list[str]) -> pl.DataFrame:
        """The rows about ``differing`` ids that say another value than the one taken."""
        if differing.is_empty():
            return pl.DataFrame(schema=DTYPES)
        tables = [table.filter(pl.col("id").is_in(differing.implode())) for table in self._entity_tables(entity_type)]
        rows = pl.concat([table.collect() for table in tables], how="diagonal")
        return entity_contradictions(entity_type, rows, columns)

    def _tail_labels(self, entity_type: str) -> pl.DataFrame:
        """``id`` and the label most often written for it; of equally frequent ones the smallest."""
        table = self._staging.scan(f"tail.{entity_type}")
        if table is None:
            return pl.DataFrame(schema={"id": pl.String, TAIL_LABEL: pl.String})
        counts = table.group_by("id", "label").agg(pl.col("count").sum()).collect()
        ordered = counts.sort(
            pl.col("label").is_null(), "count", "label", descending=[False, True, False], nulls_last=True
        )
        return ordered.unique("id", keep="first", maintain_order=True).select("id", pl.col("label").alias(TAIL_LABEL))


def _one_per_id(frame: pl.DataFrame, columns: list[str]) -> tuple[pl.DataFrame, pl.Series]:
    """One row per id, and the ids about which rows contradict each other."""
    if all_differ(frame.get_column("id").hash()):  # equal ids have equal hashes
        return frame, pl.Series("id", [], dtype=pl.String)
    twice = frame.get_column("id").is_duplicated()
    groups = frame.filter(twice).group_by("id")
    values = [pl.col(c).max() for c in columns] + [pl.col(said(c)).any() for c in columns]
    differs = pl.any_horizontal([pl.col(c).drop_nulls().n_unique() > 1 for c in columns])
    merged = groups.agg(*values, differs.alias("differs"))
    differing = merged.filter("differs").get_column("id")
    return pl.concat([frame.filter(~twice), merged.select(frame.columns)]), differing


def _net(frame: pl.DataFrame) -> pl.DataFrame:
    """One row per pair with the sum of its weights, where that is above 0, and the time of its latest purchase."""
    weight = pl.col("weight").fill_null(1.0)
    latest = pl.col("timestamp").filter(weight > 0).max()
    found = frame.group_by("head", "tail", maintain_order=True).agg(weight.sum().alias("weight"), latest)
    return found.filter(pl.col("weight") > 0)


def _one_per_pair(frame: pl.DataFrame) -> pl.DataFrame:
    pair = frame.select("head", "tail")
    if all_differ(pair.hash_rows()):  # equal pairs have equal hashes; a third of the time
        return frame
    twice = pair.is_duplicated()
    ordered = frame.filter(twice).sort("timestamp", "weight", descending=True, nulls_last=True, maintain_order=True)
    return pl.concat([frame.filter(~twice), ordered.unique(["head", "tail"], keep="first", maintain_order=True)])
