"""Flagged accounts: whoever does not look like a person is none of the people whom a reason tells of, also where what
they did counts in scores."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot

FLAGGED, USERS = "flagged accounts", "flagged users"
"""Under which a snapshot that answers come from keeps them, and how many of them used each item."""


def flag(snapshot: Snapshot, accounts: Mapping[str, Sequence[str]]) -> None:
    """Note who is flagged in a snapshot that is about to be asked.

    :param accounts: type → ids; those that are not there are passed over.
    """
    known = snapshot.vocabulary
    found = {
        name: frozenset(idx for one in ids if (idx := known.get(name, one)) is not None)
        for name, ids in accounts.items()
        if name in snapshot.schema.entity
    }
    snapshot.kept[FLAGGED], snapshot.kept[USERS] = found, _users(snapshot, found)


def flagged(snapshot: Snapshot, entity_type: str) -> frozenset[int]:
    """Indices of the flagged accounts of a type."""
    found: frozenset[int] = snapshot.kept.get(FLAGGED, {}).get(entity_type, frozenset())
    return found


def flagged_users(snapshot: Snapshot, item_type: str, item: int) -> int:
    """How many flagged accounts used an item: at most so many of those who used it and something else are none."""
    counts = snapshot.kept.get(USERS, {}).get(item_type)
    return 0 if counts is None else int(counts[item])


def _users(snapshot: Snapshot, accounts: Mapping[str, frozenset[int]]) -> dict[str, NDArray[np.int64]]:
    """Type of items → how many of some accounts used each, whatever they did with it: shape (items,)."""
    schema, found = snapshot.schema, dict[str, NDArray[np.int64]]()
    for item_type in schema.item_types:
        counts = np.zeros(snapshot.vocabulary.count(item_type), dtype=np.int64)
        for head, some in accounts.items():
            steps = [name for name in schema.interactions if schema.ends(name) == (head, item_type)]
            for account in some if steps else ():
                counts[np.unique(np.concatenate([snapshot.neighbours(one, account)[0] for one in steps]))] += 1
        found[item_type] = counts
    return found
