"""The answer of ``anomalies``: counts alone; who it is stands in a file of the workspace."""

from recommender.results.document import Item, Result

Count = int | str
"""In steps of k; ``"<5"`` for fewer."""


class Target(Result):
    """An item that accounts look made for."""

    item: Item
    accounts: Count


class AccountAnomalies(Result):
    """The accounts of one type."""

    type: str
    accounts: Count
    flagged: Count
    signals: dict[str, Count]
    """Signal → how many accounts show it."""
    targets: list[Target]
    isolated: Count | None
    """How many are apart for an isolation forest, which flags nobody; ``None`` without scikit-learn."""


class AnomalyReport(Result):
    """What does not look like people."""

    types: list[AccountAnomalies]
    file: str | None
    """Who is flagged, and by what: personal data."""
    left_out: bool
    """Whether what they did is left out of snapshots, and so of scores, counts and reasons."""
    text: str
