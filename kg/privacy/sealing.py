"""Sealing: what whyrec keeps in a workspace, encrypted in one file, for rest, backup and transport.

``sealed.age`` is a tar archive in the age format (X25519, ChaCha20-Poly1305; package pyrage), written and read as a
stream. Sealing needs the public key, which the configuration holds; opening needs the secret one, which only the
environment does. Files that answers come from are mapped into memory, so they cannot be encrypted in place: a sealed
workspace answers nothing until it is unsealed, best onto an encrypted disk or into memory (tmpfs).
"""

import io
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, BinaryIO

from kg.errors import UsageError, WorkspaceError
from kg.privacy.seal_key import (
    KEY_VARIABLE,
    LOG_KEY,
    OLD_KEY_VARIABLE,
    check_opens,
    identity,
    opened_value,
    public_key,
    pyrage_package,
    recipient,
    sealed_value,
)
from kg.snapshot.snapshot import PARTNERS
from kg.stores.url import is_neo4j
from kg.workspace.flagged import NAME as FLAGGED
from kg.workspace.generations import FOLDER, PARTS
from kg.workspace.lock import LOCK, workspace_lock
from kg.workspace.permissions import private_files
from kg.workspace.workspace import CONFIGURATION, SEALED, Workspace

_OWN = (FOLDER, *PARTS, "training", "history", "rejects", ".rejects-people", "staging", "service", PARTNERS)
_OWN_FILES = (
    "forgotten.json",
    "pseudonyms.json",
    "outputs.json",
    "privacy-ledger.jsonl",
    "serve.token",
    FLAGGED,
    LOG_KEY,
)
NO_ARCHIVE = "what was sealed is no archive of whyrec's: {}"


def seal(workspace: Workspace, copy: Path | None = None) -> list[str]:
    """Encrypt what whyrec keeps in a workspace, to the key of its configuration; returns what was sealed.

    :param copy: write a sealed copy to this file and leave the workspace as it is; in place where absent.
    :raises UsageError: where the environment holds the key of something else: whoever seals could not unseal.
    :raises WorkspaceError: where the workspace has no key, is sealed already, or cannot be written.
    """
    public = workspace.settings.privacy.seal_to
    if not public:
        raise WorkspaceError(
            f"{workspace.folder}: has no key to be sealed with; set {KEY_VARIABLE} and say `whyrec seal --rotate`, or "
            "make the workspace with `whyrec init --encrypt`"
        )
    check_opens(public)
    with workspace_lock(workspace.folder), private_files():
        target = copy or workspace.folder / SEALED
        names = _own(workspace)
        if copy is None and target.exists():  # cut off after the file was whole: what is left of the rest may go
            _remove(workspace, names)
            return names
        if not names:
            raise WorkspaceError(f"{workspace.folder}: there is nothing to seal yet")
        _written(target, lambda out: _encrypt(lambda pipe: _pack(workspace.folder, names, pipe), out, public))
        if copy is None:
            _remove(workspace, names)
        return names


def unseal(workspace: Workspace, sealed: Path | None = None) -> list[str]:
    """Decrypt what was sealed, into the workspace; returns what is there again.

    :param sealed: a sealed copy; that in place where absent, which is removed then.
    :raises UsageError: where the key is missing or another one.
    :raises WorkspaceError: where there is nothing sealed, or it is damaged: nothing is changed then.
    """
    source = sealed or workspace.folder / SEALED
    if not source.is_file():
        raise WorkspaceError(f"{source}: there is nothing sealed here")
    secret = identity(KEY_VARIABLE)
    aside = workspace.folder / ".unsealing"
    with workspace_lock(workspace.folder), private_files():
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        try:
            with source.open("rb") as file:
                _decrypt(file, lambda pipe: _unpack(pipe, aside), secret, _belongs(workspace, source))
            names = sorted(path.name for path in aside.iterdir())
            for name in names:
                _take_place(aside / name, workspace.folder / name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        if sealed is None:
            source.unlink()
        return names


def rotate(workspace: Workspace) -> None:
    """Seal to the key in the environment from now on; what is sealed is sealed anew.

    :raises UsageError: where a key is missing or another one: ``WHYREC_SEAL_KEY`` is the new one, and
        ``WHYREC_SEAL_KEY_OLD`` that which the workspace is sealed with.
    """
    new, source = public_key(), workspace.folder / SEALED
    with workspace_lock(workspace.folder), private_files():
        if source.exists():
            old = identity(OLD_KEY_VARIABLE)

            def opened(pipe: BinaryIO) -> None:
                """What was sealed with the old key."""
                with source.open("rb") as file:
                    _decrypt(file, lambda plain: _resealed(plain, pipe, new), old, _belongs(workspace, source))

            def anew(out: BinaryIO) -> None:
                """The same, sealed with the new key."""
                _encrypt(opened, out, new)

            _written(source, anew)
        set_key(workspace, new)


def set_key(workspace: Workspace, key: str) -> None:
    """Write the public key that a workspace is sealed to into its configuration."""
    path = workspace.folder / CONFIGURATION
    pending = path.with_name(f".{CONFIGURATION}")
    pending.write_text(sealed_to(path.read_text(encoding="utf-8"), key), encoding="utf-8")
    pending.replace(path)


def sealed_to(configuration: str, key: str) -> str:
    """A configuration that names the public key that its workspace is sealed to."""
    text, line = configuration, f'seal_to = "{key}"'
    if re.search(r"(?m)^seal_to\s*=.*$", text):
        text = re.sub(r"(?m)^seal_to\s*=.*$", line, text)
    elif re.search(r"(?m)^\[privacy\]", text):
        text = re.sub(r"(?m)^\[privacy\][^\n]*\n", lambda found: f"{found[0]}{line}\n", text)
    else:
        text += f"\n[privacy]\n{line}\n"
    return text


def _own(workspace: Workspace) -> list[str]:
    """Names of what whyrec keeps in the folder and that is there."""
    names = [*_OWN, *_OWN_FILES]
    url = workspace.settings.store
    if not is_neo4j(url) and Path(url).name == url:
        names += [path.name for path in workspace.folder.glob(f"{url}*")]
    return sorted(name for name in dict.fromkeys(names) if (workspace.folder / name).exists() and name != LOCK)


def _remove(workspace: Workspace, names: list[str]) -> None:
    for name in names:
        path = workspace.folder / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _take_place(new: Path, place: Path) -> None:
    if place.is_dir():
        shutil.rmtree(place)
    new.replace(place)


def _pack(folder: Path, names: list[str], out: BinaryIO) -> None:
    with tarfile.open(fileobj=out, mode="w|") as archive:
        for name in names:
            archive.add(folder / name, arcname=name)


def _unpack(source: BinaryIO, folder: Path) -> None:
    try:
        with tarfile.open(fileobj=source, mode="r|") as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as problem:
        raise WorkspaceError(NO_ARCHIVE.format(problem)) from None


def _resealed(source: BinaryIO, out: BinaryIO, public: str) -> None:
    """An archive as it is, but for the key of the logs, which is sealed to another key."""
    key = recipient(public)
    try:
        with tarfile.open(fileobj=source, mode="r|") as old, tarfile.open(fileobj=out, mode="w|") as new:
            for member in old:
                content = old.extractfile(member) if member.isfile() else None
                if content is not None and member.name == LOG_KEY:
                    sealed = sealed_value(opened_value(content.read()), key)
                    member.size, content = len(sealed), io.BytesIO(sealed)
                new.addfile(member, content)
    except tarfile.TarError as problem:  # as when a wrong key lets nothing through
        raise WorkspaceError(NO_ARCHIVE.format(problem)) from None


def _written(target: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file in one step."""
    pending = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with pending.open("wb") as out:
            write(out)
            out.flush()
            os.fsync(out.fileno())
        pending.replace(target)
    except OSError as problem:
        raise WorkspaceError(f"{target}: cannot be written: {problem.strerror or problem}") from None
    finally:
        pending.unlink(missing_ok=True)


def _encrypt(make: Callable[[BinaryIO], None], out: BinaryIO, public: str) -> None:
    key = recipient(public)
    with _piped(make) as plain:
        pyrage_package().encrypt_io(plain, out, [key])


def _decrypt(source: BinaryIO, take: Callable[[BinaryIO], None], secret: Any, told: str) -> None:
    pyrage = pyrage_package()

    def make(pipe: BinaryIO) -> None:
        """Write what was sealed into the pipe."""
        try:
            pyrage.decrypt_io(source, pipe, [secret])
        except BrokenPipeError:
            raise
        except (pyrage.DecryptError, OSError) as problem:
            if "matching keys" in str(problem).casefold() or "identit" in str(problem).casefold():
                raise UsageError(f"the key in the environment is another one than {told}") from None
            raise WorkspaceError(f"what was sealed is damaged: {problem}; restore it from a copy") from None

    with _piped(make) as plain:
        take(plain)


@contextmanager
def _piped(make: Callable[[BinaryIO], None]) -> Iterator[BinaryIO]:
    """What a function writes, to be read; what it raises is raised at the end."""
    here, there = os.pipe()
    problems = list[BaseException]()

    def work() -> None:
        """Make the bytes, in a thread of its own."""
        try:
            with os.fdopen(there, "wb") as pipe:
                make(pipe)
        except BrokenPipeError:
            pass  # whoever read has a problem of its own
        except BaseException as problem:  # carried over to whoever waits
            problems.append(problem)

    writer = Thread(target=work)
    writer.start()
    try:
        with os.fdopen(here, "rb") as pipe:
            yield pipe
    except (OSError, WorkspaceError):
        writer.join()
        if problems:  # the cause: what came through the pipe was cut
            raise problems[0] from None
        raise
    writer.join()
    if problems:
        raise problems[0]


def _belongs(workspace: Workspace, source: Path) -> str:
    known = workspace.settings.privacy.seal_to
    return f"{source.name} was sealed with" + (f": its public key is {known}" if known else "")
