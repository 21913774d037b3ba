"""What whyrec wrote for somebody on request: lists, pages, exports. Whoever is forgotten must be found there too.

``outputs.json`` in the workspace names the files, wherever they lie; those that are gone are dropped from it.
"""

import json
import os
from pathlib import Path

from kg.document import parsed_json
from kg.errors import WorkspaceError
from kg.workspace.permissions import private_files
from kg.workspace.workspace import SEALED

NAME = "outputs.json"
PARTS_LOCK = "lock"
"""Held in a folder of parts by whoever writes them."""
PAGE_PERSON = "whyrec-person"
"""Name of the ``meta`` element by which a page says whom it is about."""


def remember_output(folder: Path, path: Path) -> None:
    """Note that whyrec wrote a file, or is about to, if it is one that may be cut off midway.

    :raises WorkspaceError: where the workspace folder cannot be written.
    """
    known = [str(one) for one in _noted(folder) if one.is_file() or _cut_off(one) or _sealed_in(one) is not None]
    written = os.path.realpath(path)
    if written in known:
        return
    pending = folder / f".{NAME}.{os.getpid()}"
    try:
        with private_files():
            pending.write_text(json.dumps({"files": sorted([*known, written])}, indent=1) + "\n", encoding="utf-8")
            pending.replace(folder / NAME)
    except OSError as problem:
        raise WorkspaceError(f"{folder / NAME}: cannot be written: {problem.strerror}") from None


def outputs(folder: Path) -> list[Path]:
    """The files that whyrec wrote and that are still there, sorted.

    :raises WorkspaceError: where the list is damaged: then nobody knows where people's data lie.
    """
    return [path for path in _noted(folder) if path.is_file()]


def sealed_outputs(folder: Path) -> list[Path]:
    """The sealed workspaces, other ones than this, in which files that whyrec wrote are, sorted.

    :raises WorkspaceError: as :func:`outputs`.
    """
    found = {_sealed_in(path) for path in _noted(folder)}
    return sorted(one for one in found if one is not None and one != folder.resolve())


def cut_off_outputs(folder: Path) -> list[Path]:
    """What is there of files that were begun and are not whole: folders of parts, and files that were to be renamed.

    :raises WorkspaceError: as :func:`outputs`.
    """
    return [part for path in _noted(folder) for part in _cut_off(path)]


def parts_of(path: Path) -> Path:
    """The folder beside a file in which its parts lie until it is whole."""
    return path.with_name(f".{path.name}.parts")


def pending_of(path: Path) -> Path:
    """What a file is called until it is whole."""
    return path.with_name(f".{path.name}.pending")


def _sealed_in(path: Path) -> Path | None:
    """The sealed workspace that a file which is gone was in."""
    return None if path.is_file() else next((one for one in path.parents if (one / SEALED).is_file()), None)


def _cut_off(path: Path) -> list[Path]:
    return [one for one in (parts_of(path), pending_of(path)) if one.exists()]


def _noted(folder: Path) -> list[Path]:
    """Every file that was noted, there or not, sorted."""
    try:
        return sorted(map(Path, parsed_json((folder / NAME).read_bytes())["files"]))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        raise WorkspaceError(
            f"{folder / NAME}: the list of files that whyrec wrote is damaged; restore it from a copy, or delete it "
            "and look for such files by hand"
        ) from None
