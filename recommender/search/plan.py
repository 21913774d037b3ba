"""A question as a plan: what is asked for, what it must be, and what else is asked about it."""

from dataclasses import dataclass, field
from typing import Any, Literal

Entity = tuple[str, int]
Comparison = Literal["below", "above", "equal"]


@dataclass(frozen=True)
class Linked:
    """The answer is linked to one of some entities, over one of some ways (steps from the answer's type), or is not."""

    entities: tuple[Entity, ...]
    ways: tuple[tuple[str, ...], ...]
    negated: bool = False


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


@dataclass
class Plan:
    """What a question was understood to ask.

    ``target``: the type of the answers; ``constraints``: what each must be; ``relations``: steps whose tails are asked
    of each answer; ``properties``: properties asked of each; ``checks``: links that are asked about, not required;
    ``order``: a property and whether low values come first; ``taken``: anchors (step, entity) that the asker told of
    herself; ``advise``: whether what fits somebody is asked, not what fulfils conditions; ``unclear``: whether a thing
    that must or must not be is not known, so that no answer would be safe.
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
    taken: list[tuple[str, Entity]] = field(default_factory=list)
    avoided: list[Entity] = field(default_factory=list)
    advise: bool = False
    unclear: bool = False
    not_understood: list[str] = field(default_factory=list)
