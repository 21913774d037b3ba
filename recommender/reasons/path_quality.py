"""Path quality: how recent, how well known and how varied explanations are (Balloccu et al., SIGIR 2022)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kg.instant import NO_TIME
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.profiles.profile import Profile

BETA = 0.3
"""Weight of the newest value in the moving averages."""
Anchor = tuple[str, int]


def moving_average(values: NDArray[np.float64], beta: float = BETA) -> NDArray[np.float64]:
    """``a_1 = v_1, a_i = (1 − β) a_{i−1} + β v_i``, brought to [0, 1] by its minimum and maximum; all 1 where they are
    the same.

    :param values: sorted, ascending.
    """
    return np.array(_averages(values.tolist(), beta))


def _averages(values: Sequence[float], beta: float = BETA) -> list[float]:
    """The same of a list: of a few interactions, sooner done without arrays."""
    averages, last = list[float](), values[0] if values else 0.0
    for value in values:
        last += beta * (value - last)
        averages.append(max(last, averages[-1]) if averages else last)  # ascending, as the values are, but for rounding
    low, high = (averages[0], averages[-1]) if averages else (0.0, 0.0)
    return [(one - low) / (high - low) for one in averages] if high > low else [1.0] * len(averages)


class PathQuality:
    """LIR and SEP of the paths of one snapshot, and ETD of lists of them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._popularity: dict[str, NDArray[np.float64]] = {}

    def recency(self, profile: Profile) -> dict[Anchor, float]:
        """LIR of each interaction of a user of the graph: in [0, 1], 1 for the newest; those without a time are absent.

        Interactions of all kinds are one history, in the order of their timestamps.
        """
        found: list[tuple[int, str, int]] = []
        for step in self.snapshot.schema.interactions:
            if profile.user_idx is not None and self.snapshot.schema.ends(step)[0] == profile.user_type:
                matrix = self.snapshot.adjacency(step)
                edges = slice(matrix.indptr[profile.user_idx], matrix.indptr[profile.user_idx + 1])
                idx, times = matrix.indices[edges], self.snapshot.timestamps(step)[edges]
                found += [(t, step, i) for t, i in zip(times.tolist(), idx.tolist(), strict=True) if t != NO_TIME]
        found.sort()
        first = found[0][0] if found else 0
        lir = _averages([float(time - first) for time, _, _ in found])
        return {(step, idx): value for (_, step, idx), value in zip(found, lir, strict=True)}

    def popularity(self, entity_type: str) -> NDArray[np.float64]:
        """SEP of all entities of a type, by their number of triples: shape (count,), in [0, 1]."""
        if entity_type not in self._popularity:
            schema, degrees = self.snapshot.schema, np.zeros(self.snapshot.vocabulary.count(entity_type))
            for name in schema.relation:
                for step in (name, inverse_of(name)):
                    if schema.ends(step)[0] == entity_type:
                        degrees += np.diff(self.snapshot.adjacency(step).indptr)
            order = np.argsort(degrees, kind="stable")
            values = np.empty(len(degrees))
            values[order] = moving_average(degrees[order])
            self._popularity[entity_type] = values
        return self._popularity[entity_type]

    def sep(self, shared: tuple[str, int]) -> float:
        """SEP of an entity, type and index, that a reason names of the item."""
        return float(self.popularity(shared[0])[shared[1]])


def type_diversity(metapaths: Sequence[str], k: int, types: int) -> float:
    """ETD of the k first explanations: different types among them, divided by as many as there could be.

    :param metapaths: types of the explanations of a list, at least k of them or as many as the list is long.
    :param types: number of types that any explanation may have.
    """
    return len(set(metapaths[:k])) / max(1, min(k, types))


def mean_known(values: Sequence[float | None]) -> float | None:
    """Mean of those that are known, ``None`` where none is."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
