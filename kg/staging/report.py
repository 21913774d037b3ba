"""What a load did or, as a dry run, would do."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from kg.mapping.source import Source
from kg.readers.batch import REJECT_DTYPES


@dataclass
class FileReport:
    """One file of one source: ``rows`` = ``loaded`` + ``rejected`` + ``filtered``."""

    path: Path
    place: str
    """The file as reports name it: relative to the mapping where it lies below it."""
    source: Source
    rows: int = 0
    loaded: int = 0
    filtered: int = 0
    reject_frames: list[pl.DataFrame] = field(default_factory=list)
    left_out_frames: list[pl.DataFrame] = field(default_factory=list)
    read: Counter[str] = field(default_factory=Counter)
    """Column of a property → how many of its cells could be read."""

    @property
    def rejected(self) -> int:
        """Rows rejected."""
        return sum(frame.height for frame in self.reject_frames)

    @property
    def rejects(self) -> pl.DataFrame:
        """The rejected rows, columns of ``REJECT_DTYPES``."""
        return pl.concat([pl.DataFrame(schema=REJECT_DTYPES), *self.reject_frames])

    @property
    def left_out(self) -> pl.DataFrame:
        """Cells that could not be read and were left out of rows that are good without; as ``rejects``."""
        return pl.concat([pl.DataFrame(schema=REJECT_DTYPES), *self.left_out_frames])

    def unread_column(self) -> dict[str, Any] | None:
        """The first such cell of a column in which not one number could be read, since its decimal mark is not known.

        That is a matter of the mapping, not of the cell.
        """
        for cell in self.left_out.iter_rows(named=True):
            if cell["reason"] == "ambiguous number" and not self.read[cell["field"]]:
                return cell
        return None

    def check(self) -> None:
        """Make sure that no row was lost.

        :raises AssertionError: where rows are lost or counted twice, which is a defect of the program.
        """
        if self.rows != self.loaded + self.rejected + self.filtered:
            raise AssertionError(
                f"{self.place}: {self.rows} rows read, but {self.loaded} loaded, {self.rejected} rejected and "
                f"{self.filtered} filtered"
            )

    def to_json(self) -> dict[str, Any]:
        """The file's part of the JSON of ``load``."""
        counts = {"rows": self.rows, "loaded": self.loaded, "rejected": self.rejected, "filtered": self.filtered}
        return {"file": self.place, **counts}


@dataclass
class LoadReport:
    """All of a load."""

    files: list[FileReport]
    entities: dict[str, dict[str, int]] = field(default_factory=dict)
    """Entity type → ``created``, ``updated``, ``unchanged``, ``deleted``."""
    triples: dict[str, dict[str, int]] = field(default_factory=dict)
    """Relation → the same; with entities go all their triples, those of other sources too."""
    rejects_file: Path | None = None
    left_out_file: Path | None = None
    """Cells that could not be read, of rows that were loaded without them."""
    contradictions: int = 0
    """Entities and triples about which rows contradict each other."""
    contradictions_file: Path | None = None
    """Those rows that were passed over."""
    created: dict[str, pl.DataFrame] = field(default_factory=dict)
    """Relation → the triples that were written to it, where they are few and all of them new."""
    duplicates: dict[str, int] = field(default_factory=dict)
    """Relation → rows that say a triple which another row says too."""
    unfinished: bool = False
    """Whether another load that was cut off is still unfinished, so that the graph is between two states."""
    seconds: float = 0.0
    dry_run: bool = False
    notices: list[str] = field(default_factory=list)
    """What was done on the load's own account; never with the id of a person."""

    @property
    def rejected(self) -> int:
        """Rows rejected, in all files."""
        return sum(file.rejected for file in self.files)

    @property
    def left_out(self) -> int:
        """Cells left out, in all files."""
        return sum(frame.height for file in self.files for frame in file.left_out_frames)

    def to_json(self) -> dict[str, Any]:
        """The JSON of ``load``, as the command line promises it, with contradictions and ``notices`` besides."""
        return {
            "files": [file.to_json() for file in self.files],
            "entities": self.entities,
            "triples": self.triples,
            "rejected": self.rejected,
            "rejects_file": str(self.rejects_file) if self.rejects_file else None,
            "left_out": self.left_out,
            "left_out_file": str(self.left_out_file) if self.left_out_file else None,
            "duplicates": self.duplicates,
            "contradictions": self.contradictions,
            "contradictions_file": str(self.contradictions_file) if self.contradictions_file else None,
            "seconds": round(self.seconds, 3),
            "dry_run": self.dry_run,
            "notices": self.notices,
        }
