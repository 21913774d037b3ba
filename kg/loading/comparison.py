"""What the files of a load say, compared with what the store has."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import polars as pl

from kg.cycles import describe_cycles
from kg.loading.changes import Change
from kg.loading.difference import Difference, entity_difference, triple_difference
from kg.loading.empty_cells import EmptyCells
from kg.loading.replacement import Replacement
from kg.notices import Notices
from kg.schema import Schema
from kg.staging.contradictions import DTYPES, triple_contradictions
from kg.staging.partition import Partition, side_by_side
from kg.staging.resolution import Graph

_KEYS = ["head", "tail"]


class Comparison:
    """Compares type by type, relation by relation, and remembers what a person should know about it."""

    def __init__(
        self,
        graph: Graph,
        schema: Schema,
        replacement: Replacement,
        mutual: Collection[str],
        notices: Notices,
        count_only: bool = False,
    ) -> None:
        """Prepare.

        :param mutual: relations of which cycles are no fault, such as likeness.
        :param count_only: whether to let go of the rows to create and update, for a dry run.
        """
        self._graph, self._schema = graph, schema
        self._replacement, self._mutual, self._notices, self._count_only = replacement, mutual, notices, count_only
        self.contradictions = pl.DataFrame(schema=DTYPES)
        """The rows that were passed over, since others contradict them."""
        self.contradicted = 0
        """The entities and triples that they are about."""
        self.stored: dict[str, int] = {}
        """Entity type or relation → how many the store has."""
        self.duplicates: dict[str, int] = {}
        """Relation → rows that say a triple which another row says too."""
        self.by_rows: set[str] = set()
        """Relations of which triples go only since ``replace-links`` says so."""
        self.vanished: dict[str, int] = {}
        """Entity type or relation → how many are deleted because they vanished from the files."""

    def entities(self, name: str) -> Change:
        """What changes in an entity type."""
        sentence = "{n} [id|ids] about which rows contradict each other; the largest value was taken"
        change = Change(self._graph.staging, name, self._count_only)
        for partition in self._graph.entity_partitions(name):
            merged, stored = self._graph.entities(name, partition), self._graph.stored.entities(name, partition)
            self._contradict(name, sentence, merged.contradictions)
            difference = entity_difference(self._schema, name, merged.frame, stored)
            if name in self._replacement.entities:
                difference = difference.deleting(stored.join(merged.frame, on="id", how="anti"))
            change.add(self._arranged(difference))
        self.stored[name] = self._graph.stored.count(name)
        if name in self._replacement.entities:
            self.vanished[name] = change.deleted.height
        return change

    def triples(self, name: str, found: Sequence[pl.DataFrame], gone: Mapping[str, pl.DataFrame]) -> Change:
        """What changes in a relation.

        :param found: what :meth:`kg.staging.resolution.Graph.triples` takes besides the staged triples.
        :param gone: entity type → ``id`` of the entities to delete; their triples go with them.
        """
        if not self._needs_all(name, gone):
            self._graph.stored.stage_of_heads(name, found)
        self.stored[name] = self._graph.stored.count(name)
        if self._replacement.is_by_rows(name):
            self.by_rows.add(name)
        change, pairs, seconds = Change(self._graph.staging, name, self._count_only), [], _SecondTails()
        empty = EmptyCells(name, self._schema)
        sentence = (
            "{n} [triple|triples] about whose weight rows of the same time contradict each other; the largest was taken"
        )
        self.vanished[name] = 0
        partitions = self._graph.partitions(name, found)
        for partition in partitions:
            stored = self._graph.stored.triples(name, partition)
            known = None if name in self._replacement.relations() else stored
            new, repeated = self._graph.triples(name, partition, found, known)
            self.duplicates[name] = self.duplicates.get(name, 0) + repeated
            rows = self._graph.rows(name, partition) if repeated and not self._adds_up(name) else pl.DataFrame()
            if rows.width:
                self._contradict(name, sentence, triple_contradictions(name, rows))
            self._report_several(name, new)
            empty.add(*self._replacement.unspoken(name, stored, new, self._graph, partition))
            difference = self._part(name, partition, new, stored, gone)
            if partition == partitions[-1]:
                self._graph.let_go(name)
            change.add(self._arranged(difference))
            if name in self._replacement.single:
                seconds.add(difference, stored)
            if self._may_be_hierarchy(name):
                kept = stored.join(difference.deleted, on=_KEYS, how="anti") if difference.deleted.height else stored
                pairs += [new.select(_KEYS), kept.select(_KEYS)]
        self._report_second_tails(name, seconds)
        empty.tell(self._notices)
        if pairs and any(frame.height for frame in pairs[::2]):
            self._report_cycles(name, pl.concat(pairs))
        return change

    def _needs_all(self, name: str, gone: Collection[str]) -> bool:
        """Whether more of a relation has to be looked at than the heads that the load speaks of."""
        ends = self._schema.relation[name]
        covered = name in self._replacement.relations() or self._may_be_hierarchy(name)
        return covered or ends.head in gone or ends.tail in gone

    def _arranged(self, difference: Difference) -> Difference:
        """The same, with what is created in the order in which it is written best."""
        if self._count_only or difference.created.is_empty():
            return difference
        return replace(difference, created=side_by_side(difference.created, difference.created.columns[0]))

    def _part(
        self,
        name: str,
        partition: Partition,
        new: pl.DataFrame,
        stored: pl.DataFrame,
        gone: Mapping[str, pl.DataFrame],
    ) -> Difference:
        """The difference of one partition of a relation."""
        ends = self._schema.relation[name]
        vanished = self._replacement.vanished(name, stored, new, self._graph, partition)
        if not self._replacement.is_by_rows(name):
            self.vanished[name] += vanished.height
        deleted = [vanished.select(_KEYS)]
        for end, entity_type in (("head", ends.head), ("tail", ends.tail)):
            if entity_type in gone:
                bereft = stored.join(gone[entity_type], left_on=end, right_on="id", how="semi")
                deleted.append(bereft.select(_KEYS))
        return triple_difference(new, stored).deleting(pl.concat(deleted).unique())

    def _adds_up(self, name: str) -> bool:
        """Whether rows about the same pair are added up, so that none contradicts another."""
        return name in self._graph.netted or self._schema.relation[name].repeat

    def _report_several(self, name: str, new: pl.DataFrame) -> None:
        """Tell of heads with several tails of a relation of which each row names one."""
        if name in self._replacement.one_per_row:
            several = new.height and new.group_by("head").len().filter(pl.col("len") > 1).height
            sentence = (
                f"{{n}} {self._schema.relation[name].head} [has|have] several {name}, of which each row names one"
            )
            self._notices.add(name, f'{sentence}; all are kept; rows = "add" says that this is meant', several)

    def _report_second_tails(self, name: str, seconds: "_SecondTails") -> None:
        """Tell of heads that had one tail and get another: mostly an update that was meant to replace it."""
        if not seconds.found or seconds.usual or self._graph.stored.has_second_tails(name):
            return
        both = pl.concat(seconds.found)
        ends, sentence = self._schema.relation[name], "{n} TYPE had one NAME and now [has|have] several"
        text = sentence.replace("TYPE", ends.head).replace("NAME", name)
        if not self._schema.entity[ends.head].sensitive and not self._schema.entity[ends.tail].sensitive:
            first = both.sort("head").row(0, named=True)
            text += f", such as {first['head']!r}: {first['other']!r} and {first['tail']!r}"
        advice = 'rows = "replace-links" in the source makes a row the whole truth, rows = "add" says that both hold'
        self._notices.add(name, f"{text}; {advice}", both.get_column("head").n_unique())
        nowhere = [pl.lit(None), pl.lit(None)]
        told = [pl.lit(name), pl.col("head"), pl.col("tail"), pl.lit("tail"), pl.col("tail"), pl.col("other")]
        columns = zip(DTYPES.items(), [*nowhere, *told, *nowhere], strict=True)
        rows = both.select(value.cast(dtype).alias(column) for (column, dtype), value in columns)
        self.contradictions = pl.concat([self.contradictions, rows])
        self.contradicted += both.get_column("head").n_unique()

    def _contradict(self, name: str, sentence: str, rows: pl.DataFrame) -> None:
        count = rows.select("id", "tail").n_unique()
        self._notices.add(name, f"{sentence}; the others are in contradictions.csv", count)
        self.contradictions = pl.concat([self.contradictions, rows])
        self.contradicted += count

    def _may_be_hierarchy(self, relation: str) -> bool:
        ends = self._schema.relation[relation]
        return ends.head == ends.tail and relation not in self._mutual and not self._schema.entity[ends.head].sensitive

    def _report_cycles(self, relation: str, pairs: pl.DataFrame) -> None:
        sentence = describe_cycles(pairs)
        if sentence is not None:
            self._notices.add(relation, sentence)


class _SecondTails:
    """The triples to create whose heads keep another tail."""

    def __init__(self) -> None:
        self.found: list[pl.DataFrame] = []
        """``head``, ``tail``, ``other``."""
        self.usual = False
        """Whether the store has several tails of some head that was looked at, so that a second one is nothing to
        tell of."""

    def add(self, difference: Difference, stored: pl.DataFrame) -> None:
        """Look at one partition, which has all tails of its heads."""
        self.usual = self.usual or stored.get_column("head").n_unique() < stored.height
        old = stored.join(difference.deleted, on=_KEYS, how="anti").select("head", other="tail")
        both = difference.created.join(old, on="head").select("head", "tail", "other")
        if both.height and not self.usual:
            self.found.append(both)
