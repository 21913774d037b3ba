"""What learning did for each domain, and whom it reaches across domains."""

from typing import Literal

from pydantic import BaseModel, Field

from kg.k_anonymity import floored_count

Audience = Literal["warm", "crossing", "told"]
"""Whose weights: people who used something of a domain, who used only other domains, who used nothing at all and have
only said something of themselves."""
FIRST = 3
"""Ranks at the top of a list."""


class EmbeddingReport(BaseModel, frozen=True):
    """Whether closeness in the embedding gets a say, by a pilot on validation."""

    people: int
    """Who decided: people whose rankings its weight was not fitted on."""
    gain: float
    """NDCG@10 in their rankings with it less that without."""
    p: float
    """Of the paired difference, person by person."""
    kept: bool
    """Whether it was surely better, and weighs something; else lists are those without vectors."""


class DomainReport(BaseModel, frozen=True):
    """What learning did for one domain."""

    domain: str
    cold: bool = False
    """Whether this is about people who used nothing of the domain."""
    audience: Audience = "warm"
    """Whose validation rankings decided: nobody else's weights follow from them."""
    users: int
    """Validation rankings: one per held-out item, so several for most people who are new to the domain."""
    people: int = 0
    """Of how many people these are."""
    held_back: int = 0
    """How many of these people's rankings weights were not fitted on: figures and p are of theirs."""
    before: float
    """NDCG@10 of the default weights on validation users that weights were not fitted on."""
    after: float
    """The same of the learned weights."""
    p: float
    """Of the paired difference between learned and default weights, person by person, the mean of each one's rankings;
    learned weights are kept where they are better, with few rankings only where they are surely better."""
    kept: bool
    popularity: float = 0.0
    """The same of popularity alone."""
    only_popularity: bool = False
    """Whether popularity is the floor, since nothing is surely better for people who are new to the domain."""
    beside_popularity: float = 0.0
    """Part of the score that the most personal blend has that is not worse than popularity, where that is the floor."""
    prior: int = 0
    """Paths with too little evidence, which weigh what their ends are worth within their domains."""
    embedding: EmbeddingReport | None = None
    """What the pilot said of the embedding; ``None`` where there was none."""
    adds: dict[str, float] = Field(default_factory=dict)
    """Feature → fall of NDCG@10 on those users when its weight becomes 0."""


class ToldEmbedding(BaseModel, frozen=True):
    """The same for whoever trains: nothing of fewer than k people."""

    people: int | str
    gain: float | None
    p: float | None
    kept: bool


class ToldDomain(BaseModel, frozen=True):
    """What learning did for one domain, for whoever trains: numbers of people exact from k on, ``"<5"`` below; figures
    ``None`` where they rest on fewer than k people. The fields are those of :class:`DomainReport`."""

    domain: str
    cold: bool
    audience: Audience
    users: int | str
    people: int | str
    held_back: int | str
    before: float | None
    after: float | None
    p: float | None
    kept: bool
    popularity: float | None
    only_popularity: bool
    beside_popularity: float
    prior: int
    embedding: ToldEmbedding | None
    adds: dict[str, float | None]

    @classmethod
    def of(cls, report: DomainReport, k: int) -> "ToldDomain":
        """A report as it may be told."""
        told, few = report.model_dump(), report.held_back < k
        for name in ("people", "held_back"):
            told[name] = floored_count(told[name], k)
        told["users"] = told["people"] if isinstance(told["people"], str) else report.users
        if few:
            told |= dict.fromkeys(("before", "after", "p", "popularity"))
            told["adds"] = dict.fromkeys(report.adds)
        if (pilot := told["embedding"]) is not None and 0 < pilot["people"] < k:
            told["embedding"] = {**pilot, "people": floored_count(pilot["people"], k), "gain": None, "p": None}
        return cls(**told)


class Crossing(BaseModel, frozen=True):
    """People who used one domain and nothing of another, and their lists of the other.

    Numbers go in steps of k, fewer than k count as none, and shares are of these numbers.
    """

    source: str
    target: str
    people: int
    """How many they are."""
    asked: int
    """Of how many the lists were made."""
    reached: float
    """Part of those to whom any path leads an item."""
    personal: float
    """Part of those whose list has an item that a path carries: a list that differs by popularity is not personal."""
    first: float
    """Part of those reached that have such an item at rank 1 to 3."""
    distinct: int
    """How many different lists they get; exact below k, for one list for all is no secret."""
    own: float | None = None
    """Different lists of those reached, as a part of the different things that lead there, at most 1; ``None`` where
    that was not counted, in older models."""
    with_reason: float
    """Part of all items of all lists that a path carries."""
    reasons: dict[str, int] = Field(default_factory=dict)
    """Metapath with the largest share of an item → how many items, most first; none of fewer than k people."""

    @property
    def text(self) -> str:
        """In one line, but for the reasons."""
        reached = f"{self.reached:.0%} reached by a path, with a reason at rank 1–{FIRST} for {self.first:.0%} of them"
        lists = f"{self.personal:.0%} of the lists personal, {self.distinct:,} distinct"
        if self.own is not None:
            lists += f", {self.own:.0%} of what leads there gives a list of its own"
        items = f"{self.with_reason:.0%} of the items with a reason of their own"
        return f"{self.source} → {self.target}, {self.asked:,} of {self.people:,} people: {reached}; {lists}, {items}"
