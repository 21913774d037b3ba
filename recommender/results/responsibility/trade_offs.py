"""The answer of ``trade_offs``: what lists give up for fairness, variety or margin."""

from recommender.results.document import Result


class TradeOffPoint(Result):
    """One setting: ``strength`` of what is done for the aim; ``kept``: part of the lists' summed scores that is left;
    ``ndcg``: of what was held out, in steps of what k people make, ``None`` where nothing was; ``value``: what the aim
    is measured by; ``efficient``: no other setting of the curve is better in both, by NDCG where it is there."""

    strength: float
    kept: float
    ndcg: float | None
    value: float
    efficient: bool


class TradeOff(Result):
    """One aim against accuracy."""

    aim: str
    """``gap``, ``diversity`` or ``margin``."""
    title: str
    measure: str
    """What the value is, in words."""
    lever: str
    """How a shop sets it, in words."""
    lower_is_better: bool
    points: list[TradeOffPoint]


class TradeOffs(Result):
    """All curves of a domain."""

    domain: str
    domain_text: str
    people: int
    """Whose lists are arranged anew."""
    curves: list[TradeOff]
    missing: list[str]
    """Aims that there is nothing to measure by, and what would be needed."""
    tested: int | str | None
    """Of whom something was held out; ``None`` where nothing was."""
    text: str
