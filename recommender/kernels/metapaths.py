"""Metapaths: typed paths from a user to an item, enumerated from the schema."""

from collections.abc import Container, Iterator, Set
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from kg.schema import Schema

MOST_REPEATS = 2
ALONE = 3
"""Steps of the longest metapath through a relation that is walked alone."""


@dataclass(frozen=True, order=True)
class LearnedStep:
    """A step that stands for a learned kernel: which ``kernel``, how it is written, ``≈Course-Product``, and the types
    of its anchors and of its items."""

    kernel: str
    written: str
    ends: tuple[str, str]


@dataclass(frozen=True, order=True)
class Metapath:
    """A sequence of steps, each a ``relation`` or ``~relation``.

    The first step leads from a user to her anchors; the rest, the *tail*, from an anchor to items. Where ``learned`` is
    set, the tail is no path but a learned kernel between two item types.
    """

    steps: tuple[str, ...]
    learned: LearnedStep | None = None

    @property
    def start(self) -> str:
        """The step from the user to the anchors."""
        return self.steps[0]

    @property
    def tail(self) -> tuple[str, ...]:
        """The steps of the kernel, anchor → item."""
        return self.steps[1:] if self.learned is None else (self.learned.written,)

    def item_type(self, schema: Schema) -> str:
        """The type of the items it leads to."""
        return schema.ends(self.steps[-1])[1] if self.learned is None else self.learned.ends[1]

    def __str__(self) -> str:
        return " > ".join((*self.steps[:1], *self.tail))


def enumerate_metapaths(
    schema: Schema, without: Container[str] = (), alone: Set[str] = frozenset()
) -> tuple[Metapath, ...]:
    """All metapaths of the schema from a user type to an item type, sorted by length, then by name.

    A metapath has 2 to ``metapaths.max_length`` steps. Left out are those that a pattern of ``metapaths.exclude``
    matches, and those that use one relation, in either direction, more than twice after the first step: they
    retrace their way. ``without`` and ``alone`` are those of :func:`walked`.
    """
    return tuple(sorted(set(walked(schema, without, alone)), key=lambda path: (len(path.steps), path.steps)))


def walked(schema: Schema, without: Container[str] = (), alone: Set[str] = frozenset()) -> Iterator[Metapath]:
    """The same one by one, in no order.

    :param without: relations that none of them uses.
    :param alone: relations that are walked there and back only, ``start > r > ~r``, never combined with another.
    """
    walks = _Walks(schema, without, alone)
    for user_type in schema.user_types:
        for path in walks.grow((), user_type):
            if not any(matches(path, pattern) for pattern in schema.metapaths.exclude):
                yield path


def matches(path: Metapath, pattern: str) -> bool:
    """Whether a pattern fits the whole metapath: steps parted by ``>``, a step ``*`` is any number of steps.

    Within a step ``*`` and ``?`` work as in file names.
    """
    return _fits(path.steps, tuple(step.strip() for step in pattern.split(">")))


@lru_cache(maxsize=4096)
def _fits(steps: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    if not pattern:
        return not steps
    if pattern[0] == "*":
        return _fits(steps, pattern[1:]) or (bool(steps) and _fits(steps[1:], pattern))
    return bool(steps) and fnmatchcase(steps[0], pattern[0]) and _fits(steps[1:], pattern[1:])


class _Walks:
    """Walks along the relations of a schema, only where an item can still be reached."""

    def __init__(self, schema: Schema, without: Container[str], alone: Set[str]) -> None:
        self.schema, self._alone, self._interactions = schema, alone, set(schema.interactions)
        self._steps: dict[str, list[tuple[str, str]]] = {name: [] for name in schema.entity}
        for name, relation in schema.relation.items():
            if name not in without:
                self._steps[relation.head].append((name, relation.tail))
                self._steps[relation.tail].append((f"~{name}", relation.head))
        self._far = dict.fromkeys(schema.item_types, 0)
        for far in range(1, schema.metapaths.max_length):
            near = [one for one in self._steps if one not in self._far]
            self._far |= {one: far for one in near if any(end in self._far for _, end in self._steps[one])}

    def grow(self, steps: tuple[str, ...], at: str) -> Iterator[Metapath]:
        """All metapaths that begin with some steps, which end at an entity type."""
        if len(steps) >= 2 and self.schema.entity[at].domain is not None:
            yield Metapath(steps)
        left = self.schema.metapaths.max_length - len(steps)
        for step, target in self._steps[at]:
            if self._far.get(target, left) < left and self._walks(steps, step):
                yield from self.grow((*steps, step), target)

    def _walks(self, steps: tuple[str, ...], step: str) -> bool:
        """Whether a step may follow some others."""
        if not steps:
            return True
        name = step.removeprefix("~")
        names = [taken.removeprefix("~") for taken in steps[1:]]
        if names.count(name) >= MOST_REPEATS:
            return False
        together = {name, *names}
        return not together & self._alone or (len(steps) < ALONE and len(together - self._interactions) == 1)
