"""Flagged accounts: whoever does not look like a person is none of the people whom a reason tells of, also where what
they did counts in scores; where it does not, nobody whom a report counts either."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset

FLAGGED, USERS, LEFT_OUT = "flagged accounts", "flagged users", "flagged accounts are left out"
"""Under which a snapshot that answers come from keeps them, how many of them used each item, and whether what they did
is left out."""


def flag(snapshot: Snapshot, accounts: Mapping[str, Sequence[str]], *, left_out: bool = False) -> None:
    """Note who is flagged in a snapshot that is about to be asked.

    :param accounts: type → ids; those that are not there are passed over.
    :param left_out: whether what they did is left out, so that reports are of all others.
    """
    known = snapshot.vocabulary
    found = {
        name: frozenset(idx for one in ids if (idx := known.get(name, one)) is not None)
        for name, ids in accounts.items()
        if name in snapshot.schema.entity
    }
    snapshot.kept[FLAGGED], snapshot.kept[USERS], snapshot.kept[LEFT_OUT] = found, _users(snapshot, found), left_out


def flagged(snapshot: Snapshot, entity_type: str) -> frozenset[int]:
    """Indices of the flagged accounts of a type."""
    found: frozenset[int] = _noted(snapshot).get(FLAGGED, {}).get(entity_type, frozenset())
    return found


def left_out(snapshot: Snapshot, entity_type: str) -> frozenset[int]:
    """Indices of the accounts of a type that are nobody in reports: flagged ones, where what they did is left out. They
    still say something of themselves, and would get lists, which are counted."""
    return flagged(snapshot, entity_type) if _noted(snapshot).get(LEFT_OUT) else frozenset()


def flagged_users(snapshot: Snapshot, item_type: str, item: int) -> int:
    """How many flagged accounts used an item: at most so many of those who used it and something else are none."""
    counts = _noted(snapshot).get(USERS, {}).get(item_type)
    return 0 if counts is None else int(counts[item])


def _noted(snapshot: Snapshot) -> dict[str, Any]:
    """What is kept of a snapshot, or of that of which it has a part."""
    while isinstance(snapshot, TripleSubset):
        snapshot = snapshot.whole
    return snapshot.kept


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
