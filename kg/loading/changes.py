"""What a load changes in a store, set aside until it is written, so that memory holds one partition of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from kg.loading.difference import Difference
from kg.staging.tables import Staging


@dataclass(frozen=True)
class RowsAside:
    """Rows of a table of staging."""

    staging: Staging
    table: str

    @property
    def height(self) -> int:
        """How many there are."""
        return self.staging.rows(self.table)

    def frames(self, rows: int) -> Iterator[pl.DataFrame]:
        """All of them, ``rows`` at a time, in the order in which they were set aside."""
        waiting = list[pl.DataFrame]()
        for frame in self.staging.frames(self.table):
            waiting.append(frame)
            while sum(one.height for one in waiting) >= rows:
                together = pl.concat(waiting)
                yield together.head(rows)
                waiting = [together.slice(rows)]
        if any(frame.height for frame in waiting):
            yield pl.concat(waiting)

    def files(self) -> list[Path]:
        """Parquet files with all of them."""
        return self.staging.files(self.table)

    def whole(self) -> pl.DataFrame:
        """All of them at once; there are some."""
        return pl.concat(self.staging.frames(self.table))


class Change:
    """What a load changes in one entity type or relation."""

    def __init__(self, staging: Staging, name: str, count_only: bool = False) -> None:
        """Nothing yet.

        :param count_only: whether to let go of the rows to create and update, for a dry run.
        """
        self._staging, self._count_only = staging, count_only
        self.created, self.updated, self.deleted = (
            RowsAside(staging, f"{what}.{name}") for what in ("created", "updated", "deleted")
        )
        self.unchanged = 0
        self._changed: dict[str, None] = {}
        self._let_go = {"created": 0, "updated": 0}

    def add(self, part: Difference) -> None:
        """Set aside what one partition says."""
        self.unchanged += part.unchanged
        self._changed |= dict.fromkeys(part.changed)
        kept = [(self.created, part.created), (self.updated, part.updated)]
        for rows, frame in (*(() if self._count_only else kept), (self.deleted, part.deleted)):
            self._staging.add([(rows.table, frame)])
        if self._count_only:
            self._let_go["created"] += part.created.height
            self._let_go["updated"] += part.updated.height

    @property
    def changed(self) -> tuple[str, ...]:
        """The columns of ``updated`` of which some value differs."""
        return tuple(self._changed)

    @property
    def counts(self) -> dict[str, int]:
        """``created``, ``updated``, ``unchanged``, ``deleted`` as numbers."""
        return {
            "created": self.created.height + self._let_go["created"],
            "updated": self.updated.height + self._let_go["updated"],
            "unchanged": self.unchanged,
            "deleted": self.deleted.height,
        }


@dataclass(frozen=True)
class Changes:
    """What a load changes in a store."""

    entities: dict[str, Change]
    triples: dict[str, Change]

    @property
    def rows(self) -> dict[str, int]:
        """Entity type or relation → rows to create, update and delete."""
        changes = {**self.entities, **self.triples}
        return {name: c.created.height + c.updated.height + c.deleted.height for name, c in changes.items()}
