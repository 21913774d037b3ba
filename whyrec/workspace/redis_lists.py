"""Lists of recommendations on a Redis server, for shops that read them there.

``whyrec:<workspace>:<type>:<user>`` holds a list as JSON: model, when it was made, and its items with rank, score and
reason. Lists of some people are replaced in one transaction, so whoever reads finds the earlier list or the new one,
whole; ``whyrec:<workspace>:people`` says of whom there are lists, and since when; ``whyrec:<workspace>:owner`` whose
the name is, so that two workspaces do not replace each other's.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis

from kg.errors import StoreError, UsageError

PASSWORD = "REDIS_PASSWORD"
"""The variable of the environment that holds the server's password."""
SCHEMES = ("redis://", "rediss://", "unix://")


class RedisLists:
    """The lists of one workspace on a server.

    :param url: ``redis://host:6379/0``, with ``rediss://`` over TLS, or ``unix://PATH``; without a password.
    :param name: that the lists are kept under; empty for that of the folder.
    :param folder: of the workspace.
    :raises UsageError: for a URL of another kind, or with a password.
    """

    def __init__(self, url: str, name: str, folder: Path) -> None:
        if not url.startswith(SCHEMES) or "@" in url:
            raise UsageError(
                f"[publish] redis: expected {', '.join(SCHEMES)} and no password, which is taken from {PASSWORD}; "
                "say it in [publish] of whyrec.toml"
            )
        place = folder.resolve()
        self._url, self._name = url, f"whyrec:{name or place.name}"
        self._owner = hashlib.sha256(bytes(place)).hexdigest()
        self._server: Any = redis.Redis.from_url(url, password=os.environ.get(PASSWORD))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        if isinstance(error, redis.RedisError):
            raise StoreError(f"{self._url}: {error}; lists that were not replaced yet are as before") from error

    def claim(self) -> None:
        """Take the name for this workspace.

        :raises UsageError: where another workspace published under it.
        """
        key = f"{self._name}:owner"
        if not self._server.set(key, self._owner, nx=True) and not self._is_owner():
            raise UsageError(
                f"{self._url}: another workspace published under {self._name}; say another `name` in [publish] of "
                f"whyrec.toml, or delete the key {key} where that workspace has moved here"
            )

    def _is_owner(self) -> bool:
        owner = self._server.get(f"{self._name}:owner")
        return owner is None or owner.decode() == self._owner

    def replace(self, lists: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]], model: str, at: int) -> None:
        """Replace the lists of some people, in one transaction.

        :param lists: type and id of a user → items with ``id``, ``type``, ``rank``, ``score``, ``reason``.
        :param at: milliseconds since 1970 UTC.
        """
        with self._server.pipeline(transaction=True) as work:
            for (user_type, user), items in lists.items():
                document = {"model": model, "at": at, "items": list(items)}
                work.set(self._key(user_type, user), json.dumps(document, ensure_ascii=False))
                work.zadd(f"{self._name}:people", {f"{user_type}:{user}": at})
            work.execute()

    def withdraw_earlier(self, at: int) -> int:
        """Remove the lists of people who got none at that moment; says how many."""
        people = f"{self._name}:people"
        left = [one.decode() for one in self._server.zrangebyscore(people, "-inf", f"({at}")]
        return self._remove(left)

    def of(self, user_type: str, user: str) -> dict[str, Any] | None:
        """The list of a person, with its model and when it was made; ``None`` where there is none."""
        found = self._server.get(self._key(user_type, user)) if self._is_owner() else None
        return None if found is None else json.loads(found)

    def forget(self, user: str, types: Sequence[str]) -> int:
        """Remove the lists of a person; says how many there were."""
        return self._remove([f"{name}:{user}" for name in types]) if self._is_owner() else 0

    def _remove(self, people: Sequence[str]) -> int:
        if not people:
            return 0
        with self._server.pipeline(transaction=True) as work:
            work.delete(*(f"{self._name}:{one}" for one in people))
            work.zrem(f"{self._name}:people", *people)
            return int(work.execute()[0])

    def _key(self, user_type: str, user: str) -> str:
        return f"{self._name}:{user_type}:{user}"
