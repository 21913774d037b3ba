"""``mode = "replace"``: the store becomes equal to the files for what they cover, and what vanished is deleted.

An entity source covers its entity type, and the relations of its links and texts as far as they start from its rows;
a relation source covers its relation. All sources of a load that feed the same type or relation count together, in
whichever mode. Entities go with all their triples. Deleting is refused where rows were rejected that might have kept
something, and where a file is empty, since both mostly mean a broken export.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kg.counting import by_number
from kg.errors import LimitError
from kg.mapping.file_format import format_of_name
from kg.mapping.source import Mode, Source
from kg.schema import Schema
from kg.staging.partition import Partition
from kg.staging.report import FileReport, LoadReport
from kg.staging.resolution import Graph


def is_replaced(source: Source, option: Mode | None) -> bool:
    """Whether what vanished from a source is deleted; ``merge``, said by source or option, wins."""
    said = (source.mode, option)
    return "replace" in said and "merge" not in said


@dataclass(frozen=True)
class _Origin:
    """A source whose rows are the whole truth about their links: its entity type, its number, and whether an empty cell
    says that there are none."""

    entity: str
    number: int
    erases: bool

    def heads(self, graph: Graph, relation: str, partition: Partition) -> pl.Series:
        """The ids of the rows that say something of a relation."""
        if self.erases:
            return graph.heads(self.entity, self.number, partition)
        return graph.spoken(relation, self.number, partition)


class Replacement:
    """What the sources of one load cover."""

    def __init__(self, sources: Sequence[Source], option: Mode | None, schema: Schema) -> None:
        self._schema = schema
        self._numbers = [number for number, source in enumerate(sources) if is_replaced(source, option)]
        self._sources = [sources[number] for number in self._numbers]
        self.entities = frozenset(source.entity for source in self._sources if source.entity is not None)
        """Types of which only what the load speaks of stays."""
        self._whole = {source.relation for source in self._sources if source.relation is not None}
        self._heads: dict[str, list[tuple[str, int]]] = {}
        """Relation → entity type and number of the sources of whose rows it is covered."""
        self._links = [number for number, source in enumerate(sources) if source.rows == "replace-links"]
        self._of_links = [sources[number] for number in self._links]
        self._by_rows: dict[str, list[_Origin]] = {}
        self.single = _told_once(sources)
        """Relations of links of which no source says whether a second tail is meant."""
        self.one_per_row = frozenset(_one_tail_per_row(sources) & self.single)
        """Those of which each row names one tail, so that several tails come from several rows."""

    def cover(self, graph: Graph, files: Sequence[FileReport]) -> None:
        """Learn from the rows what sources cover whose relations only their rows tell."""
        for number, source in zip(self._numbers, self._sources, strict=True):
            if source.entity is not None:
                for relation in _started(source):
                    self._heads.setdefault(relation, []).append((source.entity, number))
        for number, source in zip(self._links, self._of_links, strict=True):
            for relation in _started(source):
                erases = source.null_erases or number in self._numbers
                self._by_rows.setdefault(relation, []).append(_Origin(source.entity or "", number, erases))
        named = {n for n, file in enumerate(files) if file.source.relation_column and self.covers(file.source)}
        for relation in self._schema.relation if named else ():
            if not named.isdisjoint(graph.files(relation)):
                self._whole.add(relation)

    def covers(self, source: Source) -> bool:
        """Whether the source is one of those."""
        return any(source is replaced for replaced in self._sources)

    def is_by_rows(self, relation: str) -> bool:
        """Whether triples of a relation go only since rows of ``replace-links`` are the whole truth about their heads.

        Such rows delete what they are there for, however much that is.
        """
        return relation in self._by_rows and relation not in self._heads and relation not in self._whole

    def relations(self) -> set[str]:
        """Relations that are covered, wholly or in part."""
        return self._whole | set(self._heads) | set(self._by_rows)

    def vanished(
        self, relation: str, stored: pl.DataFrame, new: pl.DataFrame, graph: Graph, partition: Partition
    ) -> pl.DataFrame:
        """The stored triples of a partition that are covered and that the load does not speak of."""
        if relation not in self.relations():
            return stored.clear()
        gone = stored.join(new, on=["head", "tail"], how="anti")
        if relation not in self._whole:
            heads = [graph.heads(*origin, partition) for origin in self._heads.get(relation, ())]
            heads += [one.heads(graph, relation, partition) for one in self._by_rows.get(relation, ())]
            gone = gone.filter(pl.col("head").is_in(pl.concat(heads).implode()))
        return gone

    def unspoken(
        self, relation: str, stored: pl.DataFrame, new: pl.DataFrame, graph: Graph, partition: Partition
    ) -> tuple[pl.Series, pl.Series]:
        """The heads with stored triples of a relation of which the cells of rows of ``replace-links`` are empty: those
        that keep them, and those that lose them, since their source says ``null_erases``."""
        kept, erased = set[str](), set[str]()
        heads = stored.get_column("head").unique() if relation in self._by_rows else pl.Series([], dtype=pl.String)
        heads = heads.filter(~heads.is_in(new.get_column("head").implode())) if len(heads) else heads
        for one in self._by_rows.get(relation, ()):
            rows, said = graph.heads(one.entity, one.number, partition), graph.spoken(relation, one.number, partition)
            mine = heads.filter(heads.is_in(rows.implode()) & ~heads.is_in(said.implode()))
            (erased if one.erases else kept).update(mine)
        return pl.Series(sorted(kept - erased), dtype=pl.String), pl.Series(sorted(erased), dtype=pl.String)

    def check(self, report: LoadReport, deleted: Mapping[str, int], max_rejects: int | None, empty: bool) -> None:
        """Refuse to delete on the word of a broken file.

        :param deleted: entity type or relation → how many are to be deleted because they vanished.
        :param max_rejects: the limit that the user set and that was kept, or ``None``.
        :param empty: whether an empty file may delete.
        :raises LimitError: saying what would be lost, and how to allow it.
        """
        for file in report.files:
            lost = {name: deleted[name] for name in sorted(fed_by(file.source, self._schema)) if deleted.get(name)}
            if lost and file.rejected and max_rejects is None:
                bad = by_number(f"{file.rejected:,} [row was|rows were] rejected, and because [it is|they are] missing")
                raise LimitError(
                    f"{file.place}: {bad} mode replace might delete too much ({_listed(lost)}); nothing "
                    f"was written; see {report.rejects_file}; mend the rows, or allow so many with "
                    f"`max_rejects={report.rejected}`"
                )
            if lost and not file.loaded and not empty and self.covers(file.source):
                raise LimitError(
                    f"{file.place}: not one row, and mode replace would delete {_listed(lost)}; nothing was written; "
                    "if that is meant, say `allow_empty=True`"
                )


def fed_by(source: Source, schema: Schema) -> set[str]:
    """The entity types and relations to which rows of a source may add."""
    names = {name for name in (source.entity, source.relation) if name is not None}
    names |= _started(source)
    names |= {schema.relation[link.relation].tail for link in source.link}
    if source.relation_column is not None:
        names |= set(schema.relation)
    for name in names & set(schema.relation) if source.entity is None else ():
        names |= {getattr(schema.relation[name], end) for end in source.created_ends(schema.relation[name])}
    return names


def _one_tail_per_row(sources: Sequence[Source]) -> set[str]:
    """Relations of links that are neither split nor lists; only tables of text have no lists for sure."""
    every = [(source, link) for source in sources for link in source.link]
    several = {
        link.relation
        for source, link in every
        if link.split or link.normalise == "inci" or format_of_name(Path(source.file)) not in ("csv", "tsv")
    }
    return {link.relation for _, link in every} - several


def _told_once(sources: Sequence[Source]) -> frozenset[str]:
    links = {link.relation for source in sources if source.rows is None for link in source.link}
    return frozenset(links - {r for source in sources if source.rows is not None for r in _started(source)})


def _started(source: Source) -> set[str]:
    """The relations that start from the rows of an entity source."""
    links = {link.relation for link in source.link}
    return links | {text.relation for text in source.text} | {similar.relation for similar in source.similar}


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
