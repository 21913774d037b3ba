"""Sessions of people who signed in by a provider: signed cookies, so that any worker knows them and none keeps them."""

import hashlib
import os
import secrets
import time
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from whyrec.service.access import Caller, Role

KEY = "sessions.key"
"""In the workspace's ``service`` folder; without it everybody has to sign in again."""
BYTES = 32
SESSION, SIGN_IN = "session", "sign-in"


class Sessions:
    """The sessions of one workspace.

    ``digest``: of the key that signs them.

    :param hours: how long one lasts.
    """

    def __init__(self, folder: Path, hours: float) -> None:
        key = _key(folder / "service" / KEY)
        self._key, self.digest = OctKey.import_key(key), hashlib.blake2b(key, digest_size=32).hexdigest()
        self.seconds = int(hours * 3_600)

    def begin(self, caller: Caller) -> str:
        """A session of somebody, for a cookie."""
        return self.signed(SESSION, self.seconds, name=caller.name, role=caller.role.value)

    def caller(self, cookie: str) -> Caller | None:
        """Whose a session is; ``None`` for one that was not begun here, or is over."""
        told = self.read(SESSION, cookie)
        return None if told is None else Caller(told["name"], Role(told["role"]))

    def signed(self, use: str, seconds: int, **told: str) -> str:
        """What nobody else can write and what is over after some seconds, for one use alone."""
        claims = {**told, "aud": use, "exp": int(time.time()) + seconds}
        return jwt.encode({"alg": "HS256"}, claims, self._key, algorithms=["HS256"])

    def read(self, use: str, cookie: str) -> dict[str, Any] | None:
        """What was signed for a use; ``None`` for anything else, or where it is over."""
        try:
            claims = dict(jwt.decode(cookie, self._key, algorithms=["HS256"]).claims)
            jwt.JWTClaimsRegistry(
                aud={"essential": True, "value": use},
                exp={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError, TypeError):
            return None
        return claims


def _key(path: Path) -> bytes:
    """The key in a file, which is made where there is none; of several processes the first makes it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    pending = path.with_name(f".{KEY}.{os.getpid()}.{secrets.token_hex(4)}")
    if not path.exists():
        with os.fdopen(os.open(pending, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(BYTES))
        try:
            os.link(pending, path)
        except FileExistsError:
            pass
        finally:
            pending.unlink()
    return path.read_bytes()
