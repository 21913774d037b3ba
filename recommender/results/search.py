"""The answers of ``find`` and ``ask``."""

from pydantic import Field

from recommender.results.document import Result, Sparse


class Hit(Result):
    """An entity that a text may mean; ``score`` in (0, 1], 1 for an id or label as it is written."""

    id: str
    type: str
    label: str
    score: float
    matched: str
    """Which of its names fits, as it is written: id, label, alias, or the label in another language."""


class Found(Result):
    """The answer of ``find``, the best hit first."""

    query: str
    hits: list[Hit]


class Fact(Result):
    """A triple of the graph, cited: ids of head and tail."""

    head: str
    relation: str
    tail: str


class AskedItem(Sparse):
    """One answer, what was asked about it, and the triples that show it."""

    id: str
    type: str
    label: str
    facts: list[Fact]
    values: dict[str, str | float | bool] | None = None
    """Properties that were asked for or that a condition is about."""
    reason: str | None = None
    """Why it fits, where what fits somebody was asked; the facts are the paths then."""


class Related(Result):
    """What else the graph knows: others of the same maker, what to know of what is asked about, items elsewhere."""

    kind: str
    text: str
    items: list[AskedItem]


class Answers(Result):
    """The answer of ``ask``."""

    question: str
    understood: str
    plan: list[str]
    """The plan, a step a line, with names of the schema and ids."""
    count: int
    """How many there are in all; ``answers`` holds the first of them."""
    answers: list[AskedItem]
    related: list[Related]
    not_understood: list[str]
    text: str
    phrased: str | None = None
    """The same in the words of a language model, where one was asked for and kept to what it was given."""
    notices: list[str] = Field(default_factory=list)
