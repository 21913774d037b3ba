"""What starts from the entity of a row: links to other entities, labels found in text, similar texts."""

from typing import Literal, Self

from pydantic import Field, model_validator

from kg.document import Document

Normalisation = Literal["inci", "casefold", "none"]


class Link(Document):
    """A ``[[source.link]]`` table: triples that start from the entity of the row."""

    relation: str
    tail: str
    """Column whose values are ids of the relation's tail type; entities that are not there are created."""
    tail_is_column: bool = False
    """The column holds true or false, 1 or 0: where it is true, the name of the column is the tail."""
    split: str | None = Field(default=None, min_length=1)
    """Separator of several tails in one cell; lists of JSON and Parquet need none, nor do lists written as text."""
    levels: str | None = Field(default=None, min_length=1)
    """Stands between the levels of a path, ``Care > Face``: the tail is the whole path, its label the last level."""
    parent: str | None = None
    """Relation from each level of such a path to the one above it."""
    normalise: Normalisation = "none"
    """``inci`` splits and cleans an ingredient list by itself, besides ``split``; ``none`` is trim and Unicode NFC."""
    possible_weight: float | None = Field(default=None, gt=0, lt=1)
    """Weight of what an ingredient list names after "may contain", beside the 1.0 of the others; else left out."""

    @model_validator(mode="after")
    def _parents_of_levels(self) -> Self:
        if self.parent is not None and self.levels is None:
            raise ValueError('parent needs levels, such as levels = ">"')
        if self.tail_is_column and (self.split or self.levels or self.normalise == "inci"):
            raise ValueError("tail_is_column: such cells hold true or false, so nothing is split or a list")
        return self

    @model_validator(mode="after")
    def _only_in_lists(self) -> Self:
        if self.possible_weight is not None and self.normalise != "inci":
            raise ValueError('possible_weight needs normalise = "inci", which knows what a pack may contain')
        return self


class Text(Document):
    """A ``[[source.text]]`` table: labels of known entities found in text become triples."""

    relation: str
    columns: tuple[str, ...] = Field(min_length=1)
    stop: tuple[str, ...] = ()
    """Words and phrases in which no label is looked for: ``soap ui`` is no soap."""
    aliases: dict[str, str] = Field(default_factory=dict)
    """Other spellings, plurals too, → id or label of the entity."""
    word_separators: str = ""
    """Characters that stand between words besides blanks: ``-`` for titles such as ``aromatherapy-for-beginners``."""
    ids: bool = False
    """Whether ids without digits are looked for too, ``_`` read as a blank; an id is always the label where none is."""
    weight: Literal["tfidf", "none"] = "tfidf"
    """``tfidf``: in (0, 1], see ``kg.text``; ``none``: 1.0."""


class Similar(Document):
    """A ``[[source.similar]]`` table: from each entity to those of the same source whose text is most alike."""

    relation: str
    """Its head and tail are the entity type of the rows."""
    columns: tuple[str, ...] = Field(min_length=1)
    top: int = Field(default=10, ge=1)
    """How many each entity leads to, at most."""
    min_similarity: float = Field(default=0.1, ge=0, le=1)
    """Cosine below which nothing counts as alike; the cosine is the weight, see ``kg.text.similarity``."""
    method: Literal["tfidf"] = "tfidf"
    word_separators: str = ""
    """As in ``[[source.text]]``."""
