"""The key of the logs: what people did and were shown is kept in databases that are encrypted as they are written.

The databases (SQLCipher, AES-256) need a key that both reads and writes. It is random, made with the workspace, and
lies in it sealed to the workspace's public key: whoever has the secret key opens the logs. While the key of the logs is
changed the file holds both, so that whatever is cut off can be read.
"""

import os
import secrets
from pathlib import Path

from kg.errors import WorkspaceError
from kg.privacy.seal_key import LOG_KEY, opened_value, recipient, sealed_value
from kg.workspace.permissions import private_files


def make_log_key(workspace: Path, seal_to: str) -> None:
    """Give a workspace a key for its logs.

    :param seal_to: public key that it is sealed to.
    """
    write_log_keys(workspace, [secrets.token_hex(32)], seal_to)


def write_log_keys(workspace: Path, keys: list[str], seal_to: str) -> None:
    """Let these be the keys of the logs, the first for what is written from now on; in one step.

    :param keys: 64 hexadecimal digits each.
    :raises WorkspaceError: where the file cannot be written.
    """
    path = workspace / LOG_KEY
    pending = path.with_name(f".{LOG_KEY}.{os.getpid()}")
    try:
        with private_files():
            pending.write_bytes(sealed_value("\n".join(keys).encode("ascii"), recipient(seal_to)))
        pending.replace(path)
    except OSError as problem:
        raise WorkspaceError(f"{path}: cannot be written: {problem.strerror or problem}") from None


def log_keys(workspace: Path) -> list[str]:
    """The keys of the logs, opened with the secret key; none where they are not encrypted.

    :raises WorkspaceError: where the secret key is missing or another one.
    """
    try:
        sealed = (workspace / LOG_KEY).read_bytes()
    except FileNotFoundError:
        return []
    try:
        return opened_value(sealed).decode("ascii").split()
    except WorkspaceError as problem:
        raise WorkspaceError(f"the logs of {workspace} are encrypted; of their key, {LOG_KEY}: {problem}") from None
