"""A private release as it is booked: one line of JSON, the same wherever it is written down."""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from kg.document import parsed_json
from kg.workspace.settings import LEAST_EPSILON, MOST_EPSILON

BEGUN = "begun"
"""What a line says that books nothing: since when there is this ledger, and of which workspace."""


@dataclass(frozen=True)
class Release:
    """One private release: what it cost. ``at``: ISO 8601, UTC; ``folder``: the workspace that made it; ``id``: by lot,
    so that two of one moment are two wherever they are written down."""

    at: str
    what: str
    epsilon: float
    delta: float
    folder: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def now(cls, what: str, cost: tuple[float, float], folder: str) -> "Release":
        """A release of this moment. ``cost``: ε and δ."""
        return cls(datetime.now(UTC).isoformat(timespec="seconds"), what, *cost, folder)

    @property
    def line(self) -> str:
        """The line that it is."""
        return json.dumps(asdict(self), ensure_ascii=False)


def release_of(line: str) -> Release:
    """:raises ValueError: for a line that is none, would give budget back, or that sums could not be made of."""
    try:
        found = Release(**{"id": "", **parsed_json(line)})  # an earlier version booked without
        datetime.fromisoformat(found.at)
        free = found.what == BEGUN and found.epsilon == 0
        fits = (free or LEAST_EPSILON <= found.epsilon <= MOST_EPSILON) and 0 <= found.delta < 1
    except TypeError as problem:
        raise ValueError(str(problem)) from None
    if not (fits and isinstance(found.folder, str)):
        raise ValueError("out of range")
    return found


def joined(parts: Sequence[Iterable[str]]) -> list[str]:
    """Lines of several ledgers of the same people as one, the oldest first: what is in several of them was paid once,
    what one of them has twice was paid twice.

    :raises ValueError: for a line that is none.
    """
    most = Counter[str]()
    for lines in parts:
        most |= Counter(lines)
    return sorted(most.elements(), key=lambda line: release_of(line).at)
