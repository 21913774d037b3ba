"""Values of runs: what the figures of an experiment are means of, one row for each person or triple tested.

No row names anybody, but they stand in the order of the graph, so they are personal data: whoever is forgotten leaves
them, and they are kept no longer than ``[retention] days``. The figures themselves are of at least k people, and stay.
"""

import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from kg.errors import WorkspaceError
from kg.workspace.outputs import outputs
from kg.workspace.workspace import EXPERIMENTS

VALUES, RECORD, RUNS, COPY = "values.npy", "run.json", "runs", "experiment.toml"


def run_values(workspace: Path) -> dict[Path, datetime]:
    """The values of runs that were made from graphs, not from files of triples → when each run ended, in UTC, the
    oldest first; those of a run that was killed while it was kept, too, and those that another workspace keeps, whose
    experiments name this one."""
    found, elsewhere = dict[Path, datetime](), list[Path]()
    with suppress(WorkspaceError):  # whoever erases asks for that list before, and is told what is wrong with it
        elsewhere = [path.parent for path in outputs(workspace) if path.name == COPY]
    for folder in (*workspace.glob(f"{EXPERIMENTS}/*"), *elsewhere):
        if not _is_of_files(folder / COPY):
            for path in folder.glob(f"{RUNS}/*/{VALUES}"):
                found[path] = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return dict(sorted(found.items(), key=lambda one: (one[1], one[0])))


def is_record(workspace: Path, path: Path) -> bool:
    """Whether a file says what was run and what it gave in all: whyrec's own, full of numbers, and naming nobody."""
    return path.name == RECORD and path.parents[1].name == RUNS and path.is_relative_to(workspace / EXPERIMENTS)


def _is_of_files(copy: Path) -> bool:
    """Whether an experiment is of somebody's files of triples; one that cannot be read is taken for one of a graph."""
    try:
        return bool(tomllib.loads(copy.read_text(encoding="utf-8")).get("data", {}).get("triples"))
    except (OSError, ValueError, AttributeError):
        return False
