"""The answers of ``audience``, ``bridge``, ``gaps``, ``item`` and ``compare``."""

from pydantic import Field

from recommender.results.document import Item, Person, Result


class About(Result):
    """What a question is about."""

    id: str
    type: str
    label: str


class Segment(Result):
    """What a group of people has more often, or more seldom, than everybody.

    ``count`` is rounded down so that no single person shows; ``share`` and ``lift``, the share in the group by that of
    everybody, are of the middles of such steps, and the 95 % interval (Katz, 1978) allows for what the steps hide.
    """

    step: str
    phrase: str
    """The step in words."""
    kind: str
    """``interaction`` for what they learnt or bought, ``attribute`` for what they said of themselves."""
    entity: str
    label: str
    count: int
    share: float
    lift: float
    low: float
    high: float


class Overlap(Result):
    """Another entity of the same type whose people are these too.

    ``people``: who has to do with both, rounded; ``similarity``: these, by all who have to do with either (Jaccard).
    """

    id: str
    label: str
    people: int
    similarity: float


class Reason(Result):
    """A reason for which an item is shown: its mean share of the score over the people who see it."""

    kind: str
    metapath: str | None
    text: str
    """In words."""
    share: float


class Would(Result):
    """People who are not there yet and would be: an item is among the first of their list."""

    people: int | str
    of: int
    """People whose lists were looked at; a sample of everybody where that is fewer."""
    low: float | None = None
    """Of a sample: which part of everybody they are at least, and at most, with 95 % certainty."""
    high: float | None = None
    reasons: list[Segment]
    """What they have more often than everybody."""
    because: list[Reason] = Field(default_factory=list)
    """What leads to it in their lists: mean shares of the parts of its scores."""


class Audience(Result):
    """The answer of ``audience``."""

    entity: About
    people: int | str
    """How many use it, in steps of k; ``"<5"`` for fewer."""
    segments: list[Segment]
    would: Would
    overlap: list[Overlap]
    k: int
    rounding: str
    """How numbers of people, shares and lifts are rounded, in words."""
    text: str


class CampaignReport(Result):
    """The answer of ``write_audience``: how many use it and how many would, as they may be told."""

    out: str
    uses: int | str
    would: int | str
    audience: Audience
    notices: list[str] = Field(default_factory=list)


class BridgePath(Result):
    """How an item and an entity's items meet: ``relations`` name the crossing, ``via`` is what both have."""

    relations: list[str]
    via: About
    item: About
    text: str


class Bridge(Result):
    """One item that leads to an entity.

    ``shared``: attributes that it has in common with the entity's items, the rarest first, and ``paths`` over each;
    ``people``: how many used both; ``gained``: of 100 people who have neither, how many would find the entity in their
    first ten with it, 0 where fewer than k of those it was tried on would: such an item is not said to lead there;
    ``pairs``: so many people that would be of everybody, were the item brought to all of them.
    """

    id: str
    type: str
    label: str
    shared: list[About]
    paths: list[BridgePath]
    people: int | str
    gained: float
    low: float
    """Of 100 likewise, at least and at most with 95 % certainty, for it was tried on some."""
    high: float
    pairs: int | str
    text: str


class MakerFit(Result):
    """A brand, or whoever makes items, by how much its items share with what the bridge leads to.

    ``items``: those that share something, of ``made`` in all; ``shared``: what most of them share; ``people``: who has
    to do with both.
    """

    maker: About
    items: int
    made: int
    shared: list[About]
    people: int | str


class Bridges(Result):
    """The answer of ``bridge``.

    ``makers``: the brands of the domain that fit, best first; ``tried``: people on whom each item was tried, at most.
    """

    entity: About
    domain: str
    domain_text: str
    """The same in words."""
    bridges: list[Bridge]
    makers: list[MakerFit]
    tried: int
    k: int
    explained: str
    """What its numbers count, in words."""
    text: str


class Gap(Result):
    """Something that people want and a domain has little of.

    ``said``: people who say so of themselves, ``None`` where nobody can; ``users``: people who use something with it,
    whatever for; who avoids it is in neither; ``demand``: the first of the two where enough do, else the second; all
    rounded. ``supply``: items that have it; ``people_reached``: of those looked at, how many would get a new item about
    it into their first ten, in which nothing has it yet, found by ranking anew; ``stated``: part of the domain's items
    that say anything of this kind; ``beside``: items that have it and that these people use; ``growth``: how much more
    of those active turned to what has it in the window of the answer than in that before, ``None`` where fewer than k
    did.
    """

    entity: About
    step: str
    demand: int | str
    said: int | str | None
    users: int | str
    growth: float | None
    supply: int
    people_reached: int | str
    low: float | None = None
    """Of a sample: which part of everybody these are at least, and at most, with 95 % certainty."""
    high: float | None = None
    stated: float
    verified: bool
    beside: list[About]
    brief: str


class Gaps(Result):
    """The answer of ``gaps``: what people say of themselves first, what would reach most of them first."""

    domain: str
    domain_text: str
    """The same in words."""
    gaps: list[Gap]
    of: int
    """People whose lists were looked at."""
    sampled: bool
    """Whether these were drawn at random."""
    days: int
    """Length of the window over which demand grows."""
    until: str | None
    """Its last day, the end of the newest period that k people share; ``None`` where there is none."""
    k: int
    explained: str
    """What its numbers count, in words."""
    text: str


class Lift(Result):
    """A hypothetical change of the item, all else the same, that would bring it to more people, by ranking anew.

    ``change``: in words; ``size``: how many things change, one attribute in the place of another being one; ``add``,
    ``remove``: links, as ``relation:ID``; ``price``: what it would cost, where a rule about the price keeps it out.
    """

    change: str
    size: int
    add: list[str]
    remove: list[str]
    price: float | None
    people_reached: int | str


class Ahead(Result):
    """An item that stands where another does not: in how many lists of people who could get that one."""

    id: str
    type: str
    label: str
    lists: int


class ItemReport(Result):
    """The answer of ``item``."""

    item: Item
    lists: int | str
    """In how many lists of ten it stands."""
    of: int
    """Lists looked at of people who could get it, rounded."""
    looked: int
    """Lists looked at; a sample of everybody where that is fewer."""
    low: float | None = None
    """Of a sample: the part of those who could get it that sees it, at least, and at most, with 95 % certainty."""
    high: float | None = None
    excluded: dict[str, int | str]
    """Rule → people for whom it keeps the item out."""
    rules: dict[str, str]
    """Rule → what it did, in words."""
    reasons: list[Reason]
    finds: list[Segment]
    """What those who see it have more often than everybody."""
    uses: list[Segment]
    """What those who use it have more often than everybody."""
    ahead: list[Ahead]
    """Items that stand most often where this one does not."""
    gaps: list[str]
    """What the graph does not know of it, and knows of most others."""
    lifts: list[Lift]
    """The smallest changes that would bring it to at least k people more, the best first; hypothetical."""
    k: int
    rounding: str
    """How numbers of people, shares and lifts are rounded, in words."""
    text: str


class Difference(Result):
    """What one kind of path says for one item and for the other; positive speaks for the first."""

    kind: str
    metapath: str | None
    spoken: str
    """The kind of path in words."""
    first: float
    second: float
    difference: float
    text: str


class Comparison(Result):
    """The answer of ``compare``: the differences sum to the difference of the scores."""

    user: Person
    first: Item
    second: Item
    score_first: float
    score_second: float
    excluded_first: str | None = None
    """The rule that keeps the first out of the list, by its name in the audit; ``None`` where none does."""
    excluded_second: str | None = None
    differences: list[Difference]
    text: str
