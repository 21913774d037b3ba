"""Sealing: what whyrec keeps in a workspace, encrypted in one file, for rest, backup and transport.

``sealed.age`` is a tar archive in the age format (X25519, ChaCha20-Poly1305; package pyrage), written and read as a
stream. Sealing needs the public key, which the configuration holds; opening needs the secret one, which only the
environment does. Files that answers come from are mapped into memory, so they cannot be encrypted in place: a sealed
workspace answers nothing until it is unsealed, best onto an encrypted disk or into memory (tmpfs).
"""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from kg.errors import WorkspaceError
from kg.privacy.archive import KeptAnswers, pack, resealed, unpack
from kg.privacy.encryption import ENCRYPTED, decrypt, encrypt
from kg.privacy.restoring import join_records
from kg.privacy.seal_key import (
    KEY_VARIABLE,
    LOG_KEY,
    OLD_KEY_VARIABLE,
    check_opens,
    identity,
    public_key,
)
from kg.snapshot.snapshot import PARTNERS
from kg.stores.url import is_neo4j
from kg.workspace.flagged import NAME as FLAGGED
from kg.workspace.generations import FOLDER, PARTS
from kg.workspace.lock import LOCK, workspace_lock
from kg.workspace.output_file import check_output, starts_with
from kg.workspace.outputs import remember_output
from kg.workspace.permissions import private_files
from kg.workspace.workspace import CONFIGURATION, SEALED, Workspace

_OWN = (FOLDER, *PARTS, "training", "history", "rejects", ".rejects-people", "staging", "service", PARTNERS)
_OWN_FILES = (
    "forgotten.json",
    "forgotten_in_store.json",
    "pseudonyms.json",
    "outputs.json",
    "privacy-ledger.jsonl",
    "serve.token",
    FLAGGED,
    LOG_KEY,
)


def seal(workspace: Workspace, copy: Path | None = None) -> list[str]:
    """Encrypt what whyrec keeps in a workspace, to the key of its configuration; returns what was sealed.

    :param copy: write a sealed copy to this file and leave the workspace as it is; in place where absent.
    :raises UsageError: where the environment holds the key of something else: whoever seals could not unseal; or the
        copy would take the place of a file that is no sealed copy.
    :raises WorkspaceError: where the workspace has no key, is sealed already, or cannot be written.
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
        target = copy or workspace.folder / SEALED
        names = _own(workspace)
        if copy is None and target.exists():  # cut off after the file was whole: what is left of the rest may go
            _remove(workspace, names)
            return names
        if not names:
            raise WorkspaceError(f"{workspace.folder}: there is nothing to seal yet")
        _written(target, lambda out: encrypt(lambda pipe: pack(workspace.folder, names, pipe), out, public))
        if copy is None:
            _remove(workspace, names)
        else:
            remember_output(workspace.folder, copy)  # whoever is forgotten later is in it still
        return names


def unseal(workspace: Workspace, sealed: Path | None = None) -> list[str]:
    """Decrypt what was sealed, into the workspace; returns what is there again.

    :param sealed: a sealed copy, of an earlier day: who was forgotten since, and what private releases cost since, is
        kept; that in place where absent, which is removed then.
    :raises UsageError: where the key is missing or another one.
    :raises WorkspaceError: where there is nothing sealed, or it is damaged, or a copy is to be opened beside what is
        sealed in place: nothing is changed then.
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
    aside = workspace.folder / ".unsealing"
    with workspace_lock(workspace.folder), private_files():
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir()
        try:
            with source.open("rb") as file:
                decrypt(file, lambda pipe: unpack(pipe, aside), secret, _belongs(workspace, source))
            if sealed is not None:
                join_records(aside, workspace.folder)
            names = sorted(path.name for path in aside.iterdir())
            for name in names:
                _take_place(aside / name, workspace.folder / name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
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
    new, source, aside = public_key(), workspace.folder / SEALED, workspace.folder / ".rotating"
    with workspace_lock(workspace.folder), private_files():
        if source.exists():
            old, kept = identity(OLD_KEY_VARIABLE), None if renewed is None else KeptAnswers(aside, renewed)
            shutil.rmtree(aside, ignore_errors=True)

            def opened(pipe: BinaryIO) -> None:
                """What was sealed with the old key."""
                with source.open("rb") as file:
                    decrypt(file, lambda plain: resealed(plain, pipe, new, kept), old, _belongs(workspace, source))

            def anew(out: BinaryIO) -> None:
                """The same, sealed with the new key."""
                encrypt(opened, out, new)

            try:
                _written(source, anew)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
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


def left_open(workspace: Workspace) -> list[str]:
    """Names of files and folders of a sealed workspace that are not encrypted: what it was loaded from, and what was
    written there for somebody; they may name everybody. What says only how they are read is none of them."""
    folder = workspace.folder
    known = {CONFIGURATION, SEALED, workspace.settings.schema_file, workspace.columns.name, "mapping.toml"}
    return sorted(one.name for one in folder.iterdir() if one.name not in known and not one.name.startswith("."))


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
    return f"{source.name} was sealed with" + (f": its public key is {known}" if known else "")
