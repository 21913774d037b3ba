"""Who was forgotten: what they are said to do afterwards is not taken, since a load would leave it out, and until then
it would be kept.

The list is that of :mod:`kg.workspace.suppression`, which brings a library along that answering does not need: 23 MB of
each worker. It holds keyed hashes, and names nobody.
"""

from pathlib import Path

from kg.workspace.forgotten_digests import IN_STORE, NAME, Digests


class ForgottenPeople:
    """The lists of a workspace and, as it was last read, of its store, read again whenever they were written."""

    def __init__(self, folder: Path) -> None:
        self._lists = [_List(folder / name) for name in (NAME, IN_STORE)]

    @property
    def anybody(self) -> bool:
        """Whether there is anybody on them.

        :raises WorkspaceError: where one is damaged.
        """
        return any(one.now().known for one in self._lists)

    def has(self, user_type: str, user: str) -> bool:
        """Whether somebody is on one of them.

        :raises WorkspaceError: where one is damaged.
        """
        return any(one.now().has(user_type, user) for one in self._lists)


class _List:
    """The list of one file."""

    def __init__(self, path: Path) -> None:
        self._path, self._mark, self._digests = path, (0, 0), Digests()

    def now(self) -> Digests:
        """As it stands there now; what was last read where the file is gone.

        :raises WorkspaceError: where it is damaged.
        """
        try:
            told = self._path.stat()
        except FileNotFoundError:
            return self._digests
        if self._mark != (mark := (told.st_ino, told.st_mtime_ns)):
            self._digests, self._mark = Digests.read(self._path), mark
        return self._digests
