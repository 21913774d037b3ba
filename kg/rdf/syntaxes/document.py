"""Files of RDF that stand or fall as a whole."""

from pathlib import Path

import polars as pl

from kg.readers.batch import reject_frame
from kg.readers.compression import ByteSource
from kg.readers.progress import MeasuredReader


class DocumentReader(MeasuredReader):
    """Reads a file in which what is wrong somewhere is wrong as a whole."""

    def __init__(self, path: Path, place: str) -> None:
        """Open the file.

        :param place: how messages name it.
        :raises ReadError: where it cannot be opened.
        """
        self._place, self._source = place, ByteSource(path, place)
        super().__init__(self._source)

    def rejects(self) -> pl.DataFrame:
        """None: a file with a fault is refused."""
        return reject_frame([])
