"""Diversity: a ranked list arranged so that its items, or its reasons, differ; scores stay what they are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.document import nearest
from kg.errors import UsageError
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.steps import leads_to_people, steps_of_items
from recommender.reasons.reasons import CHOICES, Reason, ReasonChoice

POOL = 5
"""Items that are arranged, for each one of the list …"""
LEAST_POOL = 50
"""… and at least so many."""
CAPPED = 20
"""How many times as many where caps may pass over items."""


@dataclass(frozen=True)
class Arrangement:
    """How a list is to be arranged; as it is, it is left in the order of scores."""

    diversity: float = 0.0
    """λ in [0, 1]: 0 is the order of scores, 1 the most different items."""
    max_per: tuple[str, ...] = ()
    """``relation:N`` texts: at most N items with the same tail of a relation."""
    reasons: str = CHOICES[0]
    """What each reason is chosen for, one of ``CHOICES``."""
    path_quality: float = 0.0
    """α in [0, 1]: how much the quality of the reasons counts beside the score."""

    def checked(self) -> "Arrangement":
        """The same.

        :raises UsageError: for a number outside [0, 1], or an unknown choice of reasons.
        """
        for name, value in (("diversity", self.diversity), ("path_quality", self.path_quality)):
            if not 0 <= value <= 1:
                raise UsageError(f"`{name}` {value}: expected a number from 0 to 1")
        if self.reasons not in CHOICES:
            hint = nearest(self.reasons, list(CHOICES))
            raise UsageError(f"`reasons` {self.reasons!r}: expected one of {', '.join(CHOICES)}; {hint}")
        if self.path_quality > 0 and self.reasons == "strongest":
            raise UsageError("`path_quality` needs to know which: `reasons=recent`, popular, varied or balanced")
        return self

    @property
    def moves(self) -> bool:
        """Whether items may stand elsewhere than by score."""
        return bool(self.diversity or self.max_per or self.path_quality)

    def pool(self, n: int) -> int:
        """How many of the best items to arrange for a list of n."""
        if not self.moves:
            return n
        return max(POOL * n, LEAST_POOL) * (CAPPED if self.max_per else 1)


class Caps:
    """At most so many items per brand, category or whatever a relation leads to.

    :raises UsageError: for a text that is not ``relation:N`` with a relation of an item.
    """

    def __init__(self, snapshot: Snapshot, catalogue: Catalogue, texts: Sequence[str]) -> None:
        self.snapshot, self.catalogue = snapshot, catalogue
        self.most = dict(self._read(text) for text in texts)

    def groups(self, position: int) -> list[tuple[str, int]]:
        """Step and tail of each triple of an item that counts."""
        item_type, idx = self.catalogue.item(position)
        steps = [step for step in self.most if self.snapshot.schema.ends(step)[0] == item_type]
        return [(step, tail) for step in steps for tail in self.snapshot.neighbours(step, idx)[0].tolist()]

    def full(self, groups: Sequence[tuple[str, int]], counts: Mapping[tuple[str, int], int]) -> bool:
        """Whether one more item with these triples would be too many."""
        return any(counts[group] >= self.most[group[0]] for group in groups)

    def _read(self, text: str) -> tuple[str, int]:
        schema = self.snapshot.schema
        step, colon, number = text.rpartition(":")
        steps = steps_of_items(schema, self.catalogue.slices)
        known = [one for one in steps if not leads_to_people(schema, one)]  # a cap of each would tell who had both
        if not colon or step not in known or not number.isdecimal() or int(number) < 1:
            hint = nearest(step or text, known)
            raise UsageError(f"`max_per` {text!r}: expected relation:N with a relation of an item and N ≥ 1; {hint}")
        return step, int(number)


@dataclass(frozen=True)
class Pool:
    """What may be arranged: parallel, best first.

    ``scores``: shape (pool,); ``attributes``: rows of length 1, shape (pool, attributes), whose products tell how alike
    items are; ``groups``: for caps; ``reasons``: what to choose from, empty lists where nothing is to be chosen.
    """

    scores: NDArray[np.float64]
    attributes: csr_array
    groups: Sequence[Sequence[tuple[str, int]]]
    reasons: Sequence[Sequence[Reason]]

    def alike(self, position: int) -> NDArray[np.float64]:
        """How alike the item at a position is to all: shape (pool,), in [0, 1]."""
        return np.asarray((self.attributes @ self.attributes[[position]].T).toarray().reshape(-1))

    def mean_alike(self, positions: Sequence[int]) -> float:
        """Mean likeness of the pairs of a list, 0 for fewer than two items; lower is more diverse."""
        part = self.attributes[list(positions)]
        count, total = len(positions), float((part @ part.T).sum() - part.power(2).sum())
        return total / (count * (count - 1)) if count > 1 else 0.0


@dataclass(frozen=True)
class Arranged:
    """``order``: which of the pool, in the new order; ``reasons``: one for each, ``None`` where none was chosen."""

    order: list[int]
    reasons: list[Reason | None]


def arrange(pool: Pool, n: int, arrangement: Arrangement, caps: Caps, choice: ReasonChoice) -> Arranged:
    """Greedily, the best next item by maximal marginal relevance (Carbonell and Goldstein, 1998)::

        (1 − α) · [(1 − λ) · relevance(i) − λ · max_{j chosen} alike(i, j)]  +  α · quality(best reason of i)

    relevance: the score brought to [0, 1] within the pool; equal values go by score. Caps are hard, so that the list
    may be shorter than n.
    """
    scores, weight, quality = pool.scores, arrangement.diversity, arrangement.path_quality
    spread = float(scores[0] - scores[-1]) if len(scores) else 0.0
    relevance = (scores - scores[-1]) / spread if spread > 0 else np.ones(len(scores))
    nearest_chosen, left = np.zeros(len(scores)), list(range(len(scores)))
    chosen, told, counts = list[int](), list[Reason | None](), Counter[tuple[str, int]]()
    while len(chosen) < n and (left := [position for position in left if not caps.full(pool.groups[position], counts)]):
        before = [one for one in told if one is not None]
        values = (1 - quality) * ((1 - weight) * relevance[left] - weight * nearest_chosen[left])
        if quality > 0:
            values += quality * np.array([choice.best_value(pool.reasons[position], before) for position in left])
        position = left[int(np.argmax(values))]
        chosen.append(position)
        told.append(choice.best(pool.reasons[position], before))
        left.remove(position)
        counts.update(pool.groups[position])
        if weight > 0:
            nearest_chosen = np.maximum(nearest_chosen, pool.alike(position))
    return Arranged(chosen, told)
