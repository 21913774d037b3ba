"""Two models of experiments compared pair by pair: triple by triple, and user by user."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from kg.errors import UsageError
from recommender.evaluation.significance import paired_difference
from recommender.runs.record import RunFolder, RunRecord

MEASURES: tuple[tuple[str, Literal["mrr", "ndcg"], Literal["triples", "users"]], ...] = (
    ("link prediction", "mrr", "triples"),
    ("recommendation", "ndcg", "users"),
)


class PairedDifference(BaseModel, frozen=True):
    """``first − second``, both averaged over their seeds; positive: the first is better."""

    first: str
    second: str
    metric: Literal["mrr", "ndcg"]
    over: Literal["triples", "users"]
    n: int
    """How many triples or users."""
    first_mean: float
    second_mean: float
    mean: float
    low: float
    high: float
    """95 % percentile bootstrap over triples or users."""
    p: float
    """Two-sided, by the same bootstrap."""


Side = tuple[str, RunFolder, Sequence[RunRecord]]
"""Name, where the values are, and the finished runs that are current."""


def compare(first: Side, second: Side) -> list[PairedDifference]:
    """Compare by everything that both were measured on.

    :raises UsageError: where there is no such thing, or they were tested on different triples or users.
    """
    found = []
    for kind, metric, over in MEASURES:
        sides = [_values(side, kind) for side in (first, second)]
        if not all(sides):
            continue
        one, other = sides
        if one.keys() != other.keys():
            raise UsageError(
                f"{first[0]} and {second[0]} were tested on different {over} ({kind}); only runs on the same data and "
                "split can be compared: put both into one experiment file, and wait until all folds are finished"
            )
        a, b = (np.concatenate([side[key] for key in sorted(one)]) for side in sides)
        gap = paired_difference(a, b)
        found.append(
            PairedDifference(
                first=first[0],
                second=second[0],
                metric=metric,
                over=over,
                n=len(a),
                first_mean=float(a.mean()),
                second_mean=float(b.mean()),
                **vars(gap),
            )
        )
    if not found:
        raise UsageError(
            f"{first[0]} and {second[0]} have no finished runs of one kind by the code, data and settings of now; "
            "`whyrec experiment list` shows what is missing or stale, `whyrec experiment run FILE.toml` makes it"
        )
    return found


def _values(side: Side, kind: str) -> dict[str, NDArray[np.float64]]:
    """Digest of a test part → what each of its triples or users gives, mean over seeds."""
    _, folder, records = side
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for record in records:
        if record.fingerprint.kind == kind:
            values = folder.values(record)
            each = (1 / values).mean(axis=1) if kind == "link prediction" else values[:, 0]
            parts.setdefault(record.test, []).append(each)
    return {digest: np.mean(values, axis=0) for digest, values in parts.items()}
