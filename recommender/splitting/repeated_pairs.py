"""Repeated pairs: what somebody did again is held out without what she did before."""

import numpy as np
from numpy.typing import NDArray

from kg.instant import NO_TIME
from kg.snapshot.repeated_days import can_lose_a_day
from kg.snapshot.snapshot import Snapshot
from recommender.splitting.shared_pairs import Masks


def without_last_days(snapshot: Snapshot, masks: Masks, until: int | None = None) -> tuple[Masks, Masks]:
    """The masks of held-out triples parted: those that are taken out whole, and those that lose their last day alone,
    since it is known when the one before was.

    :param masks: interaction → shape (triples,), bool.
    :param until: the time, in milliseconds since 1970 UTC, after which nothing may be left; no such time where absent.
    """
    whole, shortened = dict(masks), Masks()
    for name, mask in masks.items():
        if told := snapshot.occasions(name):
            before = mask & can_lose_a_day({"timestamp": snapshot.timestamps(name), **told})
            before &= until is None or told["previous"] <= until
            if before.any():
                whole[name], shortened[name] = mask & ~before, before
    return whole, shortened


def asked_at(snapshot: Snapshot, masks: Masks) -> dict[str, NDArray[np.int64]]:
    """When the people of each type are asked about what is held out: at the latest of it, in milliseconds since 1970
    UTC, ``NO_TIME`` where nothing of theirs is: shape (people,)."""
    found = dict[str, NDArray[np.int64]]()
    for name, mask in masks.items():
        head, indptr = snapshot.schema.relation[name].head, snapshot.adjacency(name).indptr
        times = found.setdefault(head, np.full(snapshot.vocabulary.count(head), NO_TIME))
        rows = np.searchsorted(indptr, np.flatnonzero(mask), side="right") - 1
        np.maximum.at(times, rows, snapshot.timestamps(name)[mask])
    return found
