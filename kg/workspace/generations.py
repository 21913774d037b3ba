"""Generations: what answers come from, a complete folder each, of which one is current.

A generation holds ``snapshot``, ``kernels``, ``model`` and ``names``. It is made beside the others, what stays the same
hard-linked from the one before, so nothing in it is ever written over: files are replaced. When it is whole, one file,
``current``, is replaced, and the generation before the last is removed: whoever has the last one open reads on.

A workspace of an earlier version has the same four folders in itself; it is the generation before the first.
"""

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from kg.file_link import link_file
from kg.workspace.lock import workspace_lock
from kg.workspace.permissions import private_files

FOLDER = "generations"
SNAPSHOT, KERNELS, MODEL, NAMES = "snapshot", "kernels", "model", "names"
PARTS = (SNAPSHOT, KERNELS, MODEL, NAMES)
KEPT = 2
"""Generations that stay, the current one among them."""
WAIT_SECONDS = 3600.0
"""How long one waits for another to make a generation; kernels of a large shop take minutes."""
TRIES, PAUSE_SECONDS = 20, 0.05
"""How often a generation is removed in which somebody who still answers from it writes meanwhile."""
_NAME = re.compile(r"[0-9]+-[0-9a-f]+")
_CURRENT, _BUILDING = "current", ".building"


class Generations:
    """The generations of one workspace.

    :param workspace: the folder of the workspace.
    """

    def __init__(self, workspace: Path) -> None:
        self._workspace, self.folder = workspace, workspace / FOLDER

    @property
    def current(self) -> Path:
        """The folder of the current generation; the newest where the note of which that is was damaged."""
        try:
            name = (self.folder / _CURRENT).read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return self._workspace
        except (OSError, ValueError):
            name = ""
        return self.folder / name if _NAME.fullmatch(name) else self.all()[0]

    @property
    def mark(self) -> tuple[int, int]:
        """What is another one whenever another generation became current."""
        try:
            known = (self.folder / _CURRENT).stat()
        except OSError:
            return 0, 0
        return known.st_ino, known.st_mtime_ns

    def all(self) -> list[Path]:
        """The folders of all generations that are kept, the newest first."""
        made = [path for path in self.folder.glob("*-*") if path.is_dir()] if self.folder.is_dir() else []
        return [*sorted(made, key=number_of, reverse=True), self._workspace]

    @contextmanager
    def building(self, keep: Sequence[str]) -> Iterator[Path]:
        """A folder to make the next generation in; when the block ends well, it is the current one.

        One process at a time does that; the others wait. What fails or is killed leaves the current one as it is.

        :param keep: parts that stay as they are in the current generation, until the block replaces them.
        :raises StoreLockedError: where another process goes on making one for ``WAIT_SECONDS``.
        """
        with private_files():
            self.folder.mkdir(exist_ok=True)
            with workspace_lock(self.folder, WAIT_SECONDS):
                draft, current = self.folder / _BUILDING, self.current
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir()
                try:
                    for part in keep:
                        link_files(current / part, draft / part)
                    yield draft
                    self._publish(draft, current)
                finally:
                    shutil.rmtree(draft, ignore_errors=True)

    def drop_earlier(self) -> None:
        """Remove all but the current generation: what was erased must not live on in another."""
        if not self.folder.is_dir():
            return
        with workspace_lock(self.folder, WAIT_SECONDS):
            shutil.rmtree(self.folder / _BUILDING, ignore_errors=True)
            current = self.current
            for other in self.all():
                if other != current:
                    self._remove(other)

    def _publish(self, draft: Path, before: Path) -> None:
        folder = self.folder / f"{number_of(before) + 1}-{secrets.token_hex(4)}"
        draft.rename(folder)
        pending = self.folder / f".{_CURRENT}"
        pending.write_text(folder.name + "\n", encoding="ascii")
        pending.replace(self.folder / _CURRENT)
        kept = {folder, before}
        for other in self.all():
            if other not in kept:
                self._remove(other)

    def _remove(self, generation: Path) -> None:
        if generation != self._workspace:
            for _ in range(TRIES):
                shutil.rmtree(generation, ignore_errors=True)
                if not generation.exists():
                    return
                time.sleep(PAUSE_SECONDS)
            return
        for path in (generation / part for part in PARTS):  # of an earlier version, which may lie on another disk
            shutil.rmtree(path.resolve(), ignore_errors=True)
            if path.is_symlink():
                path.unlink()


def number_of(folder: Path) -> int:
    """The number of a generation, larger than those of all before it; 0 of a workspace without any."""
    number = folder.name.partition("-")[0]
    return int(number) if folder.parent.name == FOLDER and number.isdigit() else 0


def link_files(source: Path, target: Path) -> None:
    """The same files in another folder; hidden ones, which are unfinished, are left out."""
    for place, folders, names in os.walk(source):
        folders[:] = [name for name in folders if not name.startswith(".")]
        there = target / Path(place).relative_to(source)
        there.mkdir(parents=True, exist_ok=True)
        for name in names:
            if not name.startswith("."):
                link_file(Path(place, name), there / name)
