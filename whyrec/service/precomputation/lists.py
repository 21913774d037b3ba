"""Lists that all workers of a service share, by what they depend on and what was asked; scenarios are not of it."""

import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING, cast

from kg.workspace.generations import number_of
from whyrec.service.answer_cache import KeptAnswer, State

if TYPE_CHECKING:
    from whyrec.service.precomputation.ring_buffer import Mark, RingBuffer
    from whyrec.service.rest.questions import ListQuestion
    from whyrec.service.shop import Shop

ASKED_OFTEN = 20
"""How many lists of a kind one worker makes before the kind is made for everybody."""
NO_GENERATION = -1, ""
_State = tuple[tuple[int, int, object, int], int]
OF_ONE = {"user", "anchor", "scenario"}
"""What a question says of one person, or of one place where a list is shown."""


class SharedLists:
    """The lists of one shop that any of its workers can give.

    A list stands under what it was made from: the generation, the settings, what the staff decided, what the person did
    since the last load, and the question. Nothing is shared while chance or an experiment has a say in lists.

    :param memory: where they stand; ``None`` where nothing is shared.
    """

    def __init__(self, shop: "Shop", memory: "RingBuffer | None") -> None:
        self._shop, self.memory = shop, memory
        self._asked = Counter[bytes]()
        self._opened, self._identity = 0, NO_GENERATION

    @property
    def on(self) -> bool:
        """Whether lists are shared."""
        settings = self._shop.engine.workspace.settings.serve
        return self.memory is not None and self._shop.arms.experiment is None and not settings.explore

    def of(self, asked: "ListQuestion") -> KeptAnswer | None:
        """The answer to a question; ``None`` where no worker has it, or it is of another state."""
        if self.memory is None or not self._able(asked):
            return None
        state = self._shop.state(asked.user)
        found = self.memory.get(self._key(asked, state)) if self.memory.enter(self._mark(state)) else None
        if found is None:
            return None
        head, _, packed = found.partition(b"\n")
        tag, personal, told = json.loads(head)
        return KeptAnswer(asked.user, state, tag, packed, personal, asked.scenario, told=told)

    def keep(self, asked: "ListQuestion", answer: KeptAnswer, *, counts: bool = True) -> bool:
        """Keep an answer for all; says whether it is there.

        :param counts: whether somebody asked for it: what is asked for often is then made for everybody.
        """
        if self.memory is None or not self._able(asked) or self._shop.state(asked.user) != answer.state:
            return False
        if counts:
            self._count(asked)
        mark, head = self._mark(answer.state), json.dumps([answer.tag, answer.personal, answer.told]).encode()
        key = self._key(asked, answer.state)
        return self.memory.enter(mark) and self.memory.put(mark, key, b"\n".join((head, answer.packed)))

    def _able(self, asked: "ListQuestion") -> bool:
        return asked.user is not None and not asked.anchor and self.on

    def _count(self, asked: "ListQuestion") -> None:
        if len(self._asked) > 1_000:  # kinds that nobody asks for twice
            self._asked.clear()
        kind = kind_of(asked)
        self._asked[kind] += 1
        if self._asked[kind] == ASKED_OFTEN and self.memory is not None:
            self.memory.wish(kind)

    def _mark(self, state: State) -> "Mark":
        (number, _, _, epoch), _ = cast(_State, state)
        return epoch, self._made_from(number)[0]

    def _key(self, asked: "ListQuestion", state: State) -> bytes:
        """What an answer stands under: what says in its state what one process did is told as all know it."""
        (number, _, decided, epoch), newest = cast(_State, state)
        told = self._made_from(number), decided, epoch, newest, asked.user, sorted(asked.options().items())
        return hashlib.blake2b(repr(told).encode(), digest_size=16).digest()

    def _made_from(self, number: int) -> tuple[int, str]:
        """Number of the generation, and what tells it and the settings from all others."""
        opened = self._shop.engine.opened
        if number != opened.number:  # another was opened meanwhile
            return NO_GENERATION
        if number != self._opened:
            folder, settings = opened.workspace.generation, self._shop.engine.workspace.settings
            self._identity = number_of(folder), f"{folder.name} {settings.model_dump_json()}"
            self._opened = number
        return self._identity


def kind_of(asked: "ListQuestion") -> bytes:
    """A question without whom it asks about, as JSON."""
    return asked.model_dump_json(exclude=OF_ONE, exclude_defaults=True, by_alias=True).encode()
