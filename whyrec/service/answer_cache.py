"""Answers that were made already: given again for as long as nothing that they depend on has changed.

A list depends on the snapshot and the model, on what the staff decided, on what the person did since the last load, and
on what was asked. The first three are the state that an answer was made in; the same question in the same state has the
same answer, to the bit. Each time it is given it has an id of its own.
"""

import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from fastapi import Request, Response

from whyrec.service.methods import BODILESS

if TYPE_CHECKING:
    from whyrec.service.shop import Shop

MOST_BYTES = 16_000_000
"""Compressed documents that one worker keeps of one workspace; those asked for longest ago go first."""
OVERHEAD = 700
"""Bytes of an entry besides its document, about."""
Key = tuple[str, bytes]
"""The kind of a question, and its parameters as they came."""
State = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer: whom it is about, the state that it was made in, its tag, and the document, compressed.

    ``personal``: of a list, whether anything about the person was known. ``scenario``, ``arm``, ``draw``, ``told``: see
    :class:`whyrec.events.answers.Answer`.
    """

    user: str | None
    state: State
    tag: str
    packed: bytes
    personal: bool = True
    scenario: str = ""
    arm: str = ""
    draw: str = ""
    told: str = ""


class AnswerCache:
    """The answers that one worker keeps of one workspace, to many threads at a time."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._bytes, self._lock = most_bytes, 0, Lock()
        self._kept: OrderedDict[Key, KeptAnswer] = OrderedDict()

    def get(self, key: Key, state: Callable[[str | None], State]) -> KeptAnswer | None:
        """The answer to a question; ``None`` where there is none, or it was made in another state.

        :param state: the state of somebody now.
        """
        found = self._kept.get(key)
        if found is None:
            return None
        now = state(found.user)
        if found.state != now:
            if found.state[0] != now[0]:
                self.clear()  # another model or epoch: nothing that is here is true any longer
            return None
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
        return found

    def keep(self, key: Key, answer: KeptAnswer) -> None:
        """Keep an answer."""
        with self._lock:
            before = self._kept.pop(key, None)
            self._bytes += len(answer.packed) + OVERHEAD - (len(before.packed) + OVERHEAD if before else 0)
            self._kept[key] = answer
            while self._bytes > self._most:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= len(gone.packed) + OVERHEAD

    def clear(self) -> None:
        """Keep nothing: somebody was forgotten, or there is another model."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


def has_it(request: Request, tag: str) -> bool:
    """Whether whoever asks has the answer of a tag: one of several, or weak, as what packs answers on the way says."""
    told = request.headers.get("if-none-match")
    if told is None:
        return False
    return told.strip() == "*" or any(one.strip().removeprefix("W/") == tag for one in told.split(","))


def given(
    request: Request, asked: "tuple[Shop, str, str]", found: KeptAnswer, *, keep: bool, body: bytes | None = None
) -> Response:
    """The response with an answer, which is kept under an id of its own, unless only HEAD asks, who shows it to nobody.

    :param asked: shop, kind of the question, name of the caller.
    :param keep: whether it can be shown again.
    """
    shop, kind, caller = asked
    headers = {"ETag": found.tag, "Cache-Control": "private, no-cache"}
    if has_it(request, found.tag):
        return Response(status_code=304, headers=headers)
    if keep and BODILESS not in request.scope:
        headers["X-Answer-Id"] = shop.remember(kind, caller, found)
    return Response(body or zlib.decompress(found.packed), media_type="application/json", headers=headers)
