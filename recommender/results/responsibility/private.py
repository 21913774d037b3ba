"""What may leave the house: numbers of people with noise, and what they cost of the budget of privacy."""

from recommender.results.document import Result
from recommender.results.marketing import About


class PrivateRelease(Result):
    """What makes the numbers private, and what it cost."""

    epsilon: float
    delta: float
    contributions: int
    """Most things that one person counts for."""
    noise: float
    """Typical size of the noise on each number; 0 where each table says its own."""
    guess: float
    """How often, at most, anybody who knows all else guesses right whether a person is counted; .5 is a coin."""
    spent_today: float
    """ε of all releases of today, this one included."""
    per_day: float
    """The budget."""
    shared: bool
    """Whether others pay from it, too: who reads the same store, names the same ledger, or is a copy."""


class PrivateCount(Result):
    """How many people have something, with noise; ``low``, ``high``: what the noise leaves open, for all counts of the
    answer together at 95 %, never more than are possible."""

    id: str
    type: str
    label: str
    how: str | None
    """What joins people to it, in words."""
    people: int | str
    """``"<45"`` where the noise alone could have made it."""
    low: int
    high: int
    lift: float | None
    """How much larger a part of what the group counts for it is than of what everybody counts for; ``None`` where noise
    could make it, or there is no group."""
    lift_low: float | None
    lift_high: float | None
    """What the noise leaves open of that, at 95 % as well."""
    supply: int | None
    """Items that have it: no number of people, and exact."""


class PrivateTable(Result):
    """One histogram: a fixed set of things, each with a number, also those that nobody has."""

    name: str
    title: str
    epsilon: float
    contributions: int
    """Most things of the table that one person counts for, chosen by lot."""
    noise: float
    """Typical size of the noise on each number."""
    counts: list[PrivateCount]
    """Most people first."""


class PrivateAnswer(Result):
    """The answer of ``audience``, ``bridge``, ``gaps``, ``item`` and ``overview`` with ``--private``."""

    question: str
    about: About | None
    domain: str | None
    tables: list[PrivateTable]
    private: PrivateRelease
    left_out: str
    """What the question is otherwise answered with, and why it is not here."""
    text: str


class PrivacyBudget(Result):
    """What differentially private releases of today cost, and may cost."""

    epsilon: float
    epsilon_per_day: float
    delta: float
    delta_per_day: float
    releases: int  # of all days, like the next
    epsilon_in_all: float
    shared: list[str]
    """Where else this is booked: whoever books there, too, pays from the same budget."""
