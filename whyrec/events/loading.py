"""Events into the store: what the service gathered becomes triples, each once, however often this is cut off."""

import csv
import os
from collections.abc import Collection, Iterable
from contextlib import closing
from pathlib import Path

from kg.progress import WAITING, Progress
from kg.values.formula import escaped_formula
from kg.workspace.scratch import scratch
from kg.workspace.workspace import Workspace
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
from whyrec.events.taking_over import alone
from whyrec.reports import LoadReport
from whyrec.workspace.load import Loading, load_files

FOLDER = "service"
"""Where a workspace keeps the log of its service."""


def load_events(workspace: Workspace, progress: Progress) -> LoadReport | None:
    """Load the events that no load has taken over; ``None`` where there are none.

    They are marked only when the store and its snapshot hold them: a load that is cut off before that is repeated
    whole, and since a triple is there once, nothing counts twice. Signals that are no relation stay in the log.
    """
    service = workspace.folder / FOLDER
    if not service.is_dir():
        return None
    with alone(service, lambda text: progress(WAITING, 0, None, text)), closing(EventLog(service)) as log:
        pending = log.pending()
        rows = [event for _, event in pending if event.relation in workspace.schema.relation]
        if not rows:
            return None
        with scratch(workspace.folder, "events") as folder:
            repeated = {name for name, one in workspace.schema.relation.items() if one.repeat}
            called = {path.absolute(): f"events/{path.name}" for path in _files(folder, rows, repeated)}
            report = load_files(workspace, Loading(tuple(called), pseudonymise=None), progress, called)
        log.taken_over(pending[-1][0])
        return report


def _files(folder: Path, events: Iterable[Event], repeated: Collection[str]) -> list[Path]:
    """One file per relation, named after it; of several events of one person and item the latest, or each.

    :param repeated: relations of which each counts.
    """
    latest: dict[str, dict[tuple[str, ...], Event]] = {}
    for event in events:
        each = (event.key,) if event.relation in repeated else ()
        known, place = latest.setdefault(event.relation, {}), (event.user, event.item, *each)
        if place not in known or (event.timestamp or 0) >= (known[place].timestamp or 0):  # they may come out of order
            known[place] = event
    written = []
    for relation, found in latest.items():
        path = folder / f"{relation}.csv"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("head", "tail", "weight", "timestamp"))
            for one in found.values():
                ends = escaped_formula(one.user), escaped_formula(one.item)  # the reader takes them back
                writer.writerow((*ends, one.weight or 1.0, one.timestamp))
        written.append(path)
    return written
