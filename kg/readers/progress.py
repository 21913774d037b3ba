"""How far a reader has come: as far as what it reads from."""

from typing import Protocol


class Measured(Protocol):
    """A file that is read: its size, and the bytes of it that have been read."""

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there."""
        ...

    @property
    def position(self) -> int:
        """How many of them have been read."""
        ...


class MeasuredReader:
    """A reader that is as large as the one file it reads, and as far."""

    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    @property
    def size(self) -> int:
        """Bytes of the file as it lies there."""
        return self._measured.size

    @property
    def position(self) -> int:
        """How many of them have been read."""
        return self._measured.position
