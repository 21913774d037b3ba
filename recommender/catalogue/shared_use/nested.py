"""Sums of another k beside those of an earlier one: whoever has both files learns no more than from the finer one.

Files of 5, 6, 7, 8 and 9 people would together tell numbers exactly, since each rounds down to steps of its own; and a
sum that is lowered for one k may tell a difference beside the pairs of another. So the steps of every file are those of
the first times a power of two, and no number is higher than the finer file's, rounded to the coarser steps.
"""

import numpy as np
from numpy.typing import NDArray

from kg.errors import UsageError
from kg.k_anonymity import told_counts
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.shared_use.counting import SharedUse, shared_use

SHOWN = 3
"""How many k an error names."""


def check_nested(k: int, finest: int) -> None:
    """Refuse a k whose steps are not those of the smallest that files were sent of, times a power of two.

    :raises UsageError: then.
    """
    times, rest = divmod(k, finest)
    if rest or times & (times - 1):
        allowed = ", ".join(str(finest << power) for power in range(SHOWN))
        raise UsageError(
            f"`k` {k}: files of {finest} people or more were sent before, and numbers in other steps beside them would "
            f"tell more than both are meant to; expected one of {allowed} …"
        )


def nested_use(snapshot: Snapshot, k: int, finest: int) -> SharedUse:
    """The sums of k people or more, which tell nothing that those of ``finest`` do not.

    :param finest: of the finest file that was sent before; k where there was none.
    :raises UsageError: where the steps do not fit each other.
    """
    check_nested(k, finest)
    found = shared_use(snapshot, k)
    return found if k == finest else _limited(found, shared_use(snapshot, finest), k)


def _limited(found: SharedUse, fine: SharedUse, k: int) -> SharedUse:
    places, size = {thing: number for number, thing in enumerate(fine.things)}, max(len(fine.things), 1)
    at = np.array([places.get(thing, -1) for thing in found.things], dtype=np.int64)
    used = np.minimum(found.used, told_counts(np.where(at >= 0, fine.used[at], 0), k))
    there = _values(fine.pairs[0] * size + fine.pairs[1], fine.pairs[2], at[found.pairs[0]] * size + at[found.pairs[1]])
    people = np.minimum(found.pairs[2], told_counts(there, k))
    kept, place = used > 0, np.cumsum(used > 0) - 1
    pairs = np.stack([place[found.pairs[0]], place[found.pairs[1]], people])[:, people > 0]
    things = [thing for thing, one in zip(found.things, kept.tolist(), strict=True) if one]
    return SharedUse(things, used[kept], pairs, found.everybody, int(np.count_nonzero(kept[: found.items])))


def _values(keys: NDArray[np.int64], values: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The value of each wanted key, 0 where there is none."""
    order = np.argsort(keys)
    keys, values = np.append(keys[order], np.iinfo(np.int64).max), np.append(values[order], 0)
    place = np.searchsorted(keys, wanted)
    return np.where(keys[place] == wanted, values[place], 0)
