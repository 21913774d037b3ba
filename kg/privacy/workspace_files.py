"""The files of a workspace: which are whyrec's own, and which belong to the person who runs it."""

import os
from collections.abc import Iterator
from pathlib import Path

from kg.privacy.redaction import is_list_of_recommendations
from kg.stores.url import is_neo4j
from kg.workspace.workspace import Workspace


class WorkspaceFiles:
    """All files below the folder of a workspace, and those of an embedded store outside it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        url = workspace.settings.store
        self.store = None if is_neo4j(url) else workspace.folder / url
        """The file of an embedded store; ``None`` for a server."""

    def all(self) -> Iterator[Path]:
        """All files, sorted by folder."""
        yield from _files(self._workspace.folder)
        if self.store is not None and not self.store.resolve().is_relative_to(self._workspace.folder.resolve()):
            yield from sorted(path for path in self.store.parent.glob(f"{self.store.name}*") if path.is_file())

    def is_own(self, path: Path) -> bool:
        """Whether a file is made and kept by whyrec alone."""
        one = self._workspace
        folders = (one.snapshots, one.kernels, one.model, one.rejects, one.staging)
        of_store = self.store is not None and path.parent == self.store.parent and path.name.startswith(self.store.name)
        return of_store or any(path.is_relative_to(folder) for folder in folders)

    def rewritable(self) -> Iterator[Path]:
        """Files of which single rows may be taken out: rejects, and lists of recommendations for all users."""
        for path in _files(self._workspace.folder):
            in_rejects = path.is_relative_to(self._workspace.rejects)
            if in_rejects or (path.suffix == ".parquet" and is_list_of_recommendations(path)):
                yield path

    def shown(self, path: Path) -> str:
        """How a file is named to a person."""
        folder = self._workspace.folder
        return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _files(folder: Path) -> Iterator[Path]:
    """All files below a folder, sorted; links are files of somebody else's and are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (path for name in sorted(names) if (path := Path(place, name)).is_file() and not path.is_symlink())
