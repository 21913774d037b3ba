"""The answer of ``audit``."""

from pydantic import Field

from recommender.results.document import Result

People = int | str
"""People in steps of k; ``"<5"`` for fewer."""


SURE = 0.05
"""False discovery rate up to which a difference counts as sure."""
LEAST = 20
"""People of a group from which its figures are compared: a bootstrap of fewer says little."""
LEVELS = (0.01, 0.05, 0.1, 0.2, 0.5, 1.0)
"""False discovery rates are told as one of these, the next above."""


class Cause(Result):
    """One part of the gap between what a group's items and the others of the domain score on average."""

    kind: str
    """``path``, ``learned``, ``embedding``, ``popularity``, ``rule``: soft rules and objectives, or ``others``: all
    smaller ones, a tenth at most, and what rounding leaves."""
    metapath: str | None
    text: str | None
    """The metapath in words."""
    gap: float
    """Mean score of the group's items minus that of the others, over everybody looked at, in steps that tell of nobody;
    causes sum to ``gap``."""


class ItemGroup(Result):
    """A group of items of one domain: how much of the lists it gets, and how much of what people use it is.

    ``exposure`` and ``merit`` are shares of all places, discounted by 1 / log2(rank + 1), and of all uses; ``ratio`` is
    the one by the other, with its 95 % bootstrap interval over people.
    """

    side: str
    """What the domain is parted by: a type of attribute, ``price``, ``age`` or ``popularity``."""
    side_text: str
    """The same in words."""
    label: str
    items: int
    people: People
    """Who used anything of it."""
    exposure: float
    merit: float
    ratio: float
    low: float
    high: float
    q: float | None
    """False discovery rate (Benjamini & Hochberg, 1995) over the groups of its table, two-sided: at most so much, see
    ``LEVELS``; ``None`` for a group of fewer than ``LEAST`` people, which is not compared."""

    @property
    def sure(self) -> bool:
        """Whether it is surely apart."""
        return self.q is not None and self.q <= SURE


class Repair(Result):
    """What was tried to give the worst group its merit, by ranking anew."""

    kind: str
    """``rules``: without the shop's; ``weight``: scores of the group raised; ``data``: what is missing, added."""
    about: str | None
    """The relations, where the kind is ``data``."""
    triples: int | None
    """How many triples were added."""
    percent: float | None
    """By how much scores were raised."""
    ratio_before: float
    ratio_after: float
    closes: bool


class Bubble(Result):
    """Whether what people use grows more alike: diversity of the first and the last half of what each used, in [0, 1],
    1 where no two things have an attribute in common, and of their lists now."""

    people: People
    early: float
    late: float
    change: float
    """Late minus early, with its 95 % interval."""
    low: float
    high: float
    lists: float

    @property
    def sure(self) -> bool:
        """Whether it surely changed."""
        return self.low > 0 or self.high < 0


class Parity(Result):
    """How far apart the groups of one side are: of ``people``, whose lists have a hit; of ``items``, which are shown.

    Rates of people go in steps of what k of the smallest group are.
    """

    of: str
    side: str
    side_text: str
    groups: int
    compared: int
    """People tested, in steps of k, or items; those in one of the groups alone."""
    lowest: str
    lowest_rate: float
    highest: str
    highest_rate: float
    difference: float
    """Demographic parity: 0 where all groups are chosen alike."""
    ratio: float | None
    """The lowest rate by the highest; .8 is the four-fifths rule."""
    opportunity: float | None
    """Difference of the shares of what was used that is listed; ``None`` where a group used nothing."""
    odds: float | None
    """The larger of that and the same of what was not used; ``None`` where either is of nothing."""
    q: float
    """False discovery rate over the table: how often groups drawn by lot are as far apart."""


class DomainAudit(Result):
    """One domain: bias towards what is popular, and its groups, those furthest from their merit first."""

    domain: str
    domain_text: str
    """The same in words."""
    gini_lists: float
    """Of how often its items stand in lists, in [0, 1]; 1: always the same item. Of a sample of people it is larger
    than of everybody, for whom fewer items are left with nothing."""
    gini_lists_low: float
    gini_lists_high: float
    """Its 95 % interval over people, rounded outwards."""
    gini_used: float
    """Of how often the same people used them."""
    gini_used_low: float
    gini_used_high: float
    head_lists: float
    """Share of places that its most used tenth gets."""
    head_used: float
    """Share of uses that it has."""
    groups: list[ItemGroup]
    pooled: int
    """Groups left out, that fewer than k people used, or all but fewer than k."""
    compared: int
    """Groups that were compared, and corrected for."""
    worst: str | None = None
    """The group furthest below its merit of which this is sure, whose causes follow."""
    gap: float | None = None
    """Mean score of its items minus that of the others."""
    causes: list[Cause] = Field(default_factory=list)
    bubble: Bubble | None = None
    """``None`` where fewer than ``LEAST`` people used enough of it, or nothing is dated."""
    repairs: list[Repair] = Field(default_factory=list)
    """Where asked for: the smallest that closes the gap first."""
    parity: list[Parity] = Field(default_factory=list)


class UserGroup(Result):
    """A group of people: how good their lists are, on interactions held out, beside everybody else's."""

    side: str
    """What people are parted by: a relation, or ``activity``."""
    side_text: str
    """The same in words."""
    label: str
    people: People
    """Those tested."""
    ndcg: float
    """In steps of what k of them could make together, as its interval, rounded outwards, is."""
    low: float
    high: float
    difference: float
    """Mean NDCG@10 minus that of all others, in steps of what k of the fewer of both could make together."""
    q: float | None
    """As for items; over the groups of people."""

    @property
    def sure(self) -> bool:
        """Whether it is surely apart."""
        return self.q is not None and self.q <= SURE


class Audit(Result):
    """Exposure and quality by group, each with interval and correction for many comparisons."""

    people: People
    of: int
    """People whose lists were looked at."""
    sampled: bool
    domains: list[DomainAudit]
    users: list[UserGroup] | None
    """``None`` where quality was not asked for."""
    users_compared: int
    """Groups of people that were compared, and corrected for."""
    least: int
    """People of a group from which it is compared."""
    parity: list[Parity] = Field(default_factory=list)
    """Of people, by side."""
    notices: list[str] = Field(default_factory=list)
    k: int
    text: str
