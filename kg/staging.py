"""Good rows on disk till all rows are checked, so that memory stays flat and nothing bad reaches the store."""

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl


class Staging:
    """Named tables in a folder of their own, which goes away with ``with``."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, inside ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="load-", dir=folder))
        self._parts: dict[str, int] = {}

    def add(self, tables: Iterable[tuple[str, pl.DataFrame]]) -> None:
        """Append frames to tables; names are of letters, digits, ``_`` and ``.``."""
        for name, frame in tables:
            part = self._parts.get(name, 0)
            if frame.height or not part:
                frame.write_parquet(self._folder / f"{name}-{part}.parquet", compression="lz4", statistics=False)
                self._parts[name] = part + 1

    def names(self, kind: str) -> list[str]:
        """The tables of which the first part of the name is ``kind``, sorted."""
        return sorted(name for name in self._parts if name.split(".", 1)[0] == kind)

    def scan(self, name: str) -> pl.LazyFrame | None:
        """A table, or ``None`` where nothing was added under that name."""
        parts = self._parts.get(name, 0)
        if not parts:
            return None
        return pl.scan_parquet([self._folder / f"{name}-{part}.parquet" for part in range(parts)], glob=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
