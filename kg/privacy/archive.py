"""The archive that a sealed workspace is, tar as a stream: packed, unpacked, and copied from one key to another."""

import io
import re
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from kg.errors import WorkspaceError
from kg.privacy.seal_key import LOG_KEY, opened_value, recipient, sealed_value

SERVICE = "service"
ANSWERS = f"{SERVICE}/answers.db"
"""How the files begin in which each answer that is kept is sealed by itself."""
_LOG = re.compile(rf"{SERVICE}/\w+\.db(-wal|-shm|-journal)?")
NO_ARCHIVE = "what was sealed is no archive of whyrec's: {}"


def pack(folder: Path, names: list[str], out: BinaryIO, logs: Path | None = None) -> None:
    """Write files and folders of a folder.

    :param logs: folder of copies of the logs, which are written in their place: others write to those meanwhile.
    """

    def without_logs(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        """All but a database and the files beside it."""
        return None if logs is not None and _LOG.fullmatch(member.name) else member

    with tarfile.open(fileobj=out, mode="w|") as archive:
        for name in names:
            archive.add(folder / name, arcname=name, filter=without_logs)
        for path in () if logs is None else sorted(logs.iterdir()):
            archive.add(path, arcname=f"{SERVICE}/{path.name}")


def unpack(source: BinaryIO, folder: Path) -> None:
    """Read them again.

    :raises WorkspaceError: where there is no archive to be read.
    """
    try:
        with tarfile.open(fileobj=source, mode="r|") as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as problem:
        raise WorkspaceError(NO_ARCHIVE.format(problem)) from None


@dataclass(frozen=True)
class KeptAnswers:
    """The answers that an archive holds, in a folder of their own while they are sealed anew.

    ``renewed``: seals them; gets the folder, which has them and the key of the logs.
    """

    folder: Path
    renewed: Callable[[Path], None]

    def put_aside(self, name: str, content: IO[bytes]) -> None:
        """Write a file of the archive into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            shutil.copyfileobj(content, file)

    def put_back(self, archive: tarfile.TarFile) -> None:
        """Seal them anew, and add them to an archive."""
        if (self.folder / ANSWERS).exists():
            self.renewed(self.folder)
            for path in sorted((self.folder / ANSWERS).parent.iterdir()):
                archive.add(path, arcname=f"{path.parent.name}/{path.name}")


def resealed(source: BinaryIO, out: BinaryIO, public: str, kept: KeptAnswers | None = None) -> None:
    """Copy an archive as it is, but for the key of the logs and the answers, which are sealed to another key.

    :raises WorkspaceError: where there is no archive to be read, or what is in it opens with no key at hand.
    """
    key = recipient(public)
    try:
        with tarfile.open(fileobj=source, mode="r|") as old, tarfile.open(fileobj=out, mode="w|") as new:
            for member in old:
                content: IO[bytes] | None = old.extractfile(member) if member.isfile() else None
                if content is not None and member.name == LOG_KEY:
                    sealed = sealed_value(opened_value(content.read()), key)
                    member.size, content = len(sealed), io.BytesIO(sealed)
                    if kept is not None:
                        kept.put_aside(LOG_KEY, io.BytesIO(sealed))
                elif content is not None and kept is not None and member.name.startswith(ANSWERS):
                    kept.put_aside(member.name, content)
                    continue
                new.addfile(member, content)
            if kept is not None:
                kept.put_back(new)
    except tarfile.TarError as problem:  # as when a wrong key lets nothing through
        raise WorkspaceError(NO_ARCHIVE.format(problem)) from None
