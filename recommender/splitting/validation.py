"""The validation part: interactions held out to learn weights on, and which user serves what."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import User
from recommender.splitting.interaction_splits import Split, hold_out

FITTED, PRUNED = 0.65, 0.8
"""Users below the first mark fit weights, below the second they say which are idle, and the others decide whether the
weights are kept, and say what each adds."""
FEW_USERS = 5_000
T = TypeVar("T")


COLD, MOST_COLD = 0.2, 0.45
"""Part of the users who lose all they used of one domain, for each domain, and for all together."""


def evenly(found: Sequence[T], most: int) -> Sequence[T]:
    """At most so many of them, evenly spread, in their order."""
    return found[:: max(1, len(found) // most)][:most]


def validation_split(snapshot: Snapshot, seed: int) -> Split:
    """Hold out what weights are learned on.

    Of each domain, all that a part of the users used of it, of those who have other anchors to go by: they stand for
    people who are new to it. Of the other users with two or more interactions one, drawn at random: of half of them,
    or of all where there are few.
    """
    random = np.random.default_rng([seed, 20])
    users = sum(snapshot.vocabulary.count(name) for name in snapshot.schema.user_types)
    part = 0.5 if users > FEW_USERS else 1.0
    cold = {name: _cold_domains(snapshot, name, seed) for name in snapshot.schema.user_types}
    masks = {}
    for name in snapshot.schema.interactions:
        relation = snapshot.schema.relation[name]
        indptr = snapshot.adjacency(name).indptr
        mask = np.zeros(indptr[-1], dtype=bool)
        counts = np.diff(indptr)
        warm = cold[relation.head] < 0
        chosen = np.flatnonzero((counts >= 2) & (random.random(len(counts)) < part) & warm)
        mask[indptr[chosen] + (random.random(len(chosen)) * counts[chosen]).astype(np.int64)] = True
        own = cold[relation.head] == snapshot.schema.domains.index(snapshot.schema.entity[relation.tail].domain or "")
        masks[name] = mask | np.repeat(own, counts)
    return hold_out(snapshot, masks, {"kind": "validation", "seed": seed})


def _cold_domains(snapshot: Snapshot, user_type: str, seed: int) -> NDArray[np.int64]:
    """For each user the number of the domain she is to be new to, −1 for most: shape (users,)."""
    schema = snapshot.schema
    drawn = np.random.default_rng([seed, 21, *user_type.encode()]).random(snapshot.vocabulary.count(user_type))
    part = min(COLD, MOST_COLD / max(len(schema.domains), 1))
    found = np.full(len(drawn), -1, dtype=np.int64)
    for number, domain in enumerate(schema.domains):
        inside, elsewhere = np.zeros(len(drawn), dtype=bool), np.zeros(len(drawn), dtype=bool)
        for name, relation in schema.relation.items():
            if relation.head == user_type and name not in schema.rules:
                own = name in schema.interactions_with(domain)
                (inside if own else elsewhere)[np.diff(snapshot.adjacency(name).indptr) > 0] = True
        found[inside & elsewhere & (drawn >= number * part) & (drawn < (number + 1) * part)] = number
    return found


def validation_marks(snapshot: Snapshot, users: Sequence[User]) -> NDArray[np.float64]:
    """A number in [0, 1) for each user, the same every time, that says what she serves: shape (users,)."""
    marks = {
        name: np.random.default_rng([0, *name.encode()]).random(snapshot.vocabulary.count(name))
        for name in snapshot.schema.user_types
    }
    return np.array([marks[user_type][idx] for user_type, idx in users], dtype=np.float64)
