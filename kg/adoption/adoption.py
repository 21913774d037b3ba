"""The adoption mapping: which label is which entity type, which property its id, which relationship which relation."""

from pathlib import Path

from pydantic import Field, field_validator

from kg.document import Document, parse, read_toml
from kg.errors import StoreError

_FORBIDDEN = "`\\\0"


def quoted(name: str) -> str:
    """A name of somebody else's graph, as Cypher writes it.

    :raises StoreError: for one with a backtick or a backslash, by which a name could end.
    """
    if not name or any(char in name for char in _FORBIDDEN) or not name.isprintable():
        raise StoreError(f"{name!r}: a name with a backtick, a backslash or a control character cannot be adopted")
    return f"`{name}`"


class _Named(Document):
    @field_validator("*")
    @classmethod
    def _fit_for_cypher(cls, value: object) -> object:
        names = value.values() if isinstance(value, dict) else [value]
        for name in names:
            if isinstance(name, str):
                try:
                    quoted(name)
                except StoreError as problem:
                    raise ValueError(str(problem)) from None
        return value


class AdoptedType(_Named):
    """An ``[entity.TYPE]`` table."""

    node: str
    """The label of the nodes."""
    key: str
    """The property that is their id; numbers are written as text."""
    label: str | None = None
    """The property that a person reads."""
    properties: dict[str, str] = Field(default_factory=dict)
    """Property of the schema → property of the nodes."""


class AdoptedRelation(_Named):
    """A ``[relation.NAME]`` table."""

    relationship: str
    """The type of the relationships."""
    weight: str | None = None
    timestamp: str | None = None
    first: str | None = None
    occasions: str | None = None
    previous: str | None = None
    """Of what is repeated: when it was first so, on how many days, and when last before the latest day; where absent,
    several relationships of a pair say it."""


class Adoption(Document):
    """An adoption mapping; heads and tails of relations are those of the schema."""

    entity: dict[str, AdoptedType] = Field(min_length=1)
    relation: dict[str, AdoptedRelation] = Field(default_factory=dict)


def read_adoption(path: Path) -> Adoption:
    """Read an adoption mapping.

    :raises StoreError: one line per problem.
    """
    return parse(Adoption, read_toml(path, StoreError), str(path), StoreError)
