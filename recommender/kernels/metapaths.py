"""Metapaths: typed paths from a user to an item, enumerated from the schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from kg.schema import Schema

MOST_REPEATS = 2
ASSOCIATION, UNION, LATENT_MAP, TEXT_SIMILARITY = "≈", "∪", "↦", "¶"
LEARNED = (ASSOCIATION, UNION, LATENT_MAP, TEXT_SIMILARITY)


@dataclass(frozen=True, order=True)
class Metapath:
    """A sequence of steps, each a ``relation`` or ``~relation``.

    The first step leads from a user to her anchors; the rest, the *tail*, from an anchor to items. Where
    ``association`` is set, the tail is no path but a learned kernel between two item types.
    """

    steps: tuple[str, ...]
    association: tuple[str, str] | None = None
    """Anchors' type and items' type of a learned kernel."""
    symbol: str = ASSOCIATION
    """Which kernel: ``≈`` the regression of items on items, ``∪`` the union of all two-step paths, ``↦`` the map from
    taste to taste, ``¶`` how alike texts are."""

    @property
    def start(self) -> str:
        """The step from the user to the anchors."""
        return self.steps[0]

    @property
    def tail(self) -> tuple[str, ...]:
        """The steps of the kernel, anchor → item."""
        return self.steps[1:] if self.association is None else (learned_step(self.symbol, *self.association),)

    def item_type(self, schema: Schema) -> str:
        """The type of the items it leads to."""
        return schema.ends(self.steps[-1])[1] if self.association is None else self.association[1]

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


def learned_step(symbol: str, anchor_type: str, item_type: str) -> str:
    """The step that stands for a learned kernel, ``≈Course-Product``; no relation has such a name."""
    return f"{symbol}{anchor_type}-{item_type}"


def learned_ends(step: str) -> tuple[str, str, str]:
    """Symbol, anchors' type and items' type of the step of a learned kernel."""
    anchor_type, item_type = step[1:].split("-")
    return step[0], anchor_type, item_type


def is_learned(step: str) -> bool:
    """Whether a step stands for a learned kernel."""
    return step.startswith(LEARNED)


def associations(schema: Schema) -> tuple[Metapath, ...]:
    """An association, a union and a latent map from each interaction to each item type."""
    tails = [(name, schema.relation[name].tail) for name in schema.interactions]
    ends = [(name, (tail, item_type)) for name, tail in tails for item_type in schema.item_types]
    return tuple(Metapath((name,), one, symbol) for symbol in (ASSOCIATION, UNION, LATENT_MAP) for name, one in ends)


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
