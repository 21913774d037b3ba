"""Files that a command writes where the user says: never over configuration, data, or a file of another kind."""

from collections.abc import Callable
from pathlib import Path

from kg.errors import UsageError, WhyrecError
from kg.mapping.mapping import read_mapping
from kg.stores.url import is_neo4j
from kg.workspace.workspace import CONFIGURATION, Workspace

START = 1 << 16
"""Bytes of a file by which its kind is told."""
Recogniser = Callable[[Path], bool]
"""Whether a file that is there is one that the same command wrote."""


def starts_with(*starts: bytes, contains: bytes = b"") -> Recogniser:
    """Tells a file by its first bytes, and by what stands soon after."""

    def recognise(path: Path) -> bool:
        """Whether the file begins as it should."""
        with path.open("rb") as file:
            found = file.read(START)
        return found.startswith(starts) and contains in found

    return recognise


PAGE = starts_with(b"<!DOCTYPE html>", contains=b'content="default-src ')
"""A page that whyrec wrote: such a page forbids itself to fetch anything."""
DRAWING = starts_with(b"<?xml", contains=b'font-family="sans-serif"')
"""A drawing that whyrec wrote."""


def check_output(path: Path, is_own: Recogniser, workspace: Workspace | None, force: bool | None = False) -> None:
    """Refuse to write over what another run of the same command did not write.

    :param workspace: whose configuration and sources are not written over; ``None`` outside of any.
    :param force: write over it all the same; ``None`` where that cannot be asked for.
    :raises UsageError: naming what would be lost; also for a folder, which no force overwrites.
    """
    if path.is_dir():
        raise UsageError(f"{path}: this is a folder; name a file")
    if force or not path.exists():
        return
    what = None if workspace is None else _role(workspace, path)
    if what is None:
        try:
            what = None if is_own(path) else "something else than this command writes"
        except OSError as problem:
            raise UsageError(f"{path}: cannot be looked into: {problem.strerror}") from None
    if what is not None:
        ending = "" if force is None else ", or overwrite it with `force`"
        raise UsageError(f"{path}: is there, and is {what}; name another file{ending}")


def _role(workspace: Workspace, path: Path) -> str | None:
    """What the file is to the workspace, links followed; ``None`` where it is nothing."""
    place, settings = path.resolve(), workspace.settings
    if place in {(workspace.folder / name).resolve() for name in (CONFIGURATION, settings.schema_file)}:
        return "configuration of the workspace"
    if place == workspace.mapping.resolve():
        return "the mapping of the workspace"
    store = None if is_neo4j(settings.store) else (workspace.folder / settings.store).resolve()
    if store is not None and place.parent == store.parent and place.name.startswith(store.name):
        return "the store"
    folders = (*workspace.made, workspace.staging, workspace.rejects)
    if any(place.is_relative_to(folder.resolve()) for folder in folders):
        return "a file that whyrec keeps"
    return "a source of the mapping" if place in _sources(workspace) else None


def _sources(workspace: Workspace) -> set[Path]:
    """The files that the workspace's mapping reads; none where it cannot be read."""
    found: set[Path] = set()
    try:
        for source in read_mapping(workspace.mapping, workspace.schema):
            found |= {file.resolve() for file in source.files(workspace.folder, allow_outside=True)}
    except WhyrecError:  # no mapping, or files that are gone: the others are not told then
        return found
    return found
