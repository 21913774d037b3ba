"""A question as a plan: what is asked for, what it must be, and what else is asked about it."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, Literal

from kg.schema import Schema, inverse_of

Entity = tuple[str, int]
Comparison = Literal["below", "above", "at_most", "at_least", "equal"]


@dataclass(frozen=True)
class Linked:
    """The answer is linked to one of some entities, over one of some ways (steps from the answer's type), or is not.

    ``through``: what those entities were said to be, where they were not named.
    """

    entities: tuple[Entity, ...]
    ways: tuple[tuple[str, ...], ...]
    negated: bool = False
    through: tuple["Constraint", ...] = ()


@dataclass(frozen=True)
class Worded:
    """Words that stand in the label of the answer."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Valued:
    """A property of the answer compared with a value."""

    name: str
    comparison: Comparison
    value: Any


@dataclass(frozen=True)
class Being:
    """The answer is one of these entities."""

    entities: tuple[Entity, ...]


Constraint = Linked | Worded | Valued | Being


@dataclass(frozen=True)
class Tally:
    """A count for each of several: which brand has the most products, are there more of these or of those.

    ``counted``: the type that is counted; ``constraints``: what each counted one must be; ``ways``: from the counted
    type to what is compared, where that are all entities of the plan's target; ``groups``: else what is compared, by
    what it is called; ``fewest``: whether few come first; ``top``: how many are asked for, those that come first
    where none; ``every``: whether the count of each is asked for; ``bound``: what the counts must be;
    ``mean``: a property of what is counted, whose mean decides instead of the count.
    """

    counted: str
    constraints: tuple[Constraint, ...]
    ways: tuple[tuple[str, ...], ...] = ()
    groups: tuple[tuple[str, Constraint], ...] = ()
    fewest: bool = False
    top: int | None = None
    every: bool = False
    bound: tuple[Comparison, float] | None = None
    mean: str | None = None


@dataclass
class Plan:
    """What a question was understood to ask.

    ``target``: the type of the answers; ``constraints``: what each must be; ``relations``: steps whose tails are asked
    of each answer; ``properties``: properties asked of each; ``checks``: links that are asked about, not required;
    ``order``: a property and whether low values come first; ``taken``: anchors (step, entity) that the asker told of
    herself; ``advise``: whether what fits somebody is asked, not what fulfils conditions; ``variants``: whether the
    sizes and shades of what is named are asked for; ``also_variants``: whether they are told beside the answers;
    ``tally``: counts that decide; ``average``: a property whose mean is asked for; ``top``: how many are asked for;
    ``rest``: what else the word of a link may mean: the word, entities and ways;
    ``whole``: whether all are asked for, in their order, not the first alone;
    ``typed``: whether the type of the answers was named;
    ``missing``: things asked about that no graph like this holds; ``assumed``: words with two meanings, the one taken
    and the other; ``marked``: words taken for marks, the mark and what it says is not there; ``narrowed``: conditions
    on those whose number is asked for as well, before more is asked of them; ``relaxed``: words that stand in the names
    of nothing that fulfils the rest;
    ``unclear``: whether a thing that must or must not be is not known, so that no answer would be safe.
    """

    target: str | None = None
    constraints: list[Constraint] = field(default_factory=list)
    relations: list[str] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    checks: list[Linked] = field(default_factory=list)
    order: tuple[str, bool] | None = None
    popular: bool = False
    count: bool = False
    variants: bool = False
    also_variants: bool = False
    taken: list[tuple[str, Entity]] = field(default_factory=list)
    avoided: list[Entity] = field(default_factory=list)
    advise: bool = False
    unclear: bool = False
    typed: bool = False
    whole: bool = False
    tally: Tally | None = None
    average: str | None = None
    top: int | None = None
    missing: list[str] = field(default_factory=list)
    assumed: list[tuple[str, Entity, Entity]] = field(default_factory=list)
    marked: list[tuple[str, Entity, Entity]] = field(default_factory=list)
    narrowed: tuple[Constraint, ...] | None = None
    relaxed: tuple[str, ...] = ()
    rest: dict[Linked, list[tuple[str, tuple[tuple[Entity, ...], tuple[tuple[str, ...], ...]]]]] = field(
        default_factory=dict
    )
    not_understood: list[str] = field(default_factory=list)

    @property
    def by_paths(self) -> bool:
        """Whether what fits is asked for: what paths lead to from what the asker told of herself."""
        return bool(self.taken) and (self.advise or not self.constraints)


class Ways:
    """Ways between types that questions are about: over no people, rules or likings."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def between(self, target: str, other: str, told: Container[str]) -> list[tuple[str, ...]]:
        """Shortest ways from a type to another, those over steps that were told where there are such."""
        direct = self.direct(target, other)
        chosen = [s for s in direct if s in told or inverse_of(s) in told]
        if direct:
            return [(step,) for step in (chosen or direct)]
        steps = [(s, self.schema.ends(s)[1]) for s in self.about() if self.schema.ends(s)[0] == target]
        two: list[tuple[str, ...]] = [
            (s, rest) for s, middle in steps for rest in self.direct(middle, other) if middle != other
        ]
        if two:
            return two
        return [
            (s, second, rest)
            for s, middle in steps
            for second in self.about()
            if self.schema.ends(second)[0] == middle and second != inverse_of(s)
            for rest in self.direct(self.schema.ends(second)[1], other)
        ]

    def of_variants(self, item_type: str) -> list[str]:
        """Steps, both ways, between the sizes and shades of items of a type."""
        names = [name for name in self.schema.variants if self.schema.ends(name)[0] == item_type]
        return [step for name in names for step in (name, inverse_of(name))]

    def direct(self, head: str, tail: str) -> list[str]:
        """Steps from a type to another between things."""
        return [step for step in self.about() if self.schema.ends(step) == (head, tail)]

    def about(self) -> list[str]:
        """Steps, both ways, of relations between things."""
        names = [
            name
            for name, relation in self.schema.relation.items()
            if not self.schema.entity[relation.head].sensitive and not self.schema.entity[relation.tail].sensitive
        ]
        return [step for name in names for step in (name, inverse_of(name))]
