"""Making a workspace: all of it, or none."""

from pathlib import Path

import pytest

from kg.errors import WorkspaceError
from kg.workspace.creation import adopting, create_workspace
from kg.workspace.workspace import ADOPTION, Workspace


def test_what_is_cut_off_is_no_workspace_yet(tmp_path: Path) -> None:
    """Else a graph of others would be one that may be written to."""

    def cut_off(configuration: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_workspace(tmp_path, store="neo4j://x", beside={ADOPTION: ""}, amended=cut_off)
    with pytest.raises(WorkspaceError, match="no workspace here"):
        Workspace(tmp_path)
    made = create_workspace(tmp_path, store="neo4j://x", beside={ADOPTION: ""}, amended=adopting)
    assert (made.settings.store, made.settings.adoption) == ("neo4j://x", ADOPTION)
