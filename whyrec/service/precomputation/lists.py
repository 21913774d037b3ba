"""Lists that all workers of a service share, by what they depend on and what was asked; scenarios are not of it."""

import json
from collections import Counter
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple, cast

from kg.workspace.generations import number_of
from whyrec.service.answer_cache import KeptAnswer, State

if TYPE_CHECKING:
    from whyrec.service.precomputation.ring_buffer import Mark, RingBuffer
    from whyrec.service.rest.questions import ListQuestion
    from whyrec.service.shop import Shop

ASKED_OFTEN = 20
"""How many lists of a kind one worker makes before it says that the kind be made for everybody."""
_State = tuple[tuple[int, int, object, int], int]
OF_ONE = {"user", "anchor", "scenario"}
"""What a question says of one person, or of one place where a list is shown."""
NOBODY = ""
_digest = partial(blake2b, digest_size=16)


class SharedLists:
    """The lists of one shop that any of its workers can give.

    A list stands under what it was made from: the generation, the settings, the schema, the rules that hold for all and
    the rates of their files, what the person did since the last load, and the question. Nothing is shared while chance
    or an experiment has a say in lists.

    :param memory: where they stand; ``None`` where nothing is shared.
    """

    def __init__(self, shop: "Shop", memory: "RingBuffer | None") -> None:
        self._shop, self.memory = shop, memory
        self._asked = Counter[bytes]()
        self._made_from: _MadeFrom | None = None

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
        known = self._known(state)
        found = self.memory.get(_key(known, asked, state)) if known and self.memory.enter(known.mark) else None
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
        known = self._known(answer.state)
        if known is None or not self.memory.enter(known.mark):
            return False
        head = json.dumps([answer.tag, answer.personal, answer.told]).encode()
        return self.memory.put(known.mark, _key(known, asked, answer.state), b"\n".join((head, answer.packed)))

    def begin(self) -> bool:
        """Remove what is of an earlier state, whoever was forgotten since above all, and make room for lists of now;
        says whether that is done."""
        if self.memory is None:
            return False
        known = self.now
        if known is None:
            return False
        told = known.digest, self.memory.wishes()
        return self.memory.begin(known.mark, _digest(repr(told).encode()).digest())

    @property
    def now(self) -> "_MadeFrom | None":
        """What all answers are made from now."""
        return self._known(self._shop.state(NOBODY))

    def _able(self, asked: "ListQuestion") -> bool:
        return asked.user is not None and not asked.anchor and self.on

    def _count(self, asked: "ListQuestion") -> None:
        if len(self._asked) > 1_000:  # kinds that nobody asks for twice
            self._asked.clear()
        kind = kind_of(asked)
        self._asked[kind] += 1
        if self._asked[kind] % ASKED_OFTEN == 0 and self.memory is not None:  # another may have written just then
            self.memory.wish(kind)

    def _known(self, state: State) -> "_MadeFrom | None":
        """What all answers of a state are made from; ``None`` where another generation was opened meanwhile."""
        (number, _, decided, epoch), _ = cast(_State, state)
        engine, found = self._shop.engine, self._made_from
        if found is None or found.of != (number, decided, epoch):
            opened = engine.opened
            if opened.number != number:
                return None
            folder, workspace = opened.workspace.generation, engine.workspace
            schema, settings = (one.model_dump_json() for one in (workspace.schema, workspace.settings))
            told = folder.name, schema, settings, repr(engine.standing_rules), decided, epoch
            digest = _digest(repr(told).encode()).digest()
            found = _MadeFrom((number, decided, epoch), (epoch, number_of(folder)), digest)
            self._made_from = found
        return found


class _MadeFrom(NamedTuple):
    """What all answers of a state are made from.

    ``of``: what says so in the state of one process; ``mark``, ``digest``: as all processes know it.
    """

    of: tuple[int, object, int]
    mark: "Mark"
    digest: bytes


def _key(known: _MadeFrom, asked: "ListQuestion", state: State) -> bytes:
    """What an answer stands under."""
    told = known.digest, cast(_State, state)[1], asked.user, sorted(asked.options().items())
    return _digest(repr(told).encode()).digest()


def kind_of(asked: "ListQuestion") -> bytes:
    """A question without whom it asks about, as JSON."""
    return asked.model_dump_json(exclude=OF_ONE, exclude_defaults=True, by_alias=True).encode()
