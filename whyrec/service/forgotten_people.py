"""Who was forgotten: what they are said to do afterwards is not taken, since a load would leave it out, and until then
it would be kept.

The list is that of :mod:`kg.workspace.suppression`, which brings a library along that answering does not need: 23 MB of
each worker. It holds keyed hashes, and names nobody.
"""

from pathlib import Path

from kg.workspace.forgotten_digests import NAME, Digests


class ForgottenPeople:
    """The list of a workspace, read again whenever it was written."""

    def __init__(self, folder: Path) -> None:
        self._path, self._mark, self._digests = folder / NAME, (0, 0), Digests()

    def has(self, user_type: str, user: str) -> bool:
        """Whether somebody is on it.

        :raises WorkspaceError: where it is damaged.
        """
        self._follow()
        return self._digests.has(user_type, user)

    def _follow(self) -> None:
        try:
            told = self._path.stat()
        except FileNotFoundError:
            return
        if self._mark != (mark := (told.st_ino, told.st_mtime_ns)):
            self._digests, self._mark = Digests.read(self._path), mark
