"""Parts of a batch that are done, kept beside the file to write, so that a repeated command goes on after a kill."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from pyarrow import ipc

from kg.errors import UsageError
from kg.file_lock import FileLock
from kg.workspace.outputs import PARTS_LOCK, parts_of

KEY = "key.json"


class BatchParts:
    """A folder of Arrow files, one per part, for one key: what decides the content of the parts.

    :ivar other: whether parts of another key were there; they are gone now.
    """

    def __init__(self, folder: Path, lock: FileLock, other: bool) -> None:
        """Use :meth:`open`."""
        self.folder, self._lock, self.other = folder, lock, other

    @classmethod
    def open(cls, out: Path, key: Mapping[str, Any]) -> Self:
        """Take the folder that belongs to ``out``, keeping what was done for the same key.

        :raises UsageError: where another process is writing the same file.
        :raises OSError: where the folder cannot be made.
        """
        folder, text = parts_of(out), json.dumps(key, sort_keys=True, indent=1)
        folder.mkdir(exist_ok=True)
        lock = FileLock.try_acquire(folder / PARTS_LOCK)
        if lock is None:
            raise UsageError(f"{out}: another process is writing this file; wait for it, or name another `out`")
        file = folder / KEY
        other = file.exists() and file.read_text(encoding="utf-8") != text
        if other or not file.exists():
            for part in folder.glob("*.arrow"):
                part.unlink()
            file.write_text(text, encoding="utf-8")
        return cls(folder, lock, other)

    def has(self, number: int) -> bool:
        """Whether a part is done; one that a power cut tore is not."""
        try:
            self.read(number)
        except (FileNotFoundError, pa.ArrowInvalid):
            return False
        return True

    def read(self, number: int) -> pa.Table:
        """A part that is done."""
        with pa.memory_map(str(self.folder / f"{number}.arrow")) as file:
            return ipc.open_file(file).read_all()

    def save(self, number: int, table: pa.Table) -> None:
        """Keep a part, whole or not at all."""
        pending = self.folder / f"{number}.pending"
        with ipc.new_file(str(pending), table.schema) as writer:
            writer.write_table(table)
        pending.replace(self.folder / f"{number}.arrow")

    def close(self, done: bool) -> None:
        """Let go of the folder, and remove it where the batch is done."""
        self._lock.release()
        if done:
            shutil.rmtree(self.folder, ignore_errors=True)
