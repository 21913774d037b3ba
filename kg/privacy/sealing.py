"""Sealing: what whyrec keeps in a workspace, encrypted in one file, for rest, backup and transport.

``sealed.age`` is a tar archive in the age format (X25519, ChaCha20-Poly1305; package pyrage), written and read as a
stream. Sealing needs the public key, which the configuration holds; opening needs the secret one, which only the
environment does. Files that answers come from are mapped into memory, so they cannot be encrypted in place: a sealed
workspace answers nothing until it is unsealed, best onto an encrypted disk or into memory (tmpfs).
"""

import glob
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from kg.errors import UsageError, WorkspaceError
from kg.mapping.standard_input import clear_inputs
from kg.privacy.archive import KeptAnswers, pack, resealed, unpack
from kg.privacy.encryption import ENCRYPTED, decrypt, encrypt
from kg.privacy.open_logs import check_logs_closed, open_logs
from kg.privacy.restoring import join_records
from kg.privacy.seal_key import (
    KEY_VARIABLE,
    OLD_KEY_VARIABLE,
    check_opens,
    identity,
    is_secret,
    public_key,
)
from kg.privacy.sealed_files import own_names, store_names
from kg.workspace.lock import workspace_lock
from kg.workspace.output_file import check_output, starts_with
from kg.workspace.outputs import remember_output
from kg.workspace.permissions import private_files
from kg.workspace.scratch import NAME as SCRATCH
from kg.workspace.scratch import clear_scratch, scratch
from kg.workspace.training_mark import is_under_way
from kg.workspace.workspace import CONFIGURATION, SEALED, Workspace


def seal(
    workspace: Workspace, copy: Path | None = None, copied_logs: Callable[[Path, Path], None] | None = None
) -> list[str]:
    """Encrypt what whyrec keeps in a workspace, to the key of its configuration; returns what was sealed.

    :param copy: write a sealed copy to this file and leave the workspace as it is; in place where absent.
    :param copied_logs: copies the logs of a workspace, its folder, into another folder, while others write to them; a
        copy of a workspace that is served is refused where absent.
    :raises UsageError: where the environment holds the key of something else: whoever seals could not unseal; or the
        copy would take the place of a file that is no sealed copy.
    :raises WorkspaceError: where the workspace has no key, is sealed already and a copy is asked for, or cannot be
        written; or in place, where somebody works in it, whose work would be lost.
    """
    public = workspace.settings.privacy.seal_to
    if not public:
        raise WorkspaceError(
            f"{workspace.folder}: has no key to be sealed with; set {KEY_VARIABLE} and say `whyrec seal --rotate`, or "
            "make the workspace with `whyrec init --encrypt`"
        )
    check_opens(public)
    if copy is not None:
        check_output(copy, starts_with(ENCRYPTED), workspace, force=None)
    with workspace_lock(workspace.folder), private_files():
        names = own_names(workspace)
        if copy is None:
            _check_idle(workspace)
            return _sealed_in_place(workspace, names, public)
        workspace.check_open()
        with scratch(workspace.folder, "sealing") as folder:
            logs = None
            if copied_logs is not None and open_logs(workspace.folder):
                logs = folder
                copied_logs(workspace.folder, logs)
            _written(copy, partial(_packed, workspace, names, public, logs))
        remember_output(workspace.folder, copy)  # whoever is forgotten later is in it still
        return names


def _sealed_in_place(workspace: Workspace, names: list[str], public: str) -> list[str]:
    target = workspace.folder / SEALED
    if target.exists():  # cut off after the file was whole: what is left of the rest may go
        _check_older(workspace, names, target)
    else:
        _written(target, partial(_packed, workspace, names, public, None))
        try:
            check_logs_closed(workspace.folder)  # from now on nobody opens them
        except WorkspaceError:
            target.unlink()
            raise
    _remove(workspace, names)
    return names


def _packed(workspace: Workspace, names: list[str], public: str, logs: Path | None, out: BinaryIO) -> None:
    if not names:
        raise WorkspaceError(f"{workspace.folder}: there is nothing to seal yet")
    encrypt(lambda pipe: pack(workspace.folder, names, pipe, logs), out, public)
    if logs is None:
        check_logs_closed(workspace.folder)  # whoever opened them meanwhile wrote into what was read


def _check_idle(workspace: Workspace) -> None:
    """Refuse where somebody works in the workspace, and remove what killed commands left.

    :raises WorkspaceError: then.
    """
    check_logs_closed(workspace.folder)
    clear_inputs()
    busy = [*clear_scratch(workspace.folder), *["training"] * is_under_way(workspace.training)]
    if busy:
        raise WorkspaceError(
            f"{workspace.folder}: another command works in this workspace ({', '.join(busy)}); wait until it has ended"
        )
    with suppress(FileNotFoundError):
        (workspace.folder / SCRATCH).rmdir()


def _check_older(workspace: Workspace, names: list[str], sealed: Path) -> None:
    """Refuse to remove what was written after the workspace was sealed, and so is not in the file.

    :raises WorkspaceError: naming it.
    """
    moment = sealed.stat().st_mtime_ns
    for name in names:
        path = workspace.folder / name
        for one in (path,) if path.is_file() else path.rglob("*"):
            if one.is_file() and one.stat().st_mtime_ns > moment:
                raise WorkspaceError(f"{one}: is newer than {sealed.name}, and not in it; move it out of the workspace")


def unseal(workspace: Workspace, sealed: Path | None = None) -> list[str]:
    """Decrypt what was sealed, into the workspace; returns what is there again.

    :param sealed: a sealed copy, of an earlier day: who was forgotten since, and what private releases cost since, is
        kept; that in place where absent, which is removed then.
    :raises UsageError: where the key is missing or another one.
    :raises WorkspaceError: where there is nothing sealed, or it is damaged, or a copy is to be opened beside what is
        sealed in place or is served: nothing is changed then.
    """
    source, place = sealed or workspace.folder / SEALED, workspace.folder / SEALED
    if sealed is not None and place.exists() and not place.samefile(source):
        raise WorkspaceError(
            f"{workspace.folder}: is sealed itself, and its list of forgotten people with it; `whyrec unseal` it "
            "first, or open the copy in a folder of its own"
        )
    if not source.is_file():
        raise WorkspaceError(f"{source}: there is nothing sealed here")
    secret = identity(KEY_VARIABLE)
    with workspace_lock(workspace.folder), private_files(), scratch(workspace.folder, "unsealing") as aside:
        check_logs_closed(workspace.folder)
        with source.open("rb") as file:
            decrypt(file, lambda pipe: unpack(pipe, aside), secret, _belongs(workspace, source))
        if sealed is not None:
            join_records(aside, workspace.folder)
        names = sorted(path.name for path in aside.iterdir())
        for name in names:
            _take_place(aside / name, workspace.folder / name)
        _remove(workspace, [name for name in store_names(workspace) if name not in names])  # of a store that was there
        if sealed is None:
            source.unlink()
        return names


def rotate(workspace: Workspace, renewed: Callable[[Path], None] | None = None) -> None:
    """Seal to the key in the environment from now on; what is sealed is sealed anew.

    :param renewed: seals the kept answers, each of which is sealed by itself too, to the new key: gets a folder with
        them and the key of the logs alone; they stay as they are where absent.
    :raises UsageError: where a key is missing or another one: ``WHYREC_SEAL_KEY`` is the new one, and
        ``WHYREC_SEAL_KEY_OLD`` that which the workspace is sealed with.
    """
    new, source = public_key(), workspace.folder / SEALED
    with workspace_lock(workspace.folder), private_files(), scratch(workspace.folder, "rotating") as aside:
        if source.exists():
            old, kept = identity(OLD_KEY_VARIABLE), None if renewed is None else KeptAnswers(aside, renewed)

            def opened(pipe: BinaryIO) -> None:
                """What was sealed with the old key."""
                with source.open("rb") as file:
                    decrypt(file, lambda plain: resealed(plain, pipe, new, kept), old, _belongs(workspace, source))

            def anew(out: BinaryIO) -> None:
                """The same, sealed with the new key."""
                encrypt(opened, out, new)

            try:
                _written(source, anew)
            except UsageError:
                if not _opens(source, identity(KEY_VARIABLE)):  # else it was cut off when that was done
                    raise
        set_key(workspace, new)


def _opens(source: Path, secret: Any) -> bool:
    """Whether a key opens what is sealed."""
    try:
        with source.open("rb") as file:
            decrypt(file, _read_through, secret, "")
    except UsageError:
        return False
    return True


def _read_through(plain: BinaryIO) -> None:
    while plain.read(1 << 20):
        pass


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


def _written(target: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file in one step."""
    pending = target.with_name(f".{target.name}.{os.getpid()}")
    for left in target.parent.glob(f".{glob.escape(target.name)}.*"):  # of a process that was killed
        left.unlink()
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


def _belongs(workspace: Workspace, source: Path) -> str:
    known = workspace.settings.privacy.seal_to
    told = f": its public key is {known}" if known and not is_secret(known) else ""
    return f"{source.name} was sealed with{told}"
