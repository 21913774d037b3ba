"""Checksums of the files that whyrec keeps and maps: written with them, looked at whenever one is opened.

Reading gigabytes at every start would cost more than the answer. So a list of checksums holds, beside the CRC-32, size
and time of each file when it was known to be right; as long as both are the same, opening costs one look at the
directory. A file whose time differs, since somebody copied, restored or damaged it, is read and compared once, and if
it is right its new time is kept. The enemy is accident, not malice.
"""

import json
import os
import time
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import get_ident
from typing import Self

NAME = "checksums.json"
_PIECE = 1 << 20
_LOOKS, _SECONDS_BETWEEN = 3, 0.02
Entry = list[int]
"""Size, CRC-32, and time of the last change in nanoseconds."""


@dataclass
class Checksums:
    """The list of one folder, or of one group of files in it."""

    path: Path
    entries: dict[str, Entry]

    @classmethod
    def write(cls, path: Path, files: Iterable[Path]) -> Self:
        """Read files of the same folder and write the list of them, in one step."""
        found = cls(path, {file.name: _entry(file) for file in sorted(files)})
        found._save()
        return found

    @classmethod
    def keep(cls, path: Path, entries: dict[str, Entry]) -> None:
        """Write a list of files that are known already, under the names they have beside it."""
        cls(path, entries)._save()

    @classmethod
    def open(cls, path: Path) -> Self | None:
        """The list; ``None`` where there is none, as for files of earlier versions.

        :raises ValueError: where it is damaged itself.
        """
        try:
            data = json.loads(path.read_bytes())
            entries = {str(name): [int(number) for number in entry] for name, entry in data.items()}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, AttributeError, TypeError, RecursionError):
            raise ValueError(f"{path.name} is damaged") from None
        if any(len(entry) != 3 for entry in entries.values()):
            raise ValueError(f"{path.name} is damaged")
        return cls(path, entries)

    def check(self, *names: str) -> None:
        """Make sure that files are as they were written.

        Somebody may be writing file and list anew at this moment; then a second look finds the two together.

        :raises OSError: where one is missing.
        :raises ValueError: where one is another, is not in the list, or has another size.
        """
        for _ in range(_LOOKS - 1):
            with suppress(OSError, ValueError):
                return self._check(names)
            time.sleep(_SECONDS_BETWEEN)
            newer = Checksums.open(self.path)
            self.entries = newer.entries if newer else {}
        return self._check(names)

    def _check(self, names: Sequence[str]) -> None:
        changed, folder = False, os.path.dirname(self.path)
        for name in names:
            entry = self.entries.get(name)
            if entry is None:
                raise ValueError(f"{name} is not in {self.path.name}")
            state = os.stat(os.path.join(folder, name))
            if state.st_size != entry[0]:
                raise ValueError(f"{name} has {state.st_size:,} bytes, {entry[0]:,} were written")
            if state.st_mtime_ns != entry[2]:
                found = _entry(self.path.parent / name)
                if found[:2] != entry[:2]:
                    raise ValueError(f"{name} is not as it was written")
                self.entries[name], changed = found, True
        if changed:
            with suppress(OSError):  # a folder that is read-only is only slower
                self._save()

    def _save(self) -> None:
        pending = self.path.with_name(f".{os.getpid()}-{get_ident()}-{self.path.name}")
        pending.write_text(json.dumps(self.entries, separators=(",", ":")), encoding="utf-8")
        pending.replace(self.path)


def _entry(file: Path) -> Entry:
    value = 0
    with file.open("rb") as content:
        changed, size = os.fstat(content.fileno()).st_mtime_ns, 0
        while piece := content.read(_PIECE):
            value, size = zlib.crc32(piece, value), size + len(piece)
    return [size, value, changed]
