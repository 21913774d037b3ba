"""What the files of a load say, compared with what the store has."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from kg.contradictions import DTYPES, triple_contradictions
from kg.cycle import describe_cycles
from kg.difference import Difference, entity_difference, triple_difference
from kg.notices import Notices
from kg.replacement import Replacement
from kg.resolution import Graph, StoredGraph
from kg.schema import Schema

_KEYS = ["head", "tail"]


class Comparison:
    """Compares type by type, relation by relation, and remembers what a person should know about it."""

    def __init__(
        self,
        store: StoredGraph,
        graph: Graph,
        schema: Schema,
        replacement: Replacement,
        mutual: Collection[str],
        notices: Notices,
    ) -> None:
        """Prepare.

        :param mutual: relations of which cycles are no fault, such as likeness.
        """
        self._store, self._graph, self._schema = store, graph, schema
        self._replacement, self._mutual, self._notices = replacement, mutual, notices
        self.contradictions = pl.DataFrame(schema=DTYPES)
        """The rows that were passed over, since others contradict them."""
        self.contradicted = 0
        """The entities and triples that they are about."""
        self.vanished: dict[str, int] = {}
        """Entity type or relation → how many are deleted because they vanished from the files."""

    def entities(self, name: str) -> Difference:
        """The difference of an entity type."""
        merged, stored = self._graph.entities(name), self._graph.stored(name)
        sentence = "{n} ids about which rows contradict each other; the largest value was taken"
        self._contradict(name, sentence, merged.contradictions)
        difference = entity_difference(self._schema, name, merged.frame, stored)
        if name in self._replacement.entities:
            difference = difference.deleting(stored.join(merged.frame, on="id", how="anti"))
            self.vanished[name] = difference.deleted.height
        return difference

    def triples(self, name: str, found: Sequence[pl.DataFrame], gone: Mapping[str, pl.DataFrame]) -> Difference:
        """The difference of a relation.

        :param found: what :meth:`kg.resolution.Graph.triples` takes besides the staged triples.
        :param gone: entity type → ``id`` of the entities to delete; their triples go with them.
        """
        stored, new = self._store.read_triples(name), self._graph.triples(name, found)
        rows = [frame for frame in found if "line" in frame.columns]
        if rows and sum(frame.height for frame in found) > new.height:
            sentence = (
                "{n} triples about whose weight rows of the same time contradict each other; the largest was taken"
            )
            self._contradict(name, sentence, triple_contradictions(name, pl.concat(rows)))
        ends, vanished = self._schema.relation[name], self._replacement.vanished(name, stored, new)
        self.vanished[name] = vanished.height
        deleted = [vanished.select(_KEYS)]
        for end, entity_type in (("head", ends.head), ("tail", ends.tail)):
            if entity_type in gone:
                bereft = stored.join(gone[entity_type], left_on=end, right_on="id", how="semi")
                deleted.append(bereft.select(_KEYS))
        difference = triple_difference(new, stored).deleting(pl.concat(deleted).unique())
        self._report_cycles(name, new, stored, difference.deleted)
        return difference

    def _contradict(self, name: str, sentence: str, rows: pl.DataFrame) -> None:
        count = rows.select("id", "tail").n_unique()
        self._notices.add(name, f"{sentence}; the others are in contradictions.csv", count)
        self.contradictions = pl.concat([self.contradictions, rows])
        self.contradicted += count

    def _report_cycles(self, relation: str, new: pl.DataFrame, stored: pl.DataFrame, deleted: pl.DataFrame) -> None:
        ends = self._schema.relation[relation]
        if new.is_empty() or ends.head != ends.tail or relation in self._mutual:
            return
        if not self._schema.entity[ends.head].sensitive:
            kept = stored.join(deleted, on=_KEYS, how="anti") if deleted.height else stored
            sentence = describe_cycles(pl.concat([kept.select(_KEYS), new.select(_KEYS)]))
            if sentence is not None:
                self._notices.add(relation, sentence)
