"""What whyrec wrote for somebody on request: lists, pages, exports. Whoever is forgotten must be found there too.

``outputs.json`` in the workspace names the files, wherever they lie; those that are gone are dropped from it.
"""

import json
import os
from pathlib import Path

from kg.document import parsed_json
from kg.errors import WorkspaceError
from kg.workspace.permissions import private_files

NAME = "outputs.json"
PAGE_PERSON = "whyrec-person"
"""Name of the ``meta`` element by which a page says whom it is about."""


def remember_output(folder: Path, path: Path) -> None:
    """Note that whyrec wrote a file.

    :raises WorkspaceError: where the workspace folder cannot be written.
    """
    known = [str(one) for one in outputs(folder)]
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
    try:
        files = parsed_json((folder / NAME).read_bytes())["files"]
        return sorted(path for path in map(Path, files) if path.is_file())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        raise WorkspaceError(
            f"{folder / NAME}: the list of files that whyrec wrote is damaged; restore it from a copy, or delete it "
            "and look for such files by hand"
        ) from None
