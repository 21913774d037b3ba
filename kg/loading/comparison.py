"""What the files of a load say, compared with what the store has."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from kg.cycles import describe_cycles
from kg.loading.difference import Difference, entity_difference, together, triple_difference
from kg.loading.replacement import Replacement
from kg.notices import Notices
from kg.schema import Schema
from kg.staging.contradictions import DTYPES, triple_contradictions
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

    def entities(self, name: str) -> Difference:
        """The difference of an entity type."""
        merged, stored = self._graph.entities(name), self._graph.stored(name)
        self.stored[name] = stored.height
        sentence = "{n} ids about which rows contradict each other; the largest value was taken"
        self._contradict(name, sentence, merged.contradictions)
        difference = entity_difference(self._schema, name, merged.frame, stored)
        if name in self._replacement.entities:
            difference = difference.deleting(stored.join(merged.frame, on="id", how="anti"))
            self.vanished[name] = difference.deleted.height
        return difference.counted() if self._count_only else difference

    def triples(self, name: str, found: Sequence[pl.DataFrame], gone: Mapping[str, pl.DataFrame]) -> Difference:
        """The difference of a relation.

        :param found: what :meth:`kg.staging.resolution.Graph.triples` takes besides the staged triples.
        :param gone: entity type → ``id`` of the entities to delete; their triples go with them.
        """
        stored = self._graph.stored_triples(name)
        self.stored[name] = stored.height
        if self._replacement.is_by_rows(name):
            self.by_rows.add(name)
        parts, pairs, second = [], [], []
        known = None if name in self._replacement.relations() else stored
        contradictions = [pl.DataFrame(schema=DTYPES)]
        self.vanished[name] = 0
        for partition in self._graph.partitions(name, found):
            new, repeated = self._graph.triples(
                name, partition, found, known if known is None else partition.select(known)
            )
            self.duplicates[name] = self.duplicates.get(name, 0) + repeated
            rows = self._graph.rows(name, partition) if repeated and not self._adds_up(name) else pl.DataFrame()
            if rows.width:
                contradictions.append(triple_contradictions(name, rows))
            if name in self._replacement.one_per_row:
                several = new.height and new.group_by("head").len().filter(pl.col("len") > 1).height
                sentence = f"{{n}} {self._schema.relation[name].head} have several {name}, of which each row names one"
                self._notices.add(name, f'{sentence}; all are kept; rows = "add" says that this is meant', several)
            difference = self._part(name, new, partition.select(stored), gone)
            second.append(self._second_tails(name, difference, partition.select(stored)))
            parts.append(difference.counted() if self._count_only else difference)
            if self._may_be_hierarchy(name):
                pairs.append(new.select(_KEYS))
        sentence = "{n} triples about whose weight rows of the same time contradict each other; the largest was taken"
        self._contradict(name, sentence, pl.concat(contradictions))
        difference = together(parts)
        self._report_second_tails(name, pl.concat(second), stored)
        if pairs:
            self._report_cycles(name, pl.concat(pairs), stored, difference.deleted)
        return difference

    def _part(self, name: str, new: pl.DataFrame, stored: pl.DataFrame, gone: Mapping[str, pl.DataFrame]) -> Difference:
        """The difference of one partition of a relation."""
        ends, vanished = self._schema.relation[name], self._replacement.vanished(name, stored, new)
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

    def _second_tails(self, name: str, difference: Difference, stored: pl.DataFrame) -> pl.DataFrame:
        """The triples to create whose heads keep another tail: ``head``, ``tail``, ``other``."""
        if name not in self._replacement.single:
            return pl.DataFrame(schema={"head": pl.String, "tail": pl.String, "other": pl.String})
        old = stored.join(difference.deleted, on=_KEYS, how="anti").select("head", other="tail")
        return difference.created.join(old, on="head").select("head", "tail", "other")

    def _report_second_tails(self, name: str, both: pl.DataFrame, stored: pl.DataFrame) -> None:
        """Tell of heads that had one tail and get another: mostly an update that was meant to replace it."""
        if both.is_empty() or stored.get_column("head").n_unique() < stored.height:
            return  # several are usual here
        ends, sentence = self._schema.relation[name], "{n} TYPE had one NAME and now have several"
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

    def _report_cycles(self, relation: str, new: pl.DataFrame, stored: pl.DataFrame, deleted: pl.DataFrame) -> None:
        if new.is_empty():
            return
        kept = stored.join(deleted, on=_KEYS, how="anti") if deleted.height else stored
        sentence = describe_cycles(pl.concat([kept.select(_KEYS), new.select(_KEYS)]))
        if sentence is not None:
            self._notices.add(relation, sentence)
