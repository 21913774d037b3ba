"""The answer of an evaluation: figures of all models with intervals, and what to know before believing them."""

from typing import Any

from pydantic import BaseModel, Field

from kg.counting import by_number
from recommender.evaluation.duplicates import Duplicates
from recommender.results.explanation_quality import ExplanationReport
from recommender.results.learning import Crossing

TABLED = ("ndcg", "recall", "hit_rate", "mrr")
"""What a notebook shows of each model, with 95 % intervals."""


class Comparison(BaseModel, frozen=True):
    """A paired difference in NDCG; positive: the first model is better."""

    first: str
    second: str
    mean: float
    low: float
    high: float
    p: float
    q: float = 1.0
    """p adjusted for how many comparisons there are, by Benjamini & Hochberg (1995): of those with q below .05, at most
    5 % are chance."""


class RatingErrors(BaseModel, frozen=True):
    """How far predicted ratings of an interaction are off, in units of the ratings."""

    relation: str
    ratings: int
    """Held-out ones."""
    people: int
    """Whose they are."""
    mae: dict[str, float]
    """Model → mean absolute error; ``mean``: the same for everything; ``biases``: what people and items get or give on
    average; ``whyrec``: with what each person gave what kernels say goes with an item."""
    rmse: dict[str, float]
    """Model → root of the mean squared error."""


class Evaluation(BaseModel, frozen=True):
    """The answer of ``evaluate``."""

    k: int
    users: int
    """People tested on, at least k."""
    domain: str | None
    split: dict[str, Any]
    """What was held out: kind, settings and numbers, ``"<5"`` for what fewer than k people did."""
    held_out: str = ""
    """The same in words."""
    duplicates: Duplicates | None = None
    """Probable duplicates among the items, and what became of them; to be read before any figure."""
    notes: list[str] = Field(default_factory=list)
    """What else a reader should know before believing the figures."""
    tuned: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Baseline → parameters chosen on a validation part of the training part."""
    models: dict[str, dict[str, Any]]
    comparisons: list[Comparison]
    crossing: list[Crossing] = Field(default_factory=list)
    """For each pair of domains, whom paths reach in the other one after training on the training part."""
    ratings: list[RatingErrors] = Field(default_factory=list)
    """For each interaction with ratings; of the first fold where there are several."""
    explanations: ExplanationReport | None = None
    """How good the explanations of the workspace's model are, where that was asked for."""
    notices: list[str] = Field(default_factory=list)
    """What was done to measure that a person may want to know."""

    def _repr_html_(self) -> str:
        from recommender.pages.table import table  # only a notebook shows it

        rows = [
            (name, *(f"{m[s]['mean']:.4f} [{m[s]['low']:.4f}, {m[s]['high']:.4f}]" for s in TABLED))
            for name, m in self.models.items()
        ]
        better = (
            f"NDCG, {one.first} − {one.second}: {one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}], p = {one.p:.3f}"
            for one in self.comparisons
        )
        users = by_number(f"{self.users:,} [user|users]")
        title = f"{users}, lists of {self.k}; held out: {self.held_out}"
        return table(title, ("model", *TABLED), rows, [*self.notices, *self.notes, *better])
