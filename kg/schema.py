"""The schema: entity types, relations, items and their domains, interactions, sensitive types."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from kg.document import Document, nearest, parse, read_toml
from kg.errors import SchemaError
from kg.step import AGAIN, relation_of

NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]*$")
RESERVED_PROPERTIES = ("id", "label", "weight", "timestamp")

PropertyType = Literal["str", "float", "int", "bool"]


class EntityType(Document):
    """One ``[entity.NAME]`` table; it becomes a Neo4j label."""

    domain: str | None = None
    """The domain whose items these entities are; ``None``: never recommended."""
    sensitive: bool = False
    """People: never named in anybody else's explanation, never logged."""
    properties: dict[str, PropertyType] = Field(default_factory=dict)
    """Property name → type. ``label_zh`` and its like hold the label in another language."""
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Language → what people call entities of this type in a question, such as ``course`` and ``learn``."""
    currency: dict[str, str] = Field(default_factory=dict)
    """Property that is an amount of money → code of its currency, ``EUR``; others are turned into it, or left out."""
    text: tuple[str, ...] = ()
    """What of an item is prose, such as its description: ``str`` properties, or ``label``. Items whose texts are alike
    may be recommended for each other."""

    @field_validator("properties")
    @classmethod
    def _property_names(cls, value: dict[str, PropertyType]) -> dict[str, PropertyType]:
        _check_names("property", value)
        for name in value:
            if name.casefold() in RESERVED_PROPERTIES:
                raise ValueError(f"property {name!r} is reserved ({', '.join(RESERVED_PROPERTIES)})")
        return value

    @model_validator(mode="after")
    def _currencies(self) -> Self:
        for name, code in self.currency.items():
            if self.properties.get(name) != "float":
                raise ValueError(f"currency: {name!r} is no property of type float")
            if not re.fullmatch("[A-Z]{3}", code):
                raise ValueError(f"currency: {code!r} is no code of three capital letters, such as EUR")
        return self

    @model_validator(mode="after")
    def _texts(self) -> Self:
        prose = ["label", *(name for name, kind in self.properties.items() if kind == "str")]
        for name in self.text:
            if self.domain is None:
                raise ValueError("text: only items are compared by their texts, and this type has no domain")
            if name not in prose:
                raise ValueError(f"text: {name!r} is no property of type str; {nearest(name, prose)}")
        return self


class Relation(Document):
    """One ``[relation.NAME]`` table: a typed, directed relation between two entity types."""

    head: str
    tail: str
    interaction: bool = False
    """What people did with items: these triples are learned from, and used items are not recommended again."""
    create_head: bool | None = None
    """Of an interaction: whether the people that events name are created where no file lists them; where absent, only
    for files that need no mapping."""
    negative: bool = False
    """What people said against items or attributes: it subtracts from scores, and is never an interaction."""
    repeat: bool = False
    """Of an interaction with what is used up: used items are recommended again, how often adds up, and where rows have
    times, the first time, the days and the time before the last day are kept, by which the interval is told."""
    half_life_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """After how many days a triple of a user counts half; the latest triple of the snapshot is now."""
    place_exponent: float | None = Field(default=None, ge=0, le=4)
    """p: the n-th latest triple of a user counts n^-p; 0 is all alike. Where the schema is silent, ``train`` learns
    both of interactions."""
    variant: bool = False
    """Between items of one type: what it joins are sizes or shades of one thing. A list shows the best of them, and
    no path runs through it."""
    trend_days: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Of an interaction: after how many days it counts half for what is popular, so that what is trending is; where the
    schema is silent, ``train`` learns it."""
    rule: Literal["avoid"] | None = None
    """``avoid``: a rule, never a reason. The tail, items with a triple to it and paths through it are not shown."""
    phrase: dict[str, str] = Field(default_factory=dict)
    """Language → how a person reads it, from head to tail."""
    inverse_phrase: dict[str, str] = Field(default_factory=dict)
    """Language → how a person reads it, from tail to head."""
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Language → how people name it in a question, where that is no phrase."""


class MetapathRules(Document):
    """The ``[metapaths]`` table."""

    max_length: int = Field(default=3, ge=2, le=5)
    """Longest metapath, in relations, the first step from the user included."""
    exclude: tuple[str, ...] = ()
    """Patterns such as ``has_skin_type > ~has_skin_type > *``; ``*`` stands for any number of steps."""
    most: int = Field(default=200, ge=1)
    """How many metapaths there may be; where a schema has more, its smaller relations are not combined."""

    def excluding(self, patterns: Iterable[str]) -> Self:
        """The same with more patterns left out."""
        return self.model_copy(update={"exclude": tuple(dict.fromkeys((*self.exclude, *patterns)))})


class Schema(Document):
    """A checked schema. Names of types and relations keep the order of the file."""

    name: str
    entity: dict[str, EntityType] = Field(min_length=1)
    relation: dict[str, Relation] = Field(default_factory=dict)
    metapaths: MetapathRules = Field(default_factory=MetapathRules)

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_names("entity type", self.entity)
        _check_names("relation", self.relation)
        for name, relation in self.relation.items():
            self._check_relation(name, relation)
            self._check_of_people(name, relation)
        # frozen for everybody else; patterns that follow from the relations are written here, once
        object.__setattr__(self, "metapaths", self.metapaths.excluding(self._no_reasons()))
        return self

    def _no_reasons(self) -> list[str]:
        """Patterns of metapaths that a rule would be part of, sizes and shades, or a dislike, but for the user's own at
        the start: that it is the same in red is no reason."""
        rules = [f"* > {sign}{name} > *" for name in (*self.rules, *self.variants) for sign in ("", "~")]
        return [*rules, *(pattern for n in self.negatives for pattern in (f"?* > * > {n} > *", f"* > ~{n} > *"))]

    def _check_of_people(self, name: str, relation: Relation) -> None:
        """A rule, a dislike and a half-life are of people."""
        keys = ("rule", "negative", "half_life_days", "place_exponent")
        used = [key for key in keys if getattr(relation, key)]
        if used and relation.head not in self.user_types:
            known = ", ".join(self.user_types) or "none"
            raise ValueError(f"relation.{name}.{used[0]}: the head is {relation.head!r}, no user type (known: {known})")
        if relation.rule and (relation.interaction or used != ["rule"]):
            raise ValueError(f"relation.{name}: a rule is no interaction, not negative, and does not fade")

    def _check_relation(self, name: str, relation: Relation) -> None:
        if name.casefold() in {known.casefold() for known in self.entity}:
            raise ValueError(f"relation.{name}: an entity type has the same name")
        for end in ("head", "tail"):
            type_name = getattr(relation, end)
            if type_name not in self.entity:
                hint = nearest(type_name, list(self.entity))
                raise ValueError(f"relation.{name}.{end}: unknown entity type {type_name!r}; {hint}")
        if relation.repeat and (relation.negative or not relation.interaction):
            raise ValueError(f"relation.{name}.repeat: only interactions are repeated")
        if relation.trend_days is not None and not relation.interaction:
            raise ValueError(f"relation.{name}.trend_days: only interactions make items popular")
        if relation.create_head is not None and not relation.interaction:
            raise ValueError(f"relation.{name}.create_head: only interactions create their heads")
        if relation.variant:
            self._check_variant(name, relation)
        if relation.interaction and self.entity[relation.tail].domain is None:
            raise ValueError(f"relation.{name}: an interaction ends in an item; entity.{relation.tail} has no domain")

    def _check_variant(self, name: str, relation: Relation) -> None:
        """Sizes and shades are items, and all of one type."""
        if relation.head != relation.tail:
            raise ValueError(
                f"relation.{name}.variant: sizes and shades of one thing are of one type, but it leads from "
                f"{relation.head!r} to {relation.tail!r}"
            )
        if self.entity[relation.head].domain is None:
            raise ValueError(f"relation.{name}.variant: only items have variants; entity.{relation.head} has no domain")

    @cached_property
    def item_types(self) -> tuple[str, ...]:
        """Entity types that can be recommended."""
        return tuple(name for name, entity in self.entity.items() if entity.domain is not None)

    @cached_property
    def domains(self) -> tuple[str, ...]:
        """Domains of the items, sorted."""
        return tuple(sorted({e.domain for e in self.entity.values() if e.domain is not None}))

    @cached_property
    def user_types(self) -> tuple[str, ...]:
        """Entity types that interact with items (heads of interactions), or else the sensitive ones."""
        heads = {r.head for r in self.relation.values() if r.interaction}
        chosen = heads or {name for name, entity in self.entity.items() if entity.sensitive}
        return tuple(name for name in self.entity if name in chosen)

    @cached_property
    def interactions(self) -> tuple[str, ...]:
        """Relations that are interactions; what people said against items is none."""
        return tuple(n for n, relation in self.relation.items() if relation.interaction and not relation.negative)

    @cached_property
    def used_once(self) -> tuple[str, ...]:
        """The interactions after which an item is not recommended again."""
        return tuple(name for name in self.interactions if not self.relation[name].repeat)

    @cached_property
    def negatives(self) -> tuple[str, ...]:
        """Relations that subtract."""
        return tuple(name for name, relation in self.relation.items() if relation.negative)

    @cached_property
    def variants(self) -> tuple[str, ...]:
        """Relations that join the sizes and shades of one thing."""
        return tuple(name for name, relation in self.relation.items() if relation.variant)

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """Relations that say what a user avoids."""
        return tuple(name for name, relation in self.relation.items() if relation.rule)

    def interactions_with(self, domain: str) -> tuple[str, ...]:
        """The interactions that end at items of a domain."""
        return tuple(name for name in self.interactions if self.entity[self.relation[name].tail].domain == domain)

    def ends(self, step: str) -> tuple[str, str]:
        """Head and tail type of a step: ``relation``, ``~relation``, or ``again-relation``.

        :raises SchemaError: for an unknown relation, naming the nearest.
        """
        found = self._ends.get(step)
        if found is None:
            raise SchemaError(f"unknown relation {step!r}; {nearest(step, list(self.relation))}")
        return found

    @cached_property
    def _ends(self) -> dict[str, tuple[str, str]]:
        forward = {name: (one.head, one.tail) for name, one in self.relation.items()}
        again = {f"{AGAIN}{name}": forward[name] for name, one in self.relation.items() if one.repeat}
        return forward | {f"~{name}": (tail, head) for name, (head, tail) in forward.items()} | again

    @cached_property
    def leaving(self) -> dict[str, tuple[str, ...]]:
        """Entity type → the steps that leave it: relations first, then inverses."""
        ends = {step: head for step, (head, _) in self._ends.items() if not step.startswith(AGAIN)}
        return {kind: tuple(step for step, head in ends.items() if head == kind) for kind in self.entity}

    def phrase(self, step: str, lang: str = "en") -> str:
        """How a person reads a step; English where ``lang`` has no phrase, the name where there is none at all."""
        relation, forward = self.relation[relation_of(step)], not step.startswith("~")
        phrases = relation.phrase if forward else relation.inverse_phrase
        spoken = relation_of(step).replace("_", " ")
        return phrases.get(lang) or phrases.get("en") or (spoken if forward else f"is reached by “{spoken}” from")

    def canonical(self) -> dict[str, Any]:
        """What of the schema decides the content of a snapshot: types, properties, relations; no phrases."""
        return {
            "entity": {n: {"properties": dict(sorted(e.properties.items()))} for n, e in sorted(self.entity.items())},
            "relation": {n: [r.head, r.tail] for n, r in sorted(self.relation.items())},
        }


@lru_cache(maxsize=4096)
def inverse_of(step: str) -> str:
    """``~r`` for ``r`` and the other way round."""
    return step[1:] if step.startswith("~") else f"~{step}"


def read_schema(path: Path) -> Schema:
    """Read and check a schema file.

    :raises SchemaError: one line per problem, each with the file and the place in it.
    """
    return parse_schema(read_toml(path, SchemaError), str(path))


def parse_schema(data: Mapping[str, Any], origin: str = "schema") -> Schema:
    """Check a schema given as nested dicts, as TOML yields them.

    :raises SchemaError: one line per problem.
    """
    return parse(Schema, data, origin, SchemaError)


def _check_name(name: str, kind: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{kind} {name!r}: a name is a letter, then letters, digits and _ ({NAME.pattern})")


def _check_names(kind: str, names: Iterable[str]) -> None:
    """Refuse names that are no names, and those that differ only by case: the embedded store would fold them."""
    folded: dict[str, str] = {}
    for name in names:
        _check_name(name, kind)
        if name.casefold() in folded:
            raise ValueError(f"{kind} {name!r} differs from {folded[name.casefold()]!r} only by case")
        folded[name.casefold()] = name
