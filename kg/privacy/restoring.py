"""Restoring a sealed copy into a workspace that has lived on: what happened since is not undone with it.

A copy is of an earlier day. Its list of forgotten people lacks whoever was forgotten since, its ledger what was spent
since, its list of outputs what was written since: these three are joined with what the workspace has.
"""

import json
from pathlib import Path
from typing import Any

from kg.document import parsed_json
from kg.errors import WorkspaceError
from kg.privacy.budget.places import NAME as LEDGER
from kg.privacy.budget.places import SPARE
from kg.privacy.budget.release import joined as joined_releases
from kg.workspace.forgotten_digests import NAME as FORGOTTEN
from kg.workspace.outputs import NAME as OUTPUTS


def join_records(copy: Path, workspace: Path) -> None:
    """Add to the records of an unpacked copy what those of the workspace have besides.

    :param copy: folder of the unpacked copy, whose files are about to take the place of those of the workspace.
    :raises WorkspaceError: where a record cannot be read, or the lists of the forgotten are of two workspaces; nothing
        was changed in the workspace.
    """
    for name, joined in ((FORGOTTEN, _forgotten), (LEDGER, _ledger), (SPARE, _ledger), (OUTPUTS, _outputs)):
        old, new = workspace / name, copy / name
        if not old.is_file() or not new.is_file():
            continue  # what only one of them has stays
        try:
            new.write_text(joined(old, new), encoding="utf-8")
        except (OSError, ValueError, KeyError, TypeError):
            raise WorkspaceError(f"{old}: it, or that of the copy, is damaged; nothing was restored") from None


def _forgotten(old: Path, new: Path) -> str:
    mine, other = (_parsed(one) for one in (old, new))
    if mine["key"] != other["key"]:
        raise WorkspaceError(
            f"{old}: the copy has another list of forgotten people, so it is of another workspace; restore it into a "
            "folder of its own"
        )
    digests = sorted({*mine["digests"], *other["digests"]})
    return json.dumps({**mine, "digests": digests}, indent=1) + "\n"


def _ledger(old: Path, new: Path) -> str:
    """Lines of both, the oldest first; what one of them has twice was paid twice."""
    lines = joined_releases([one.read_text(encoding="utf-8").splitlines() for one in (old, new)])
    return "".join(f"{line}\n" for line in lines)


def _outputs(old: Path, new: Path) -> str:
    files = sorted({*_parsed(old)["files"], *_parsed(new)["files"]})
    return json.dumps({"files": files}, indent=1) + "\n"


def _parsed(path: Path) -> Any:
    return parsed_json(path.read_bytes())
