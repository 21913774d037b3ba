"""Renewal: how likely somebody does something again about now, by when and how often it was done.

Somebody who bought a serum on five days, about every 40, the last time 38 days ago, is due; one who bought it last week
is not, and who bought it once may never come back. An ordinary anchor tells none of that: it says that it is liked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot
from kg.step import AGAIN
from recommender.profiles.weights import Edges

WITHIN = 7.0
"""Days: what is done again within them is about now."""
SHAPES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""How regular intervals may be; 1: not at all, the next is as likely on any day."""
LONGEST = 5
"""Occasions from which on one more says no more of whether there will be another."""
PRIOR = 10.0
"""People of whom an item is taken to do as all do, beside those who did it."""
MOST = 100_000
"""Pairs that regularity is estimated by, evenly spread."""
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Renewal:
    """What all people's occasions with a relation say of one.

    The days from one occasion to the next are gamma distributed around an interval ``d`` of each person and item, with
    a ``shape`` κ that all have in common; after ``n`` occasions there is another with probability ``q``. Of ``a`` days
    since the last one, S the chance of a longer interval::

        weight = q · (S(a / d) − S((a + 7) / d)) / (q · S(a / d) + 1 − q)

    the chance that the next is within seven days, given that it has not come yet: the renewal process with a dropout of
    Schmittlein, Morrison and Colombo (Counting Your Customers, 1987) with the regularity of Platzer and Reutterer
    (Ticking Away the Moments, 2016). Of one occasion there is no interval: ``d`` is that of all, as irregular as people
    are different, and q is what became of those who did it with this item, with as many of all as ``PRIOR``. Of more, d
    is the mean of n − 1 intervals and 1/κ of that of all, and κ is κ (n − 1) / n, since the mean is not sure.

    ``interval``: days, geometric mean; ``going_on``: q after 2, 3, … occasions; ``coming_back``: q after the first of
    each item, shape (items,).
    """

    interval: float
    shape: float
    going_on: Values
    coming_back: Values

    def weights(self, items: NDArray[np.integer], occasions: Values, days: Values, since: Values) -> Values:
        """Of some pairs: shape (n,), in [0, 1].

        :param items: indices; ``occasions``: on how many days, 0: nobody said when, which weighs nothing; ``days``:
            from the first to the last; ``since``: days since the last.
        """
        from scipy.special import gammaincc  # takes longer to import than an answer, where nothing is repeated

        more = np.maximum(occasions - 1, 0.0)
        places = np.clip(more.astype(np.int64) - 1, 0, len(self.going_on) - 1)
        goes_on = np.where(more > 0, self.going_on[places], self.coming_back[items])
        every = (days + self.interval / self.shape) / np.where(more > 0, more + 1 / self.shape, 1.0)
        every = np.where(more > 0, every, self.interval)
        shape = np.where(more > 0, np.maximum(self.shape * more / np.maximum(occasions, 1.0), 1.0), 1.0)
        now, later = (gammaincc(shape, shape * passed / every) for passed in (since, since + WITHIN))
        chance = goes_on * (now - later) / (goes_on * now + 1 - goes_on)
        return np.asarray(np.where(occasions > 0, chance, 0.0))


def again_weights(snapshot: Snapshot, step: str, edges: Edges) -> Values:
    """What is behind ``again-relation`` weighs, of triples of the relation: shape (n,), in [0, 1].

    It is asked when each person is tested, or else at the latest timestamp of the snapshot, never by the clock.

    :param edges: places in the data of the adjacency of the relation.
    """
    relation = step.removeprefix(AGAIN)
    matrix, told = snapshot.adjacency(relation), snapshot.occasions(relation)
    last, first, occasions = (one[edges] for one in (snapshot.timestamps(relation), told["first"], told["occasions"]))
    timed = (last != NO_TIME) & (first != NO_TIME) & (occasions > 0)
    now = _asked_at(snapshot, relation, edges)
    days, since = (np.where(timed, (to - of) / DAY, 0.0) for to, of in ((last, first), (now, last)))
    counted = np.where(timed, occasions, 0).astype(np.float64)
    return renewal_of(snapshot, relation).weights(matrix.indices[edges], counted, days, np.maximum(since, 0.0))


def again_steps(snapshot: Snapshot, user_type: str) -> Iterator[str]:
    """The steps from a user type to what is done again."""
    relations = snapshot.schema.relation
    for name in snapshot.manifest.repeated:
        if name in relations and relations[name].repeat and relations[name].head == user_type:
            yield f"{AGAIN}{name}"


def renewal_of(snapshot: Snapshot, relation: str) -> Renewal:
    """What all occasions of a relation of a snapshot say, worked out once."""
    key = f"{AGAIN}{relation}"
    if key not in snapshot.kept:
        snapshot.kept[key] = _estimated(snapshot, relation)
    found: Renewal = snapshot.kept[key]
    return found


def _asked_at(snapshot: Snapshot, relation: str, edges: Edges) -> NDArray[np.int64]:
    """When each triple's head is asked about, in milliseconds: shape (n,)."""
    asked, indptr = snapshot.asked_at.get(snapshot.schema.relation[relation].head), snapshot.adjacency(relation).indptr
    places = np.arange(edges.start, edges.stop) if isinstance(edges, slice) else edges
    if asked is None:
        return np.full(len(places), snapshot.newest)
    told = asked[np.searchsorted(indptr, places, side="right") - 1]
    return np.where(told == NO_TIME, snapshot.newest, told)


def _estimated(snapshot: Snapshot, relation: str) -> Renewal:
    occasions = np.asarray(snapshot.occasions(relation)["occasions"])
    items, count = snapshot.adjacency(relation).indices, snapshot.adjacency(relation).shape[1]
    reached = np.array([(occasions >= n).sum() for n in range(1, LONGEST + 2)], dtype=np.float64)
    rates = (reached[1:] + 1) / (reached[:-1] + 2)
    once, again = (np.bincount(items[occasions >= n], minlength=count) for n in (1, 2))
    enough = once >= snapshot.k  # of fewer people an item would tell what one of them did
    coming_back = (np.where(enough, again, 0) + PRIOR * rates[0]) / (np.where(enough, once, 0) + PRIOR)
    interval, shape = _intervals(snapshot, relation, np.flatnonzero(occasions >= 2))
    return Renewal(interval, shape, rates[1:], coming_back)


def _intervals(snapshot: Snapshot, relation: str, edges: NDArray[np.int64]) -> tuple[float, float]:
    """The geometric mean of intervals, in days, and their shape, by maximum likelihood.

    Of gamma distributed intervals the last one over the mean of the m before it is F distributed with 2κ and 2κm
    degrees of freedom, whatever the interval is.
    """
    edges = edges[:: len(edges) // MOST + 1]
    told, last = snapshot.occasions(relation), snapshot.timestamps(relation)[edges] // DAY
    first, occasions = told["first"][edges] // DAY, told["occasions"][edges]
    apart = last > first
    if apart.sum() < snapshot.k:
        return WITHIN, 1.0
    interval = float(np.exp(np.log((last - first)[apart] / (occasions[apart] - 1)).mean()))
    previous = told["previous"][edges]
    known = (occasions >= 3) & (previous != NO_TIME) & (previous // DAY > first) & (last > previous // DAY)
    if known.sum() < snapshot.k:
        return interval, 1.0
    before, middle = occasions[known] - 2, previous[known] // DAY
    ratio = (last[known] - middle) * before / (middle - first[known])
    fits = [_likelihood(ratio, 2 * one, 2 * one * before) for one in SHAPES]
    return interval, SHAPES[int(np.argmax(fits))]


def _likelihood(ratio: Values, first: float, second: Values) -> float:
    """The logarithm of the density of the F distribution at some places, added up, but for what is the same always.

    :param first: degrees of freedom, as ``second``.
    """
    from scipy.special import betaln

    part = first / second
    density = (first * np.log(part) + (first - 2) * np.log(ratio) - (first + second) * np.log1p(part * ratio)) / 2
    return float((density - betaln(first / 2, second / 2)).sum())
