"""The process that makes lists before anybody asks, in time that nobody else wants: those who came last first."""

import json
import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from kg.errors import WhyrecError
from kg.instant import NO_TIME
from kg.snapshot.snapshot import Snapshot
from whyrec.service.monitoring import PREPARED
from whyrec.service.rest.questions import ListQuestion
from whyrec.service.shop import Shop

AT_ONCE = 50
"""Lists of one shop, before it is the turn of the next."""
PART = 10_000
"""People who are put in order for the loop at a time."""
LOOK_SECONDS = 1.0
"""How often it is looked for more to do."""
START_SECONDS = 1.0
"""After what time it opens anything: workers are to be ready first, and what ended the one before may end it, too."""
USUAL = b"{}"
"""What is made while nothing is asked for often."""
LEAST_NICE, ENDED_FIRST = 19, "1000"
log = logging.getLogger("whyrec.service")


class Precomputation:
    """Makes the lists that callers ask for of everybody, shop by shop, until its process ends.

    :param shops: those whose memory is shared with the workers.
    """

    def __init__(self, shops: Sequence[Shop]) -> None:
        self._work = dict[Shop, Iterator[None]]((shop, iter(())) for shop in shops)
        self._begun = dict[Shop, object]()

    def run(self) -> None:
        """Go on for ever."""
        while True:
            if not sum([self._tried(shop) for shop in self._work]):
                time.sleep(LOOK_SECONDS)

    def _tried(self, shop: Shop) -> int:
        try:
            return self.some(shop)
        except Exception as problem:  # the log cannot be read just now, say: workers answer, and it is tried again
            log.error("no lists are prepared: %s", type(problem).__name__)
            return 0

    def some(self, shop: Shop) -> int:
        """Make a few lists of a shop; how many it was, 0 where all that can be kept are made.

        Whether or not any are made: what the memory holds of somebody who was forgotten since is removed.
        """
        memory = shop.lists.memory
        if memory is None or not shop.lists.begin() or not shop.lists.on:
            return 0
        state = shop.lists.now, memory.wishes()
        if self._begun.get(shop) != state:
            self._begun[shop], self._work[shop] = state, self._made(shop)
        made = sum(1 for _ in zip(range(AT_ONCE), self._work[shop], strict=False))
        PREPARED.labels(workspace=shop.name).set(memory.count)
        return made

    @staticmethod
    def _made(shop: Shop) -> Iterator[None]:
        """Make one list after the other, until there is no room for more."""
        memory, snapshot = shop.lists.memory, shop.engine.snapshot
        assert memory is not None
        kinds, failed = [json.loads(kind) for kind in memory.wishes() or [USUAL]], False
        for user_type, idx in latest_first(snapshot):
            for kind in kinds:
                if memory.full:
                    return
                try:
                    _make(shop, ListQuestion.model_validate({**kind, "user": snapshot.vocabulary.id(user_type, idx)}))
                except (WhyrecError, ValidationError):  # an id that nobody can ask for
                    pass
                except Exception as problem:  # whoever asks is told; all others get theirs
                    if not failed:
                        log.error("a list could not be prepared: %s", type(problem).__name__)
                    failed = True
                yield


def _make(shop: Shop, asked: ListQuestion) -> None:
    if shop.lists.of(asked) is None:
        state = shop.state(asked.user)
        listed = shop.listed(asked.user, [], asked.options())
        shop.lists.keep(asked, shop.packed_list(listed, asked.user, state)[0], counts=False)


def latest_first(snapshot: Snapshot) -> Iterator[tuple[str, int]]:
    """All people, type and index, those who did something last first."""
    types = list(snapshot.schema.user_types)
    last = [_last_times(snapshot, name) for name in types]
    ends = np.cumsum([len(one) for one in last])
    order = np.argsort(np.concatenate(last), kind="stable")[::-1]
    for part in range(0, len(order), PART):
        some = order[part : part + PART]
        which = np.searchsorted(ends, some, side="right")
        idx = some - np.concatenate([[0], ends])[which]
        yield from ((types[number], one) for number, one in zip(which.tolist(), idx.tolist(), strict=True))


def _last_times(snapshot: Snapshot, user_type: str) -> NDArray[np.int64]:
    """When each of a type did something last, ``NO_TIME`` where that is not known: shape (people,), int64."""
    schema = snapshot.schema
    last = np.full(snapshot.vocabulary.count(user_type), NO_TIME, dtype=np.int64)
    for name in schema.interactions:
        if schema.relation[name].head == user_type:
            indptr, times = snapshot.adjacency(name).indptr, snapshot.timestamps(name)
            some = np.flatnonzero(np.diff(indptr))
            if len(some):
                last[some] = np.maximum(last[some], np.maximum.reduceat(times, indptr[some]))
    return last


def last_of_all() -> None:
    """Run only when nobody else wants to, and be the first that is ended where memory runs out."""
    os.nice(LEAST_NICE)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(ENDED_FIRST)
