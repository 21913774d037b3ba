"""Rejected rows: which loads left some, and what was wrong with them."""

import csv
from datetime import UTC, datetime
from itertools import islice

from kg.workspace.workspace import Workspace
from recommender.results.document import Result

SHOWN = 200
"""Rows of one load that are shown; the file has all of them."""


class RejectedRow(Result):
    """A row that was not loaded; its value is not repeated, since it may be about a person."""

    file: str
    line: int
    field: str
    reason: str
    hint: str


class RejectedLoad(Result):
    """A load that left some rows out."""

    name: str
    """Of its folder."""
    at: datetime
    count: int
    rows: list[RejectedRow]
    """The first ones."""


def rejected_loads(workspace: Workspace, most: int = 10) -> list[RejectedLoad]:
    """The newest loads with rejects, the newest first.

    :param most: how many loads.
    """
    found = []
    folders = sorted((p.parent for p in workspace.rejects.glob("*/rejects.csv")), key=lambda p: p.name, reverse=True)
    for folder in folders[:most]:
        with (folder / "rejects.csv").open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows = [
                RejectedRow.model_validate({k: row[k] for k in RejectedRow.model_fields})
                for row in islice(reader, SHOWN)
            ]
            count = len(rows) + sum(1 for _ in reader)
        at = datetime.strptime(folder.name.partition("Z")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
        found.append(RejectedLoad(name=folder.name, at=at, count=count, rows=rows))
    return found
