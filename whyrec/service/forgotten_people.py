"""Who was forgotten: what they are said to do afterwards is not taken, since a load would leave it out, and until then
it would be kept.

The list is that of :mod:`kg.workspace.suppression`, which brings a library along that answering does not need: 23 MB of
each worker. It holds keyed hashes, and names nobody.
"""

import hashlib
from pathlib import Path

from kg.document import parsed_json

NAME = "forgotten.json"


class ForgottenPeople:
    """The list of a workspace, read again whenever it was written."""

    def __init__(self, folder: Path) -> None:
        self._path, self._mark = folder / NAME, (0, 0)
        self._key, self._digests = b"", frozenset[str]()

    def has(self, user_type: str, user: str) -> bool:
        """Whether somebody is on it."""
        self._follow()
        if not self._digests:
            return False
        text = f"{user_type}\0{user}".encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self._key, digest_size=20).hexdigest() in self._digests

    def _follow(self) -> None:
        try:
            told = self._path.stat()
        except FileNotFoundError:
            return
        if self._mark != (mark := (told.st_ino, told.st_mtime_ns)):
            data = parsed_json(self._path.read_bytes())
            self._key, self._digests, self._mark = bytes.fromhex(data["key"]), frozenset(data["digests"]), mark
