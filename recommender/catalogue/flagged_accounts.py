"""Flagged accounts: whoever does not look like a person is none of the people whom a reason tells of, also where what
they did counts in scores."""

from collections.abc import Mapping, Sequence

from kg.snapshot.snapshot import Snapshot

FLAGGED = "flagged accounts"
"""Under which a snapshot that answers come from keeps them."""


def flag(snapshot: Snapshot, accounts: Mapping[str, Sequence[str]]) -> None:
    """Note who is flagged in a snapshot that is about to be asked.

    :param accounts: type → ids; those that are not there are passed over.
    """
    known = snapshot.vocabulary
    snapshot.kept[FLAGGED] = {
        name: frozenset(idx for one in ids if (idx := known.get(name, one)) is not None)
        for name, ids in accounts.items()
        if name in snapshot.schema.entity
    }


def flagged(snapshot: Snapshot, entity_type: str) -> frozenset[int]:
    """Indices of the flagged accounts of a type."""
    found: frozenset[int] = snapshot.kept.get(FLAGGED, {}).get(entity_type, frozenset())
    return found


def flagged_users(snapshot: Snapshot, item_type: str, item: int) -> int:
    """How many flagged accounts used an item: at most so many of those who used it and something else are none."""
    if not snapshot.kept.get(FLAGGED):
        return 0
    found = set[tuple[str, int]]()
    for name in snapshot.schema.interactions:
        head, tail = snapshot.schema.ends(name)
        accounts = flagged(snapshot, head) if tail == item_type else frozenset()
        if accounts:
            found |= {(head, one) for one in accounts.intersection(snapshot.neighbours(f"~{name}", item)[0].tolist())}
    return len(found)
