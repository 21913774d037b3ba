"""The databases of the logs: SQLite, or SQLCipher where the workspace has a key for them.

SQLCipher encrypts page by page, write-ahead log included; what is in memory is plain.
"""

import os
import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from kg.errors import UsageError, WorkspaceError
from kg.privacy.log_key import log_keys, make_log_key, write_log_keys

BUSY_SECONDS, AGAIN_SECONDS = 10, 0.01
PLAIN = b"SQLite format 3\0"
"""How a database begins that is not encrypted."""
MISSING = "encrypted logs need the sqlcipher3 package: pip install 'whyrec[privacy]'"
LOGS = ("events.db", "answers.db")


def connect(path: Path, keys: Sequence[str], *, one_thread: bool = False) -> sqlite3.Connection:
    """Open a database, encrypted where there are keys; it is made where it is not there, for its owner alone.

    :param keys: of :func:`kg.privacy.log_key.log_keys`; the first that opens it.
    :raises WorkspaceError: where no key opens it, or it is not encrypted although it should be.
    :raises UsageError: where the package is missing.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
    if not keys:
        return sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=one_thread)
    for key in keys:
        base = _cipher().connect(path, timeout=BUSY_SECONDS, check_same_thread=one_thread)
        base.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr
        base.execute(f"PRAGMA key = \"x'{key}'\"")
        try:
            base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except _cipher().OperationalError:  # another process has it locked: that says nothing of the key
            base.close()
            raise
        except _cipher().DatabaseError:
            base.close()
            continue
        return base  # type: ignore[no-any-return]  # the same interface as sqlite3
    if _is_plain(path):
        raise WorkspaceError(
            f"{path}: is not encrypted, although the workspace has a key for its logs; stop the service and say "
            "`whyrec seal --rotate`, which encrypts it"
        )
    raise WorkspaceError(f"{path}: damaged, or encrypted with another key than that of this workspace; restore it")


def write_ahead(base: sqlite3.Connection) -> None:
    """Let a database have a write-ahead log, beside others that do the same.

    Of several that are the first to open one SQLite lets one do it and tells the others at once that it is locked,
    however long they would wait: workers of a service that starts are such.

    :raises sqlite3.OperationalError: where it stays locked.
    """
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            base.execute("PRAGMA journal_mode = WAL")
            return
        except database_errors() as problem:
            if "locked" not in str(problem) or time.monotonic() > until:
                raise
        time.sleep(AGAIN_SECONDS)


def database_errors() -> tuple[type[Exception], ...]:
    """What a database raises, whichever it is."""
    try:
        return sqlite3.Error, _cipher().Error
    except UsageError:
        return (sqlite3.Error,)


def integrity_errors() -> tuple[type[Exception], ...]:
    """What a database raises where a row is there already, whichever it is."""
    try:
        return sqlite3.IntegrityError, _cipher().IntegrityError
    except UsageError:
        return (sqlite3.IntegrityError,)


def encrypt_logs(workspace: Path, seal_to: str) -> None:
    """Encrypt the logs of a workspace with a key of their own; nothing else may have them open.

    :param seal_to: public key that the key is sealed to.
    :raises WorkspaceError: where another process has them open.
    """
    plain = [path for path in _present(workspace) if _is_plain(path)]
    for path in plain:
        with closing(_cipher().connect(path)) as base:
            _alone(base, path)
    if not log_keys(workspace):
        make_log_key(workspace, seal_to)
    for path in plain:
        _converted(path, log_keys(workspace)[0])


def rekey_logs(workspace: Path, seal_to: str) -> None:
    """Give the logs of a workspace another key; nothing else may have them open.

    :param seal_to: public key that it is sealed to from now on.
    :raises WorkspaceError: where the present key cannot be opened, or another process has them open: nothing is lost,
        and the same call goes on.
    """
    new, known = secrets.token_hex(32), log_keys(workspace)
    write_log_keys(workspace, [new, *known], seal_to)
    for path in _present(workspace):
        with closing(connect(path, [new, *known])) as base:
            _alone(base, path)
            base.execute(f"PRAGMA rekey = \"x'{new}'\"")
    write_log_keys(workspace, [new], seal_to)


def copy_logs(workspace: Path, folder: Path) -> None:
    """Copy the logs of a workspace into another folder, each as it is at one moment, while others write to them.

    :raises WorkspaceError: where they are encrypted, and the key is missing or another one.
    """
    keys = log_keys(workspace)
    for path in _present(workspace):
        with closing(connect(path, keys)) as base, closing(connect(folder / path.name, keys[:1])) as copy:
            base.backup(copy)


def _converted(path: Path, key: str) -> None:
    """Write a database that is not encrypted anew, encrypted, and put it in its place."""
    pending = path.with_name(f".{path.name}.encrypted")
    pending.unlink(missing_ok=True)
    with closing(_cipher().connect(path, timeout=BUSY_SECONDS)) as base:
        _alone(base, path)
        version = base.execute("PRAGMA user_version").fetchone()[0]
        base.execute(f"ATTACH DATABASE ? AS encrypted KEY \"x'{key}'\"", (str(pending),))
        base.execute("SELECT sqlcipher_export('encrypted')")
        base.execute(f"PRAGMA encrypted.user_version = {version}")
        base.execute("DETACH DATABASE encrypted")
    pending.chmod(0o600)
    pending.replace(path)


def _alone(base: Any, path: Path) -> None:
    """Without a write-ahead log, which asks that nobody else has the database open.

    :raises WorkspaceError: where somebody has.
    """
    base.execute("PRAGMA busy_timeout = 500")
    with suppress(*database_errors()):
        if base.execute("PRAGMA journal_mode = DELETE").fetchone()[0] == "delete":
            return
    raise WorkspaceError(f"{path}: another process has it open; stop the service, and run the command again")


def _present(workspace: Path) -> list[Path]:
    return [path for name in LOGS if (path := workspace / "service" / name).exists() and path.stat().st_size]


def _is_plain(path: Path) -> bool:
    """Only of a database that this process has not open: to close a file lets go its locks."""
    with path.open("rb") as file:
        return file.read(len(PLAIN)) == PLAIN


def _cipher() -> Any:
    try:
        from sqlcipher3 import dbapi2
    except ModuleNotFoundError:
        raise UsageError(MISSING) from None
    return dbapi2
