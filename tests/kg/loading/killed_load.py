"""A load that kills itself: ``python killed_load.py FOLDER STORE MOMENT``, run by ``test_resume.py`` as a process.

MOMENT is ``start`` (all is read, nothing written), a number (so many batches are written) or ``finish`` (all is
written but the last mark). The kill is SIGKILL: no handler runs, nothing is closed.
"""

import os
import signal
import sys
from pathlib import Path

from kg.loading.delete_limit import DeleteLimit
from kg.loading.load import load
from kg.loading.options import LoadOptions
from kg.loading.writing import WRITING
from kg.mapping.mapping import read_mapping
from kg.schema import read_schema
from kg.stores.opening import open_store
from kg.stores.store import Store

BATCH_ROWS = 2


class Killer:
    """Ends the process at a moment."""

    def __init__(self, moment: str) -> None:
        self._moment, self._batches = moment, 0

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        if stage == WRITING:
            self._die_at(str(self._batches) if done else "start")
            self._batches += 1
            if done == total:
                self._die_at("finish")

    def _die_at(self, moment: str) -> None:
        if moment == self._moment:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, url: str, moment: str) -> None:
    schema = read_schema(folder / "schema.toml")
    sources = read_mapping(folder / "mapping.toml", schema)

    def opener(*, read_only: bool) -> Store:
        store = open_store(url, schema, folder=folder, read_only=read_only)
        store.batch_rows = BATCH_ROWS
        return store

    options = LoadOptions(
        folder / "rejects",
        folder / "staging",
        max_deletes=DeleteLimit.parse("all"),
        unfinished=folder / "load.unfinished",
    )
    load(opener, schema, sources, folder, options, Killer(moment))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
