"""A habit: that somebody does the same again with an item, and after how many days."""

from dataclasses import dataclass

import numpy as np

from kg.instant import DAY
from kg.snapshot.snapshot import Snapshot
from recommender.profiles.profile import Profile

AGAIN = 2
"""Days on which it was done from which there is something between them."""


@dataclass(frozen=True)
class Habit:
    """What one person does again: on how many days (UTC) it was done with the ``relation``, the ``first`` and the
    ``last`` time, in milliseconds since 1970 UTC, and the mean number of ``days`` from one to the next::

        days = (day(last) − day(first)) / (occasions − 1)

    The mean needs no other times, and is what a Poisson process with a constant rate is estimated by (the "repeat
    customer" of Bhagat et al., Buy It Again: Modeling Repeat Purchase Recommendations, KDD 2018).
    """

    relation: str
    occasions: int
    first: int
    last: int

    @property
    def days(self) -> float:
        """At least 1."""
        return (self.last // DAY - self.first // DAY) / (self.occasions - 1)


def habit_with(
    snapshot: Snapshot, profile: Profile, item_type: str, item: int, relation: str | None = None
) -> Habit | None:
    """The habit of a user with an item, of several relations the one with the most days; ``None`` where there is none,
    where she is not in the graph, and where she is asked to have done it or not.

    It is what she did herself, so it is told of nobody else and rests on no other people.

    :param relation: the only one to ask of.
    """
    found = list[Habit]()
    for name in (one for one in snapshot.manifest.repeated if relation in (None, one)):
        ends, anchors = snapshot.schema.relation.get(name), profile.anchors.get(name)
        if ends is None or not ends.repeat or ends.tail != item_type or profile.user_type != ends.head:
            continue
        if profile.user_idx is None or anchors is None or not (anchors.idx == item).any():
            continue
        start, end = snapshot.adjacency(name).indptr[profile.user_idx : profile.user_idx + 2]
        tails = snapshot.adjacency(name).indices[start:end]
        place = int(start + np.searchsorted(tails, item))
        if place == end or tails[place - start] != item:
            continue
        told = {kind: int(array[place]) for kind, array in snapshot.occasions(name).items()}
        habit = Habit(name, told["occasions"], told["first"], int(snapshot.timestamps(name)[place]))
        if habit.occasions >= AGAIN and habit.last // DAY > habit.first // DAY:
            found.append(habit)
    return max(found, key=lambda one: one.occasions, default=None)
