"""The key that a workspace is sealed to, an age X25519 pair (package pyrage), and values sealed one by one.

Sealing needs the public key, which the configuration holds; opening needs the secret one, which only the environment
does, or the keyring of the system: what writes need not be able to read.
"""

import os
from typing import Any

from kg.errors import UsageError, WorkspaceError

KEY_VARIABLE, OLD_KEY_VARIABLE = "WHYREC_SEAL_KEY", "WHYREC_SEAL_KEY_OLD"
MISSING = "sealing needs the pyrage package: pip install 'whyrec[privacy]'"
HOW = (
    "what is sealed already opens with its own key alone; for what is new make one with `age-keygen`, or "
    "`python -c 'import pyrage; print(pyrage.x25519.Identity.generate())'`, and keep it apart from the workspace"
)
LOG_KEY = "log-key.age"
"""File of a workspace with the key of its logs; see :mod:`kg.privacy.log_key`."""
_SECRET = "SECRET-KEY"
"""Part of every secret key of age."""
KEYRING = "whyrec"
"""What keys are kept under in the keyring of the system, each by the name of its variable."""
MAGIC = b"age-encryption.org/v1"
"""The first bytes of whatever is sealed."""


def public_key(variable: str = KEY_VARIABLE) -> str:
    """The public key that belongs to the secret one in the environment.

    :raises UsageError: where there is none, or it is none.
    """
    return str(identity(variable).to_public())


def check_opens(public: str) -> None:
    """Refuse to seal what the key at hand would not open again; where none is at hand, whoever seals need not open.

    :raises UsageError: where the key in the environment is another one.
    :raises WorkspaceError: where that to seal to is none.
    """
    recipient(public)
    if _secret(KEY_VARIABLE) and public_key() != public:
        raise UsageError(
            f"{KEY_VARIABLE} is another key than [privacy] seal_to, {public}, and would not open what is sealed to it; "
            "set the one that belongs to it, or change the key by `whyrec seal --rotate`; nothing was changed"
        )


def sealed_value(value: bytes, key: Any) -> bytes:
    """A value that only the secret key opens.

    :param key: of :func:`recipient`.
    """
    found: bytes = pyrage_package().encrypt(value, [key])
    return found


def is_sealed(value: bytes) -> bool:
    """Whether a value is sealed, by its first bytes."""
    return value.startswith(MAGIC)


def opened_value(value: bytes) -> bytes:
    """A sealed value as it was, by the key in the environment, or by the old one while keys are changed.

    :raises WorkspaceError: where no key opens it, or it is damaged.
    """
    names = [name for name in (KEY_VARIABLE, OLD_KEY_VARIABLE) if _secret(name)]
    if not names:
        raise WorkspaceError(f"this is sealed: set {KEY_VARIABLE}, the secret key, in the environment of whoever reads")
    pyrage, known = pyrage_package(), [identity(name) for name in names]
    try:
        found: bytes = pyrage.decrypt(value, known)
    except pyrage.DecryptError as problem:
        lacking = "" if OLD_KEY_VARIABLE in names else f"; while keys are changed {OLD_KEY_VARIABLE} is the earlier one"
        raise WorkspaceError(f"this is sealed, and {' or '.join(names)} does not open it: {problem}{lacking}") from None
    return found


def decrypted(content: bytes, source: str, variable: str) -> bytes:
    """What was encrypted to the key that belongs to the secret one in the environment.

    :param source: how a message names the file.
    :raises UsageError: where the key is missing, or another one.
    :raises WorkspaceError: where the content is damaged.
    """
    pyrage, secret = pyrage_package(), identity(variable)
    try:
        return bytes(pyrage.decrypt(content, [secret]))
    except pyrage.DecryptError as problem:
        if "matching keys" in str(problem).casefold():
            raise UsageError(
                f"{source} was not encrypted to {secret.to_public()}, the key in {variable}; give the sender this one"
            ) from None
        raise WorkspaceError(f"{source}: damaged, or nothing that age encrypted: {problem}; ask for it anew") from None


def recipient(public: str) -> Any:
    """A public key to seal to.

    :raises WorkspaceError: where it is none.
    """
    pyrage = pyrage_package()
    try:
        return pyrage.x25519.Recipient.from_str(public)
    except pyrage.RecipientError:
        raise WorkspaceError(f"[privacy] seal_to {told_key(public)}: no public key of age (age1…)") from None


def is_secret(key: str) -> bool:
    """Whether what should be a public key is a secret one."""
    return _SECRET in key.upper()


def told_key(public: str) -> str:
    """How a message names what should be a public key: messages are kept in logs, so a secret one is not in them."""
    if not is_secret(public):
        return repr(public)
    return "(a secret key, which nobody else may have: make another one, and tell its public key)"


def identity(variable: str) -> Any:
    """The secret key in a variable of the environment, or in the keyring of the system under its name.

    :raises UsageError: where there is none, or it is none.
    """
    pyrage, told = pyrage_package(), _secret(variable)
    if not told:
        raise UsageError(f"{variable} is not set; {HOW}")
    try:
        return pyrage.x25519.Identity.from_str(told)
    except pyrage.IdentityError:
        raise UsageError(f"{variable} is no secret key of age (AGE-SECRET-KEY-…); {HOW}") from None


def _secret(variable: str) -> str:
    """What the environment says, or else the keyring of the system, where there is one: service whyrec."""
    told = os.environ.get(variable, "").strip()
    if told:
        return told
    try:
        import keyring
        from keyring.errors import KeyringError
    except ModuleNotFoundError:
        return ""
    try:
        return (keyring.get_password(KEYRING, variable) or "").strip()
    except KeyringError:  # none is there, or it is locked
        return ""


def pyrage_package() -> Any:
    """The package, which is an extra.

    :raises UsageError: where it is not installed.
    """
    try:
        import pyrage
    except ModuleNotFoundError:
        raise UsageError(MISSING) from None
    return pyrage
