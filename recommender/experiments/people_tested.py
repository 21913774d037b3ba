"""Whose triples link prediction is tested on: figures of a relation are kept only where they are of k people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from embeddings.splitting.triple_data import TripleData
from embeddings.splitting.triple_split import TripleSplit
from kg.errors import UsageError
from kg.instant import NO_TIME
from kg.snapshot.snapshot import Snapshot
from recommender.splitting.told_split import told_moment

Ends = NDArray[np.int64]


@dataclass(frozen=True)
class PeopleTested:
    """``people``: which entities are people, shape (entities,), bool; ``k``: how many may be told of."""

    people: NDArray[np.bool_]
    k: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        """Those of a snapshot: entities of sensitive types and of types that use items."""
        vocabulary, schema = snapshot.vocabulary, snapshot.schema
        people = np.zeros(vocabulary.size, dtype=bool)
        for name in vocabulary.types:
            if schema.entity[name].sensitive or name in schema.user_types:
                start = vocabulary.start(name)
                people[start : start + vocabulary.count(name)] = True
        return cls(people, snapshot.k)

    def few(self, split: TripleSplit, relations: tuple[str, ...]) -> frozenset[str]:
        """The relations whose tested triples are of fewer than k people; where that is one, the next smallest of people
        with it, since the figures of one would follow from those of all together.

        :raises UsageError: where all that is tested is of fewer than k people.
        """
        rows = split.test
        counts = {
            relations[number]: self._count(rows[rows[:, 1] == number]) for number in np.unique(rows[:, 1]).tolist()
        }
        of_people = {name: count for name, count in counts.items() if count}
        if of_people.keys() == counts.keys() and self._count(rows) < self.k:
            raise UsageError(
                f"split: fewer than {self.k} people have triples that are tested, and figures of so few would tell "
                "what single ones do ([privacy] k); test more, or hold out other relations"
            )
        hidden = {name for name, count in of_people.items() if count < self.k}
        if len(hidden) == 1:
            others = sorted((count, name) for name, count in of_people.items() if name not in hidden)
            hidden |= {name for _, name in others[:1]}
        return frozenset(hidden)

    def told(self, description: Mapping[str, Any], few: frozenset[str], data: TripleData) -> dict[str, Any]:
        """The description of a split without exact numbers of what few people did, and without a moment of one."""
        told = dict(description)
        if "held_out" in told:
            told["held_out"] = {name: f"<{self.k}" if name in few else n for name, n in told["held_out"].items()}
        heads, tails = data.graph.rows[:, 0], data.graph.rows[:, 2]
        theirs = (self.people[heads] | self.people[tails]) & (data.times != NO_TIME)
        if "after" in told and theirs.any():
            whose = np.where(self.people[heads], heads, tails)[theirs]
            told["after"] = told_moment(whose, data.times[theirs], int(told["after"]), self.k)
        return told

    def _count(self, rows: Ends) -> int:
        ends = np.unique(rows[:, [0, 2]])
        return int(self.people[ends].sum())
