"""Flagged accounts: the file that says whose doings look made up, one row each; whoever is forgotten leaves it.

Personal data, for the owner of the workspace alone. Its first columns are those by which lists of people are known, so
that an access request tells a row of it, and forgetting takes it out.
"""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kg.errors import WorkspaceError
from kg.snapshot.snapshot import Snapshot
from kg.workspace.permissions import private_files

NAME = "anomalies.csv"
COLUMNS = ("personal_data", "user_id", "type", "signals")
MARK = "personal data"


def write_flagged(folder: Path, rows: Iterable[tuple[str, str, str]]) -> Path:
    """Write who is flagged, in one step; nobody: the file goes.

    :param rows: type, id, signals.
    """
    from kg.values.formula import escaped_formula  # polars, which serving does not need

    path, rows = folder / NAME, list(rows)
    if not rows:
        path.unlink(missing_ok=True)
        return path
    pending = folder / f".{NAME}.{os.getpid()}"
    with private_files(), pending.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((MARK, escaped_formula(entity_id), name, signals) for name, entity_id, signals in rows)
    pending.replace(path)
    return path


def read_flagged(folder: Path) -> dict[str, list[str]]:
    """Entity type → ids of the accounts that are flagged.

    :raises WorkspaceError: where the file is damaged.
    """
    found = dict[str, list[str]]()
    try:
        with (folder / NAME).open(encoding="utf-8", newline="") as file:
            from kg.values.formula import unescaped_formula  # polars, which answering needs only where it is there

            for row in csv.DictReader(file):
                found.setdefault(row["type"], []).append(unescaped_formula(row["user_id"]))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, csv.Error):
        raise WorkspaceError(f"{folder / NAME}: damaged; run `whyrec anomalies` to make it anew") from None
    return found


def counts_in(snapshot: Snapshot, flagged: Mapping[str, Sequence[str]]) -> bool:
    """Whether anything that flagged accounts did is in a snapshot."""
    for name, ids in flagged.items():
        known = [idx for one in ids if (idx := snapshot.vocabulary.get(name, one)) is not None]
        mine = [one for one in snapshot.schema.interactions if snapshot.schema.relation[one].head == name]
        if any(snapshot.link_counts(one)[known].any() for one in mine):
            return True
    return False
