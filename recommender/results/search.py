"""The answer of ``find``."""

from recommender.results.document import Result


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
