"""The ``[rdf]`` table of a mapping: which classes and properties of a vocabulary become what of the schema."""

import re
from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from kg.document import Document
from kg.errors import UsageError

_ABSOLUTE = r"^[A-Za-z][A-Za-z0-9+.-]*:"


class Target(Document):
    """What a property becomes: ``"label"``, ``"made_by"``, ``"~made_by"``, ``"price"`` or ``"Product.price"``."""

    to: str
    """``label``, a relation (``~``: from the object to the subject), or a property, of one entity type where told."""
    split: str | None = Field(default=None, min_length=1)
    """Separator of several ids in one literal."""
    normalise: str = Field(default="none", pattern="^(inci|casefold|none)$")
    """How a literal becomes an id, as in ``[[source.link]]``."""


class QualifiedRelation(Document):
    """A ``[[rdf.statement]]`` table: nodes of a class that stand for one triple each, such as a review.

    A role is a property, a path such as ``schema:reviewRating/schema:ratingValue`` (``^`` goes backwards), or a list of
    them, each of which may say it.
    """

    node: str = Field(alias="class")
    relation: tuple[str, ...] = ()
    """The relation; of several the one whose ends fit."""
    predicate: str | None = None
    """In place of ``relation``: the property that names a mapped property."""
    head: tuple[str, ...] = Field(min_length=1)
    tail: tuple[str, ...] = Field(min_length=1)
    weight: tuple[str, ...] = ()
    timestamp: tuple[str, ...] = ()

    @field_validator("relation", "head", "tail", "weight", "timestamp", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.relation) == (self.predicate is not None):
            raise ValueError(f"{self.node}: a statement has either relation or predicate")
        return self


class RdfMapping(Document):
    """The ``[rdf]`` table. Names are IRIs, or ``prefix:name`` with one of ``prefixes`` or a well-known prefix."""

    base: str | None = Field(default=None, pattern=_ABSOLUTE)
    """What relative IRIs are resolved against; without it a file with relative IRIs is refused."""
    id_prefix: str | None = Field(default=None, min_length=1)
    """Beginning of IRIs that their ids leave out; otherwise the whole IRI is the id."""
    languages: tuple[str, ...] = ("en",)
    """Languages of texts in order of preference; then come texts without a language."""
    prefixes: dict[str, str] = Field(default_factory=dict)
    classes: dict[str, str] = Field(default_factory=dict, alias="class")
    """Class → entity type."""
    key: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Class → properties of which the first that is there is the id of a node without an IRI."""
    property: dict[str, tuple[Target, ...]] = Field(default_factory=dict)
    """Property, or path such as ``schema:offers/schema:price``, → what it becomes."""
    statement: tuple[QualifiedRelation, ...] = ()

    @field_validator("property", mode="before")
    @classmethod
    def _targets(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        lists = {key: target if isinstance(target, list | tuple) else [target] for key, target in value.items()}
        return {key: [{"to": t} if isinstance(t, str) else t for t in targets] for key, targets in lists.items()}


def absolute_base(base: str) -> str:
    """A base as it was told, if it is an absolute IRI.

    :raises UsageError: where it is not.
    """
    if not re.match(_ABSOLUTE, base):
        raise UsageError(f"base {base!r} is no absolute IRI; for example http://example.org/")
    return base
