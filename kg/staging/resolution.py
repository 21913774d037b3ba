"""From staged rows to the entities and triples that they say, whatever the order of the rows.

Several rows about one entity are merged property by property; where they contradict each other the largest value wins.
Of several triples with the same ends the one with the latest timestamp wins (none counts as oldest), then the largest
weight, unless they add up. Relation rows whose head or tail is nowhere, neither in this load nor in the store, are
rejected.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from kg.schema import Schema
from kg.staging.contradictions import DTYPES, ORIGIN, entity_contradictions
from kg.staging.partition import WHOLE, Partition, buckets_of, partitions_of
from kg.staging.repetition import net, repeated, told_once, without_restated
from kg.staging.stored_graph import StoredGraph
from kg.staging.stored_tables import StoredTables, collected
from kg.staging.tables import Staging
from kg.staging.unknown_ends import unknown_ends
from kg.stores.batches import all_differ, one_per_pair
from kg.stores.occasions import known_previous, occasions
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes, triple_dtypes

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


class Graph:
    """What staging and store hold together, a partition at a time; what the store holds is staged when first asked for.

    Of the types in ``replaced`` only what the load speaks of will stay, so what else the store has is not known.
    """

    def __init__(
        self, staging: Staging, schema: Schema, store: StoredGraph, replaced: Collection[str] = frozenset()
    ) -> None:
        self.staging, self._schema, self._replaced = staging, schema, replaced
        self.stored = StoredTables(staging, schema, store)
        self.netted: set[str] = set()
        """Relations whose rows about the same pair add up; what comes to nothing is no triple."""
        self.told_again: Counter[int] = Counter()
        """Number of a file → its rows that tell again what another row told; see ``once`` of a source."""
        self._taken_back: set[str] = set()
        """Types of which rows that were rejected had named some."""

    def entity_types(self) -> list[str]:
        """The types that the load speaks of, in the order of the schema."""
        spoken = {name.split(".")[1] for kind in ("entity", "tail") for name in self.staging.names(kind)}
        spoken |= set(self._replaced)
        return [name for name in self._schema.entity if name in spoken]

    def entity_partitions(self, entity_type: str) -> list[Partition]:
        """The parts in which the entities of a type are looked at."""
        names = [*self._entity_names(entity_type), f"tail.{entity_type}", self.stored.stage_entities(entity_type)]
        return partitions_of(sum(map(self.staging.rows, names)))

    def entities(self, entity_type: str, partition: Partition = WHOLE) -> Entities:
        """What the load says about a type."""
        dtypes = entity_dtypes(self._schema, entity_type)
        columns = [name for name in dtypes if name != "id"]
        frames = [pl.DataFrame(schema={**dtypes, **{said(name): pl.Boolean() for name in columns}})]
        for table in self._entity_tables(entity_type, partition):
            frame = table.drop(ORIGIN).collect()
            told = [c for c in columns if c in frame.columns and said(c) not in frame.columns]
            frames.append(frame.with_columns(pl.col(c).is_not_null().alias(said(c)) for c in told))
        merged, differing = _one_per_id(pl.concat(frames, how="diagonal"), columns)
        contradictions = self._contradictions(entity_type, differing, columns, partition)
        tails = self._tail_labels(entity_type, partition)
        if tails.is_empty():
            frame = merged.with_columns(pl.lit(None, dtype=pl.String).alias(TAIL_LABEL))
        else:
            frame = merged.join(tails, on="id", how="full", coalesce=True)
        return Entities(frame.with_columns(pl.col(said(c)).fill_null(False) for c in columns), contradictions)

    def ids(self, entity_type: str, partition: Partition = WHOLE) -> pl.Series:
        """The ids of a type in load and store; some may be there twice."""
        names = [*self._entity_names(entity_type), f"tail.{entity_type}"]
        if entity_type not in self._replaced:
            names.append(self.stored.stage_entities(entity_type))
        scanned = [(name, self.staging.scan(name, partition)) for name in names]
        tables = [
            _still_named(table) if name.startswith("tail.") and entity_type in self._taken_back else table
            for name, table in scanned
            if table is not None
        ]
        ids = [table.select("id").collect().to_series() for table in tables]
        return pl.concat([pl.Series("id", [], dtype=pl.String), *ids])

    def known(self, entity_type: str, ids: pl.Series) -> pl.Series:
        """Which of some ids are those of a type in load and store: Boolean, null where an id is."""
        partitions = self.entity_partitions(entity_type)
        if len(partitions) == 1:
            return ids.is_in(self.ids(entity_type).implode())
        buckets, found = buckets_of(ids), np.zeros(ids.len(), dtype=bool)
        for partition in partitions:
            places = np.flatnonzero(partition.holds(buckets))
            if len(places):
                there = ids.gather(places).is_in(self.ids(entity_type, partition).implode())
                found[places] = there.fill_null(False).to_numpy()
        return pl.select(pl.when(ids.is_not_null()).then(pl.Series(found))).to_series()

    def labels(self, entity_type: str) -> pl.DataFrame:
        """``id`` (unique) and ``label`` (null: the id is the label) of a type, as they will be after the load."""
        found = []
        for partition in self.entity_partitions(entity_type):
            new = self.entities(entity_type, partition).frame
            old = self.stored.entities(entity_type, partition).select("id", pl.col("label").alias("stored"))
            both = new.join(old, on="id", how="left" if entity_type in self._replaced else "full", coalesce=True)
            kept = pl.when(pl.col(said("label")).fill_null(False)).then("label").otherwise("stored")
            found.append(both.select("id", pl.coalesce(kept, TAIL_LABEL).alias("label")))
        return pl.concat(found)

    def partitions(self, relation: str, more: Sequence[pl.DataFrame] = ()) -> list[Partition]:
        """The parts in which the triples of a relation are looked at.

        :param more: as for :meth:`triples`.
        """
        staged = sum(self.staging.rows(f"{kind}.{relation}") for kind in ("row", "once", "known", "triple", "before"))
        return partitions_of(staged + sum(frame.height for frame in more))

    def settle_rows(self, relation: str, creating: Collection[int] = ()) -> Iterator[pl.DataFrame]:
        """Stage the relation rows with both ends known anew, as ``known.RELATION``.

        :param creating: numbers of the files whose rows create their heads; those that only rejected rows name are no
            entities.
        :returns: the rejects, part by part: ``file`` and ``REJECT_DTYPES``.
        """
        ends = self._schema.relation[relation]
        partitions = self.partitions(relation)
        for partition in partitions:
            whole = frame = self._told(relation, partition)
            if partition == partitions[-1]:
                self.staging.remove(f"row.{relation}")
                self.staging.remove(f"once.{relation}")
            for end, entity_type in (("head", ends.head), ("tail", ends.tail)):
                named = frame.get_column(end)
                if end == "head":  # these are in the same partition of the entities
                    known = named.is_in(self.ids(entity_type, partition).implode())
                else:
                    known = self.known(entity_type, named)
                if not known.all():
                    yield unknown_ends(frame.filter(~known), end, entity_type, self._schema, self.known)
                    frame = frame.filter(known)
            self.staging.add([(f"known.{relation}", frame)])
            if frame.height < whole.height and creating:
                lost = whole.filter(pl.col("file").is_in(list(creating))).join(frame, on="head", how="anti")
                self._take_back(ends.head, lost.get_column("head"))

    def _take_back(self, entity_type: str, ids: pl.Series) -> None:
        """Count the rows that named some entities no longer."""
        if len(ids):
            named = ids.value_counts(name="count").select(
                pl.col(ids.name).alias("id"), count=-pl.col("count").cast(int)
            )
            unlabelled = named.with_columns(pl.lit(None, dtype=pl.String).alias("label")).select("id", "label", "count")
            self.staging.add([(f"tail.{entity_type}", unlabelled)])
            self._taken_back.add(entity_type)

    def _told(self, relation: str, partition: Partition) -> pl.DataFrame:
        """The relation rows of a partition, each order or event told once."""
        frame, named = (self._collected(f"{kind}.{relation}", partition) for kind in ("row", "once"))
        if not named.width:
            return frame
        named, again = told_once(named)
        self.told_again.update(again.to_list())
        return pl.concat([frame, named]) if frame.width else named

    def rows(self, relation: str, partition: Partition = WHOLE) -> pl.DataFrame:
        """The relation rows that :meth:`settle_rows` has staged: ``TRIPLE_DTYPES``, ``file``, ``line``, ``lines``."""
        return self._collected(f"known.{relation}", partition)

    def files(self, relation: str) -> set[int]:
        """The numbers of the files that these rows come from."""
        table = self.staging.scan(f"known.{relation}")
        return set() if table is None else set(table.select("file").unique().collect().to_series())

    def triples(
        self, relation: str, partition: Partition, more: Iterable[pl.DataFrame], stored: pl.DataFrame | None = None
    ) -> tuple[pl.DataFrame, int]:
        """The triples of a relation: the columns of ``triple_dtypes``, ends unique, the others null where not said.

        :param more: frames of the same columns besides what is staged: labels found in text, likeness.
        :param stored: what the store has, for a relation with ``repeat``; see :mod:`kg.staging.repetition`.
        :returns: and how many rows repeat a pair of another row.
        """
        staged = [self._collected(f"{kind}.{relation}", partition) for kind in ("known", "triple")]
        frames = [frame for frame in (*staged, *map(partition.select, more)) if frame.width]
        dtypes = triple_dtypes(self._schema, relation)
        every = [frame.select(name for name in dtypes if name in frame.columns) for frame in frames]
        whole = pl.concat([pl.DataFrame(schema=dtypes), *every], how="diagonal")
        if self._schema.relation[relation].repeat:
            whole = without_restated(whole)
        if relation in self.netted:
            found = net(whole.select(list(TRIPLE_DTYPES)))
        elif self._schema.relation[relation].repeat:
            found = repeated(whole.select(list(TRIPLE_DTYPES)), stored)
        else:
            found = one_per_pair(whole)
        count = whole.height - found.height
        if self._schema.relation[relation].repeat:
            found = found.join(occasions(whole, stored), on=["head", "tail"], how="left")
            found = found.with_columns(known_previous())  # a net load says itself which time is the latest
        return found, count

    def _collected(self, name: str, partition: Partition) -> pl.DataFrame:
        """A staged table, without columns where there is none."""
        return collected(self.staging, name, partition)

    def let_go(self, relation: str) -> None:
        """Remove what is staged of a relation, once it has been compared."""
        for kind in ("known", "triple", "before"):
            self.staging.remove(f"{kind}.{relation}")

    def heads(self, entity_type: str, source: int, partition: Partition = WHOLE) -> pl.Series:
        """The ids of the rows of one source; some may be there twice."""
        table = self.staging.scan(f"entity.{entity_type}.{source}", partition)
        if table is None:
            return pl.Series("id", [], dtype=pl.String)
        return table.select("id").collect().to_series()

    def spoken(self, relation: str, source: int, partition: Partition = WHOLE) -> pl.Series:
        """Those of which a cell says something of a relation's tails; staged for ``rows = "replace-links"`` only."""
        table = self.staging.scan(f"spoken.{relation}.{source}", partition)
        return pl.Series("id", [], dtype=pl.String) if table is None else table.collect().to_series()

    def _entity_names(self, entity_type: str) -> list[str]:
        return [name for name in self.staging.names("entity") if name.split(".")[1] == entity_type]

    def _entity_tables(self, entity_type: str, partition: Partition) -> list[pl.LazyFrame]:
        tables = (self.staging.scan(name, partition) for name in self._entity_names(entity_type))
        return [table for table in tables if table is not None]

    def _contradictions(
        self, entity_type: str, differing: pl.Series, columns: list[str], partition: Partition
    ) -> pl.DataFrame:
        """The rows about ``differing`` ids that say another value than the one taken."""
        if differing.is_empty():
            return pl.DataFrame(schema=DTYPES)
        wanted = pl.col("id").is_in(differing.implode())
        tables = [table.filter(wanted) for table in self._entity_tables(entity_type, partition)]
        rows = pl.concat([table.collect() for table in tables], how="diagonal")
        return entity_contradictions(entity_type, rows, columns)

    def _tail_labels(self, entity_type: str, partition: Partition) -> pl.DataFrame:
        """``id`` and the label most often written for it; of equally frequent ones the smallest."""
        table = self.staging.scan(f"tail.{entity_type}", partition)
        if table is None:
            return pl.DataFrame(schema={"id": pl.String, TAIL_LABEL: pl.String})
        counts = table.group_by("id", "label").agg(pl.col("count").sum()).collect()
        if entity_type in self._taken_back:
            counts = counts.filter(pl.col("count").sum().over("id") > 0)
        ordered = counts.sort(
            pl.col("label").is_null(), "count", "label", descending=[False, True, False], nulls_last=True
        )
        return ordered.unique("id", keep="first", maintain_order=True).select("id", pl.col("label").alias(TAIL_LABEL))


def _still_named(mentions: pl.LazyFrame) -> pl.LazyFrame:
    """Those that rows still name."""
    return mentions.group_by("id").agg(pl.col("count").sum()).filter(pl.col("count") > 0)


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
