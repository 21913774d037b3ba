"""The validation part: interactions held out to learn weights on, and which user serves what."""

from collections.abc import Sequence
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from kg.instant import NO_TIME
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import User
from recommender.splitting.interaction_splits import Split, hold_out
from recommender.splitting.repeated_pairs import without_last_days
from recommender.splitting.shared_pairs import Masks, leaving_some

FITTED, PRUNED = 0.65, 0.8
"""Users below the first mark fit weights, below the second they say which are idle, and the others decide whether the
weights are kept, and say what each adds."""
FEW_USERS = 5_000
SPLITS = 3
"""Validation parts that few people are asked on, one after the other."""
T = TypeVar("T")


COLD, MOST_COLD = 0.2, 0.45
"""Part of the users who lose all they used of one domain, for each domain, and for all together."""


def evenly(found: Sequence[T], most: int) -> Sequence[T]:
    """At most so many of them, evenly spread, in their order."""
    return found[:: max(1, len(found) // most)][:most]


Kind = Literal["last", "temporal", "random", "new-items"]
"""Which interactions are held out: the latest of each person, as the future would; the latest tenth of all; any; or
any, and besides all of a part of the items, which stand for new ones."""
NEW_ITEMS = 0.2
"""Part of the items that ``new-items`` takes from everybody."""
LATEST = 0.1
"""Part of all interactions with a time that ``temporal`` holds out."""


def validation_kind(split: str) -> Kind:
    """How to learn what is tested on a split of a kind, one of ``SPLITS``: as it tests."""
    if split in ("random", "cold-users", "cold-domain"):
        return "random"
    if split == "cold-items":
        return "new-items"
    return "temporal" if split == "temporal" else "last"


def validation_notes(snapshot: Snapshot) -> list[str]:
    """Where the latest interactions cannot be held out, so that figures of the future may differ."""
    notes = []
    for name in snapshot.schema.interactions:
        untimed = float((snapshot.timestamps(name) == NO_TIME).mean()) if snapshot.manifest.triples[name] else 0.0
        if untimed == 1.0:
            notes.append(f"{name} has no timestamps: weights are learned on random ones held out, not on the last ones")
        elif untimed > 0:
            part = f"{untimed:.0%}" if untimed >= 0.01 else "fewer than 1%"
            notes.append(
                f"{part} of {name} have no timestamp and count as the oldest: of people without any, a random "
                "one is held out to learn weights on, not the last"
            )
    return notes


def validation_split(snapshot: Snapshot, seed: int, kind: Kind = "last") -> Split:
    """Hold out what weights are learned on.

    Of each domain, all that a part of the users used of it, of those who have other anchors to go by: they stand for
    people who are new to it. Of the other users with two or more interactions one, of half of them, or of all where
    there are few: the latest of each relation, drawn among those of the same time, of what was done again the last day;
    or any, drawn at random, which it
    is where nothing has a timestamp. Or else, ``temporal``, the latest tenth of all, of people with earlier ones; or,
    ``new-items``, besides what is drawn at random all that anybody did with a part of the items.
    """
    cut = _cut(snapshot)
    random = np.random.default_rng([seed, 20])
    users = sum(snapshot.vocabulary.count(name) for name in snapshot.schema.user_types)
    part = 0.5 if users > FEW_USERS else 1.0
    cold = {name: _cold_domains(snapshot, name, seed) for name in snapshot.schema.user_types}
    drawn_masks, masks = Masks(), Masks()
    for name in snapshot.schema.interactions:
        relation = snapshot.schema.relation[name]
        indptr = snapshot.adjacency(name).indptr
        mask = np.zeros(indptr[-1], dtype=bool)
        counts = np.diff(indptr)
        warm = cold[relation.head] < 0
        chosen = np.flatnonzero((counts >= 2) & (random.random(len(counts)) < part) & warm)
        drawn = random.random(len(chosen))
        timed = bool((snapshot.timestamps(name) != NO_TIME).any())
        if kind == "temporal" and timed:
            mask = _after(snapshot, name, cut) & np.repeat(warm, counts)
        elif kind == "last" and timed:
            mask[_latest(snapshot, name, [seed, 22, *name.encode()])[chosen]] = True
        else:
            mask[indptr[chosen] + (drawn * counts[chosen]).astype(np.int64)] = True
        drawn_masks[name] = mask
    shortened = Masks()
    drawn_masks = leaving_some(snapshot, drawn_masks)
    if kind in ("last", "temporal"):
        drawn_masks, shortened = without_last_days(snapshot, drawn_masks, cut if kind == "temporal" else None)
    for name, mask in drawn_masks.items():
        relation = snapshot.schema.relation[name]
        own = cold[relation.head] == snapshot.schema.domains.index(snapshot.schema.entity[relation.tail].domain or "")
        if kind == "new-items":
            mask = mask | _new_items(snapshot, relation.tail, seed)[snapshot.adjacency(name).indices]
        masks[name] = mask | np.repeat(own, np.diff(snapshot.adjacency(name).indptr))
    asked = cut if kind == "temporal" else None
    return hold_out(snapshot, masks, {"kind": "validation", "of": kind, "seed": seed}, shortened, asked)


def validation_splits(snapshot: Snapshot, first: Split, seed: int, kind: Kind = "last") -> list[Split]:
    """The validation split of a seed, and where few people decide, of the next ones too, if others are held out there:
    the latest of each person are always the same."""
    timed = any(bool((snapshot.timestamps(name) != NO_TIME).any()) for name in snapshot.schema.interactions)
    if len(first.test) >= FEW_USERS or (timed and kind != "random"):
        return [first]
    return [first, *(validation_split(snapshot, seed + number, kind) for number in range(1, SPLITS))]


def _cut(snapshot: Snapshot) -> int:
    """The time after which the latest interactions are, ``NO_TIME`` where none has a time."""
    found = [snapshot.timestamps(name) for name in snapshot.schema.interactions]
    times = np.concatenate([*found, np.empty(0, dtype=np.int64)])
    times = times[times != NO_TIME]
    return int(np.quantile(times, 1 - LATEST, method="lower")) if len(times) else NO_TIME


def _after(snapshot: Snapshot, name: str, cut: int) -> NDArray[np.bool_]:
    """Which triples are later than a time, of heads that have others: shape (triples,)."""
    counts, late = np.diff(snapshot.adjacency(name).indptr), snapshot.timestamps(name) > cut
    rows = np.repeat(np.arange(len(counts)), counts)
    others = np.bincount(rows[late], minlength=len(counts)) < counts
    return np.asarray(late & others[rows])


def _new_items(snapshot: Snapshot, item_type: str, seed: int) -> NDArray[np.bool_]:
    """Which items are taken for new ones, the same for every interaction: shape (items,)."""
    random = np.random.default_rng([seed, 23, *item_type.encode()])
    return random.random(snapshot.vocabulary.count(item_type)) < NEW_ITEMS


def _latest(snapshot: Snapshot, name: str, seed: Sequence[int]) -> NDArray[np.int64]:
    """Place of the latest triple of each head that has any, drawn among those of the same time: shape (heads,)."""
    indptr, times = snapshot.adjacency(name).indptr, snapshot.timestamps(name)
    rows = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    order = np.lexsort((np.random.default_rng(seed).random(len(times)), times, rows))
    return order[np.maximum(indptr[1:] - 1, 0)] if len(order) else np.zeros(len(indptr) - 1, dtype=np.int64)


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
