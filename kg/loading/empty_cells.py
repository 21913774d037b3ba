"""Empty cells of rows that are the whole truth about their links: what became of the links is told."""

import polars as pl

from kg.notices import Notices
from kg.schema import Schema


class EmptyCells:
    """The heads of one relation whose cells are empty, and which had triples of it."""

    def __init__(self, relation: str, schema: Schema) -> None:
        self._relation, ends = relation, schema.relation[relation]
        self._kind, self._tells = ends.head, not schema.entity[ends.head].sensitive
        self._kept, self._erased = list[str](), list[str]()

    def add(self, kept: pl.Series, erased: pl.Series) -> None:
        """Count those of one partition: whose triples stay, and whose are deleted."""
        self._kept += kept.to_list()
        self._erased += erased.to_list()

    def tell(self, notices: Notices) -> None:
        """Say how many, one of them, and how it would be otherwise."""
        cells = f"{{n}} {self._kind} with an empty cell [keeps its|keep their] {self._relation}"
        say = "null_erases = true in the source makes an empty cell delete them"
        self._tell(notices, cells, self._kept, say)
        lost = f"{{n}} {self._kind} with an empty cell [loses its|lose their] {self._relation}"
        self._tell(notices, lost, self._erased, "null_erases = true says so; without it they would stay")

    def _tell(self, notices: Notices, sentence: str, heads: list[str], advice: str) -> None:
        example = f", such as {min(heads)!r}" if heads and self._tells else ""
        notices.add(self._relation, f"{sentence}{example}; {advice}", len(heads))
