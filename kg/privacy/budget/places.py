"""Where releases are booked: files, and the store, where several workspaces read one; whoever shares a place shares a
budget."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Protocol

from kg.document import read_toml
from kg.errors import LimitError, WorkspaceError
from kg.file_lock import FileLock
from kg.privacy.budget.release import Release, release_of
from kg.workspace.permissions import private_files
from kg.workspace.workspace import CONFIGURATION

if TYPE_CHECKING:  # polars, which answering does not need
    from kg.stores.store import Store

NAME = "privacy-ledger.jsonl"
SPARE = f".{NAME}"
"""A second file of the same lines in the workspace, so that one that is removed or put back costs nobody anything."""
PATIENCE = 10.0
"""Seconds that a release waits for others that are being paid for."""
MARK = "private-release:"
Lines = list[str]


class Place(Protocol):
    """Where releases are booked."""

    @property
    def shown(self) -> str:
        """How it is named to a person."""
        ...

    def read(self) -> Lines:
        """What is booked there.

        :raises WorkspaceError: where it is damaged.
        """
        ...

    def book(self, known: Lines, release: Release) -> bool:
        """Write a release down; false where another was faster, and the sum must be made anew.

        :param known: what :meth:`read` said, and the sum was made of.
        """
        ...


@dataclass(frozen=True)
class FilePlace:
    """A file, a line each; ``aside``: of another workspace, and so written to only where that is possible."""

    path: Path
    aside: bool = False

    @property
    def shown(self) -> str:
        """Its path."""
        return str(self.path)

    def read(self) -> Lines:
        """Its lines; none where there is no file."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
            for line in lines:
                release_of(line)
        except FileNotFoundError:
            return []
        except (OSError, ValueError):
            raise WorkspaceError(
                f"{self.path}: damaged; restore it from a copy: it says what of the budget is left"
            ) from None
        return lines

    def book(self, known: Lines, release: Release) -> bool:
        """Append it, and have it on the disk: what was told is paid for, whatever becomes of the machine."""
        try:
            with private_files(), self.path.open("a", encoding="utf-8") as file:
                file.write(f"{release.line}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            if not self.aside:
                raise unwritable(self.path, problem) from None
        return True


@dataclass(frozen=True)
class StorePlace:
    """A store on a server: one numbered mark each. Whoever leaves the mark of a number first has it, so that two of two
    machines never spend the same."""

    url: str
    opened: "Callable[[bool], Store]"
    """Opens it, for reading only or not."""

    @property
    def shown(self) -> str:
        """Its address."""
        return self.url

    def read(self) -> Lines:
        """Its marks, by number."""
        store = self.opened(True)
        try:
            marks = store.marks(MARK)
        finally:
            store.close()
        lines = [marks[name] for name in sorted(marks)]
        try:
            for line in lines:
                release_of(line)
        except ValueError:
            raise WorkspaceError(
                f"{self.url}: a mark of a private release is damaged: nobody knows what is left"
            ) from None
        return lines

    def book(self, known: Lines, release: Release) -> bool:
        """Leave the next mark, and see whose it is."""
        name, store = f"{MARK}{len(known):09}", self.opened(False)
        try:
            store.add_marks({name: release.line})
            return store.marks(name).get(name) == release.line
        finally:
            store.close()


def beside_store(store: Path) -> Path:
    """The ledger of an embedded store, which all workspaces share that read it: that of the workspace it lies in, or a
    file of its own beside it."""
    store = store.resolve()
    home = store.parent / CONFIGURATION
    if home.is_file() and read_toml(home).get("store") == store.name:
        return store.parent / NAME
    return store.with_name(f"{store.name}.{NAME}")


def siblings(ledger: Path, own: Lines) -> list[FilePlace]:
    """The ledgers of workspaces that this one is a copy of, or that are copies of it: somewhere else, with a release in
    them that is booked here too.

    :param ledger: that of the workspace.
    :param own: its lines.
    """
    found, mine = list[FilePlace](), str(ledger.parent.resolve())
    for place in sorted({release_of(line).folder for line in own} - {"", mine}):
        paths = [Path(place) / name for name in (NAME, SPARE)]
        with suppress(OSError, UnicodeDecodeError):  # somebody else's, and no copy that one could pay from
            if any(set(path.read_text(encoding="utf-8").splitlines()) & set(own) for path in paths if path.exists()):
                found += [FilePlace(path, aside=True) for path in paths]
    return found


@contextmanager
def locked(places: Sequence[FilePlace]) -> Iterator[None]:
    """Keep other releases that are booked in the same files waiting.

    :raises LimitError: where they take too long.
    :raises WorkspaceError: where a file cannot be locked.
    """
    held, until = list[FileLock](), monotonic() + PATIENCE
    try:
        for place in sorted(places, key=lambda one: str(one.path.resolve())):  # all in one order: none waits in a ring
            try:
                held.append(_lock(place.path.resolve().with_suffix(".lock"), until))
            except OSError as problem:
                if not place.aside:
                    raise unwritable(place.path, problem) from None
        yield
    finally:
        for lock in held:
            lock.release()


def _lock(path: Path, until: float) -> FileLock:
    while (lock := FileLock.try_acquire(path)) is None:
        if monotonic() > until:
            raise LimitError("other private releases are being paid for all the time; run the command again")
        sleep(0.02)
    return lock


def unwritable(path: Path, problem: OSError) -> WorkspaceError:
    """What is said of a ledger that cannot be written."""
    return WorkspaceError(
        f"{path}: cannot be written: {problem.strerror or problem}; nothing is released that is not booked"
    )
