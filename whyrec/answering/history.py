"""History: what lists came from before the last loads and trainings, kept to say why a list changed.

A period is a snapshot, the model beside it, and the rules of the workspace. Its files are links to those of the
workspace, which are replaced and never written again; what is small is copied. Kernels are made anew when they are
asked for. Kept are the last ``[history] keep`` periods before the present one; ``forget`` and ``rotate-key``
remove all, since they show people, and retention those that are too old.
"""

import hashlib
import json
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from kg.errors import SnapshotError, UsageError
from kg.file_link import link_file
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.permissions import private_files
from kg.workspace.workspace import CONFIGURATION, Workspace
from recommender.learning.carry_over import FOLDED
from recommender.learning.model import MANIFEST, VECTORS, open_model

if TYPE_CHECKING:
    from recommender.serving.recommender import Recommender

FILE = "period.json"
LEAST = 4
"""Characters of a hash that name a snapshot."""


class Period(BaseModel, frozen=True):
    """What was in force from a moment on; ``model`` is the digest of its manifest, empty where nothing was trained."""

    since: datetime
    snapshot: str
    model: str
    rules: dict[str, Any]

    def like(self, other: "Period") -> bool:
        """Whether both give the same lists."""
        return (self.snapshot, self.model, self.rules) == (other.snapshot, other.model, other.rules)


def periods(workspace: Workspace) -> list[tuple[Path, Period]]:
    """The periods that are kept, the oldest first; damaged ones are none."""
    found = []
    for folder in workspace.history.glob("[0-9]*"):
        with suppress(OSError, ValueError):
            found.append((folder, Period.model_validate_json((folder / FILE).read_bytes())))
    return sorted(found, key=lambda one: (one[1].since, one[0].name))


def earlier_periods(workspace: Workspace) -> list[tuple[Path, Period]]:
    """The periods that are kept, without that of now."""
    kept, present = periods(workspace), period_of_now(workspace)
    return kept[:-1] if kept and present is not None and kept[-1][1].like(present) else kept


@private_files()
def keep_period(workspace: Workspace) -> None:
    """Keep what is in force now, if it is something else than the last that was kept; the oldest go."""
    kept, most = periods(workspace), workspace.settings.history.keep
    if most == 0:
        shutil.rmtree(workspace.history, ignore_errors=True)
        return
    current, present = workspace.generations.mark, period_of_now(workspace)
    if present is not None and not (kept and kept[-1][1].like(present)):
        number = max((int(folder.name) for folder, _ in kept), default=0) + 1
        pending = workspace.history / f".{os.getpid()}"
        try:
            _write(workspace, present, pending)
            if workspace.generations.mark == current:
                pending.rename(workspace.history / f"{number:06d}")
        except OSError:
            pass
        shutil.rmtree(pending, ignore_errors=True)  # of who loads, trains or forgets at this very moment, and keeps it
    for folder, _ in periods(workspace)[: -most - 1]:
        shutil.rmtree(folder, ignore_errors=True)


def replaced_at(workspace: Workspace) -> list[datetime]:
    """When each period but the last that is kept was replaced by the next, the oldest first."""
    return [later.since for _, (_, later) in pairwise(periods(workspace))]


def drop_periods(workspace: Workspace, before: datetime) -> int:
    """Remove the periods that were replaced before a moment; says how many."""
    kept = periods(workspace)
    old = [folder for (folder, _), (_, later) in pairwise(kept) if later.since < before]
    for folder in old:
        shutil.rmtree(folder, ignore_errors=True)
    return len(old)


def period_since(workspace: Workspace, text: str) -> tuple[Path, Period]:
    """The period that a date or the beginning of a snapshot's hash means.

    :param text: ``2026-05-01``, ``2026-05-01T09:30``, or four characters or more of a hash.
    :returns: of a day, what was in force when it began, or else what came first on it;
        of a snapshot, what was in force once it was taken.
    :raises UsageError: where it is neither, or no period of then is kept.
    """
    kept = periods(workspace)
    known = ", ".join(f"{one.snapshot[:12]} ({_told(one.since)})" for _, one in kept) or "none yet"
    named = [one for one in kept if len(text) >= LEAST and one[1].snapshot.startswith(text)]
    moment = _moment(text)
    if named:
        then = named[:1]
    elif moment is not None:
        then = [one for one in kept if one[1].since <= moment] or [one for one in kept if _of_day(one[1], text)][:1]
    else:
        then = []
    if not then:
        raise UsageError(
            f"`since` {text!r}: nothing of then is kept, but {known}; `[history] keep` in whyrec.toml says how many"
        )
    return then[-1]


def opened_period(folder: Path, workspace: Workspace, now: Snapshot, progress: Progress) -> "tuple[Recommender, ...]":
    """The recommender of a period, and its model over the snapshot of now.

    :raises SnapshotError: where the schema was another one then.
    """
    from recommender.serving.recommender import Recommender  # a load answers nobody

    schema, k = workspace.schema, workspace.settings.privacy.k
    try:
        snapshot = Snapshot.open(folder / "snapshot", schema, k)
    except SnapshotError as problem:
        raise SnapshotError(f"lists of then cannot be made again: {problem}") from None
    with private_files():
        then = open_model(folder / "model", snapshot, folder / "kernels", progress)
        carried = open_model(folder / "model", now, folder / "kernels-now", progress)
    return Recommender(then), Recommender(carried)


def moment_of(period: Period) -> str:
    """Since when it was in force, as a person reads it."""
    return _told(period.since)


def period_of_now(workspace: Workspace) -> Period | None:
    """What is in force; ``None`` before the first snapshot."""
    try:
        manifest = workspace.snapshot().manifest
    except SnapshotError:
        return None
    path = workspace.model / MANIFEST
    digest = _digest(path) if path.is_file() else ""
    rules = json.loads(json.dumps(workspace.settings.rules, default=str))
    files = workspace.snapshots / "current", path, workspace.folder / CONFIGURATION
    written = max(one.stat().st_mtime_ns for one in files if one.is_file()) // 1_000_000
    since = datetime.fromtimestamp(written / 1000, UTC)
    return Period(since=since, snapshot=manifest.hash, model=digest, rules=rules)


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()


def _write(workspace: Workspace, present: Period, folder: Path) -> None:
    snapshot = workspace.snapshots / present.snapshot[:16]
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(snapshot, folder / "snapshot", copy_function=link_file)
    if present.model:
        leave_out = shutil.ignore_patterns(VECTORS, FOLDED, ".*")
        shutil.copytree(workspace.model, folder / "model", ignore=leave_out)
        if (workspace.model / VECTORS).is_dir():
            shutil.copytree(workspace.model / VECTORS, folder / "model" / VECTORS, copy_function=link_file)
    (folder / FILE).write_text(present.model_dump_json(indent=1), encoding="utf-8")


def _moment(text: str) -> datetime | None:
    """A moment, the beginning of a day where no time is told; UTC unless it says otherwise."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _of_day(period: Period, text: str) -> bool:
    """Whether it came into force on a day that is told without a time."""
    return period.since.date().isoformat() == text


def _told(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
