"""The files of a workspace: which are whyrec's own, and which belong to the person who runs it.

Own folders may be links, and so may what whyrec was told to write: the files behind them are meant. Linked folders of
somebody else's are not followed.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from kg.privacy.encryption import ENCRYPTED
from kg.privacy.erasure.redaction import is_list_of_recommendations
from kg.stores.url import is_neo4j
from kg.workspace.outputs import outputs
from kg.workspace.run_values import COPY
from kg.workspace.scratch import NAME as SCRATCH
from kg.workspace.workspace import Workspace


class WorkspaceFiles:
    """All files below the folder of a workspace, what whyrec wrote elsewhere, and an embedded store outside it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        url = workspace.settings.store
        self.store = None if is_neo4j(url) else (workspace.folder / url).resolve()
        """The file of an embedded store; ``None`` for a server."""
        one = workspace
        self._own = (*one.made, one.rejects, one.staging)

    def all(self) -> Iterator[Path]:
        """All files that anybody can look into, each once, sorted by folder."""
        return (path for path in self._each() if not _is_sealed(path))

    def sealed(self) -> list[Path]:
        """Encrypted files, such as sealed copies: nobody can tell whom they hold."""
        return [path for path in self._each() if _is_sealed(path)]

    def _each(self) -> Iterator[Path]:
        seen = set[str]()
        beside = [] if self.store is None else sorted(self.store.parent.glob(f"{self.store.name}*"))
        for path in (*self._below(), *(one for one in beside if one.is_file()), *outputs(self._workspace.folder)):
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                yield path

    def linked(self) -> list[Path]:
        """Linked folders of somebody else's, which are not searched."""
        folder = self._workspace.folder
        return sorted(
            path for path in folder.rglob("*") if path.is_symlink() and path.is_dir() and not self._ours(path)
        )

    def is_own(self, path: Path) -> bool:
        """Whether a file is made and kept by whyrec alone."""
        real = path.resolve()
        of_store = self.store is not None and real.parent == self.store.parent and real.name.startswith(self.store.name)
        return of_store or self._ours(path)

    def rewritable(self) -> Iterator[Path]:
        """Files of which single rows may be taken out: rejects, and lists of recommendations for many users."""
        for path in self.all():
            rejected = path.is_relative_to(self._workspace.rejects) and not path.is_symlink()
            if rejected or is_list_of_recommendations(path):
                yield path.resolve() if path.is_symlink() else path

    def removable(self) -> Iterator[Path]:
        """Pages and exports that whyrec wrote: it can write them again."""
        written = (path for path in outputs(self._workspace.folder) if not _is_sealed(path))
        yield from (path for path in written if path.name != COPY and not is_list_of_recommendations(path))

    def shown(self, path: Path) -> str:
        """How a file is named to a person."""
        for folder in (self._workspace.folder, self._workspace.folder.resolve()):
            if path.is_relative_to(folder):
                return str(path.relative_to(folder))
        return str(path)

    def _ours(self, path: Path) -> bool:
        return any(path.is_relative_to(folder) for folder in self._own) and not (path.is_symlink() and path.is_file())

    def _below(self) -> Iterator[Path]:
        starts = [self._workspace.folder, *(folder for folder in self._own if folder.is_symlink())]
        for start in starts:
            for place, folders, names in os.walk(start):
                folders[:] = sorted(name for name in folders if name != SCRATCH)  # gone when their commands end
                yield from (path for name in sorted(names) if (path := Path(place, name)).is_file())


def _is_sealed(path: Path) -> bool:
    """Whether a file is one that :mod:`kg.privacy.sealing` made, or anybody else by age; one that cannot be read is
    not known to be."""
    try:
        with path.open("rb") as file:
            return file.read(len(ENCRYPTED)) == ENCRYPTED
    except OSError:
        return False
