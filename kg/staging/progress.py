"""Who is told how far a load has come."""

from typing import Protocol


class LoadProgress(Protocol):
    """Is told how far a load has come: file by file while it reads, then batch by batch while it writes."""

    def start(self, file: str, total_bytes: int) -> None:
        """The reading of a file begins."""
        ...

    def advance(self, rows: int, bytes_read: int) -> None:
        """So many more rows and bytes of that file have been read and checked."""
        ...

    def start_writing(self, rows: int) -> None:
        """All is read; the writing of so many rows begins."""
        ...

    def written(self, name: str, rows: int) -> None:
        """So many more rows of an entity type or a relation are safe in the store."""
        ...

    def finish(self) -> None:
        """That file, or the writing, is done."""
        ...


class NoProgress:
    """Tells nobody."""

    def start(self, file: str, total_bytes: int) -> None:
        """Do nothing."""

    def advance(self, rows: int, bytes_read: int) -> None:
        """Do nothing."""

    def start_writing(self, rows: int) -> None:
        """Do nothing."""

    def written(self, name: str, rows: int) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""
