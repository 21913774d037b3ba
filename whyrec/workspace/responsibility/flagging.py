"""Flagging: who of a workspace does not look like a person; what they did counts, or is left out where one asks."""

from pathlib import Path

import numpy as np

from kg.errors import UsageError
from kg.k_anonymity import shown_count, told_count
from kg.progress import Progress
from kg.quality.anomalies import Anomalies, anomalies
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot
from kg.workspace.flagged import NAME, counts_in, read_flagged, write_flagged
from kg.workspace.permissions import private_files
from kg.workspace.scratch import scratch
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace
from recommender.results.document import Item
from recommender.results.responsibility.anomalies import AccountAnomalies, AnomalyReport, Count, Target
from recommender.texts.languages import language
from whyrec.answering.opening import refreshed


@private_files()
def flag(workspace: Workspace, progress: Progress, lang: str = "en") -> AnomalyReport:
    """Look at all accounts, as the store has them, and write down who is flagged.

    Where ``[anomalies] leave_out`` asks for it, a snapshot without what they did is the next generation.

    :raises UsageError: where the schema has no users.
    :raises SnapshotError: where the store is empty.
    """
    leave_out, before = workspace.settings.anomalies.leave_out, read_flagged(workspace.folder)
    if not workspace.schema.user_types:
        raise UsageError("the schema has no users: no relation is an interaction")
    with scratch(workspace.folder, "flagging") as folder:
        snapshot = _whole(workspace, folder, progress) if before else workspace.snapshot()
        found = {name: anomalies(snapshot, name) for name in workspace.schema.user_types}
        rows = [
            (name, snapshot.vocabulary.id(name, idx), " ".join(s for s, mask in one.flags.items() if mask[idx]))
            for name, one in found.items()
            for idx in np.flatnonzero(one.flagged).tolist()
        ]
        types = [_told(snapshot, name, one) for name, one in found.items()]
    gone = Suppression.open(workspace.folder)  # whoever was forgotten while accounts were looked at
    rows = [row for row in rows if not gone.has(row[0], row[1])]
    path = write_flagged(workspace.folder, rows)
    after = read_flagged(workspace.folder)
    if (leave_out and after != before) or (after and counts_in(workspace.snapshot(), after) == leave_out):
        refreshed(workspace, progress, anew=True)
    flagged = shown_count(len(rows), workspace.settings.privacy.k) if rows else 0
    text = _text(flagged, leave_out, lang)
    return AnomalyReport(types=types, file=str(path) if rows else None, left_out=leave_out, text=text)


def _whole(workspace: Workspace, folder: Path, progress: Progress) -> Snapshot:
    """What the store holds, of everybody."""
    store = workspace.open_store(read_only=True)
    try:
        return take_snapshot(store, workspace.schema, folder, progress, workspace.settings.privacy.k)
    finally:
        store.close()


def _told(snapshot: Snapshot, name: str, found: Anomalies) -> AccountAnomalies:
    k = snapshot.k

    def count(number: int) -> Count:
        """A number of accounts as it may be told."""
        return shown_count(number, k) if number else 0

    targets = [
        Target(
            item=Item(
                id=snapshot.vocabulary.id(item_type, idx),
                label=snapshot.label(item_type, idx),
                type=item_type,
                domain=snapshot.schema.entity[item_type].domain or "",
            ),
            accounts=count(number),
        )
        for (item_type, idx), number in sorted(found.targets.items(), key=lambda one: -one[1])
        if told_count(number, k)
    ]
    return AccountAnomalies(
        type=name,
        accounts=count(snapshot.vocabulary.count(name)),
        flagged=count(int(found.flagged.sum())),
        signals={signal: count(int(mask.sum())) for signal, mask in found.flags.items()},
        targets=targets,
        isolated=None if found.isolated is None else count(int(found.isolated.sum())),
    )


def _text(flagged: Count, leave_out: bool, lang: str) -> str:
    texts = language(lang).section("anomalies")
    if not flagged:
        return texts["none"]
    return texts["flagged"].format(n=flagged, file=NAME, done=texts["left_out" if leave_out else "counts"])
