"""Encryption of streams in the age format (X25519, ChaCha20-Poly1305; package pyrage), however long they are."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any, BinaryIO

from kg.errors import UsageError, WorkspaceError
from kg.privacy.seal_key import pyrage_package, recipient

ENCRYPTED = b"age-encryption.org/v1\n"
"""How every file begins that is encrypted by age."""


def encrypt(make: Callable[[BinaryIO], None], out: BinaryIO, public: str) -> None:
    """Encrypt what a function writes.

    :param public: the key that opens it is the secret one of this, ``age1…``.
    """
    key = recipient(public)
    with _piped(make) as plain:
        pyrage_package().encrypt_io(plain, out, [key])


def decrypt(source: BinaryIO, take: Callable[[BinaryIO], None], secret: Any, told: str) -> None:
    """Hand a function what was encrypted, as it reads.

    :param told: what has which key, for whoever comes with another one.
    :raises UsageError: for the key of something else.
    :raises WorkspaceError: where it is damaged.
    """
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
