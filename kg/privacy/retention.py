"""Retention: rejected rows hold personal data; after some days they go."""

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kg.workspace.workspace import Workspace

_NAMED = re.compile(r"^(\d{8}T\d{6})Z-\d+$")


def rejects_by_age(workspace: Workspace) -> dict[Path, datetime]:
    """Folder of rejects → when its load began, in UTC, the oldest first; folders of other names are somebody else's."""
    found = dict[Path, datetime]()
    if workspace.rejects.is_dir():
        for path in workspace.rejects.iterdir():
            named = _NAMED.match(path.name)
            if named and path.is_dir():
                found[path] = datetime.strptime(named[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return dict(sorted(found.items(), key=lambda one: one[1]))


def drop_old_rejects(workspace: Workspace, days: int, now: datetime) -> int:
    """Remove the folders of rejects of loads that began more than so many days ago; says how many."""
    from kg.privacy.person_columns import FOLDER  # polars, which who only asks for ages can do without

    old = [path for path, began in rejects_by_age(workspace).items() if now - began > timedelta(days=days)]
    for path in old:
        shutil.rmtree(path)
        (workspace.folder / FOLDER / f"{path.name}.json").unlink(missing_ok=True)
    return len(old)
