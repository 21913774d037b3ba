"""Open the recommender of a workspace, taking what is missing from the store."""

from cli.output import Output
from kg.errors import SnapshotError
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import Workspace
from recommender.learning.model import open_model
from recommender.serving.recommender import Recommender


def open_recommender(workspace: Workspace, output: Output) -> Recommender:
    """The recommender of the current snapshot; the first one after a load makes the kernels, once."""
    snapshot = current_snapshot(workspace, output)
    build_kernels(workspace, snapshot, output)
    return Recommender(open_model(workspace.model, snapshot, workspace.kernels))


def build_kernels(workspace: Workspace, snapshot: Snapshot, output: Output) -> int:
    """Make the kernels that the model of the workspace needs and that are not on disk; returns how many were made."""
    from cli.progress import Bars
    from whyrec.opening import build_kernels as build

    with Bars(output) as bars:
        return build(workspace, snapshot, bars)


def current_snapshot(workspace: Workspace, output: Output) -> Snapshot:
    """The snapshot that was taken last; taken from the store where there is none yet."""
    try:
        return workspace.snapshot()
    except SnapshotError as problem:
        if (workspace.snapshots / "current").exists():
            raise
        output.notices([f"{problem}; looking into the store"])
        store = workspace.open_store(read_only=True)
        try:
            return workspace.refresh(store)[0]
        finally:
            store.close()
