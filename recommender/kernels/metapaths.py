"""Metapaths: typed paths from a user to an item, enumerated from the schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from kg.schema import Schema

MOST_REPEATS = 2


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


def enumerate_metapaths(schema: Schema) -> tuple[Metapath, ...]:
    """All metapaths of the schema from a user type to an item type, sorted by length, then by name.

    A metapath has 2 to ``metapaths.max_length`` steps. Left out are those that a pattern of ``metapaths.exclude``
    matches, and those that use one relation, in either direction, more than twice after the first step: they
    retrace their way.
    """
    found = [path for user_type in schema.user_types for path in _grow(schema, (), user_type)]
    kept = [path for path in found if not any(matches(path, pattern) for pattern in schema.metapaths.exclude)]
    return tuple(sorted(set(kept), key=lambda path: (len(path.steps), path.steps)))


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


def _grow(schema: Schema, steps: tuple[str, ...], at: str) -> Iterator[Metapath]:
    if len(steps) >= 2 and schema.entity[at].domain is not None:
        yield Metapath(steps)
    if len(steps) == schema.metapaths.max_length:
        return
    for step, target in _steps_from(schema, at):
        name = step.removeprefix("~")
        if [taken.removeprefix("~") for taken in steps[1:]].count(name) < MOST_REPEATS:
            yield from _grow(schema, (*steps, step), target)


def _steps_from(schema: Schema, entity_type: str) -> Iterator[tuple[str, str]]:
    for name, relation in schema.relation.items():
        if relation.head == entity_type:
            yield name, relation.tail
        if relation.tail == entity_type:
            yield f"~{name}", relation.head
