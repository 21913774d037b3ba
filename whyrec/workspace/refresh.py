"""Refresh: take over what Cypher, an app or another program wrote to the store."""

from collections.abc import Mapping
from contextlib import closing

from kg.errors import SnapshotError
from kg.privacy.budget.ledger import PrivacyLedger
from kg.privacy.erasure.coming_back import CAME_BACK, erase_again
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.permissions import private_files
from kg.workspace.workspace import Workspace
from whyrec.answering.opening import FORGOTTEN_ELSEWHERE, refreshed
from whyrec.reports import RefreshReport
from whyrec.workspace.status import told_counts


@private_files()
def refresh(workspace: Workspace, full: bool, progress: Progress) -> RefreshReport:
    """Read the store where its fingerprint has changed, and answer from what is there now.

    :param full: read and compare all of it, whatever the fingerprint says.
    :raises SnapshotError: where the store is empty, or between two states.
    """
    before, had_model = _before(workspace), workspace.held().model.is_dir()
    with workspace.lock():
        back = _erased_again(workspace)
        now, taken = refreshed(workspace, progress, anew=full)
    PrivacyLedger(workspace.folder, workspace.settings.privacy).begin()
    gone = had_model and not workspace.held().model.is_dir()
    return RefreshReport(
        snapshot=now.hash,
        before=before.hash if before else None,
        changed=before is None or before.hash != now.hash,
        compared=taken,
        entities=_moved(workspace, before.manifest.entities if before else {}, now.manifest.entities),
        triples=_moved(workspace, before.manifest.triples if before else {}, now.manifest.triples),
        notices=[*([CAME_BACK] if back else []), *([FORGOTTEN_ELSEWHERE] if gone else [])],
    )


def _erased_again(workspace: Workspace) -> bool:
    """Whether anybody who was forgotten came back with the store; nothing is erased from one that others load."""
    if workspace.settings.adoption is not None:
        return False
    with closing(workspace.open_store()) as store:
        return erase_again(workspace, store)


def _before(workspace: Workspace) -> Snapshot | None:
    try:
        return workspace.snapshot()
    except SnapshotError:
        return None


def _moved(
    workspace: Workspace, before: Mapping[str, int], now: Mapping[str, int]
) -> dict[str, tuple[int | str, int | str]]:
    """Name → numbers before and now, where they differ; of few people neither is told."""
    old, new = told_counts(workspace, dict(before)), told_counts(workspace, dict(now))
    return {name: (old.get(name, 0), count) for name, count in new.items() if old.get(name, 0) != count}
