"""The answer of ``overview``."""

from recommender.results.document import Result
from recommender.results.marketing import About

People = int | str
"""People in steps of k; ``"<5"`` for fewer."""


class Proportion(Result):
    """Some of the people looked at, with the 95 % interval (Wilson, 1927) where these are a sample of everybody."""

    people: People
    share: float | None
    """Of the people looked at, from the rounded number; ``None`` for fewer than k."""
    low: float | None = None
    high: float | None = None


class ReasonKind(Result):
    """What carries the largest part of the score of items in lists.

    ``kind``: ``anchor``, what somebody has is an attribute of the item; ``shared``, what she used or has is joined to
    it by what both have to do with; ``people``, others who did alike; ``learned``, a learned kernel; ``embedding``;
    ``popularity``.
    """

    kind: str
    metapath: str | None
    """The commonest of the kind, where it is one of paths."""
    text: str | None
    """It, in words."""
    people: People
    """In how many lists it stands at least once."""
    share: float | None
    """Of all places of these lists."""
    crossing: float | None
    """Of all places: those that start at another domain."""


class DomainOverview(Result):
    """One domain: its items, whom it has, and its lists of ten."""

    domain: str
    domain_text: str
    """The same in words."""
    items: int
    used: int
    """Items that at least k people used."""
    shown: int
    """Items that stand in at least k of the lists."""
    coverage: float
    """Of the items, those shown; of a sample of lists it is a lower bound."""
    people: People
    """Who used something of it."""
    popular: Proportion
    """Whose list of it nothing but popularity made."""
    asked: int
    """Lists of which the reasons were looked at."""
    reasons: list[ReasonKind]


class Traffic(Result):
    """Traffic between two domains: what of the one leads to what of the other, and back.

    ``there``: people who used something of the source that has the row, and find something of the target that has the
    column among the first three of their list; ``back``: people who used something of the target that has the column,
    and find something of the source that has the row there; both shapes (rows, columns), ``None`` for fewer than k of
    either such people or of those who do not. The lifts: how much oftener than whoever used anything of the domain that
    they come from.
    """

    source: str
    target: str
    source_text: str
    """The same in words."""
    target_text: str
    rows: list[About]
    columns: list[About]
    there: list[list[int | None]]
    there_lift: list[list[float | None]]
    back: list[list[int | None]]
    back_lift: list[list[float | None]]


class Trend(Result):
    """Something that more people turn to than before: in the window, and in the one of the same length before it."""

    entity: About
    domain: str
    """Whose items people turned to."""
    people: People
    before: People
    growth: float
    """The part of the people active in the window by that of the one before it; a lower bound where fewer than k did so
    before."""
    low: float
    high: float


class Stale(Result):
    """Something that is out of date, or that nothing is known of."""

    part: str
    text: str


class Overview(Result):
    """The answer of ``overview``: counts of people in steps of k, nothing of fewer."""

    people: int
    of: int
    """People whose lists were looked at."""
    sampled: bool
    domains: list[DomainOverview]
    traffic: list[Traffic]
    days: int
    """Length of the window, which ends with the newest week, or longer period, that at least k people share."""
    until: str | None
    """Last day of it; ``None`` where no period is shared by k people."""
    new: list[Trend]
    trending: list[Trend]
    stale: list[Stale]
    k: int
    text: str
