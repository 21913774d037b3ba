"""Splits of triples for experiments: random with folds, temporal, inductive, or as the data come."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.splitting.config import TripleSplitConfig
from embeddings.splitting.triple_data import TripleData
from embeddings.splitting.triple_files import TEST, TRAIN, VALIDATION
from embeddings.vectors.triples import TripleSet
from kg.counting import by_number
from kg.errors import UsageError
from kg.instant import NO_TIME

Indices = NDArray[np.int64]


@dataclass(frozen=True)
class TripleSplit:
    """What is learned from, what is stopped and searched on, and what is tested on.

    :param train: the graph with the triples to learn from.
    :param validation: shape (n, 3).
    :param test: shape (m, 3).
    :param known: shape (k, 3): all triples of the data, none of which is a false answer in the test.
    :param new: entities unseen in training, sorted; empty but in inductive splits.
    :param support: shape (s, 3): triples that new entities are folded in by.
    """

    train: TripleSet
    validation: Indices
    test: Indices
    known: Indices
    new: Indices
    support: Indices
    description: dict[str, Any]

    @property
    def digest(self) -> str:
        """BLAKE2b of what is tested on: figures of runs with the same one can be paired."""
        return hashlib.blake2b(np.ascontiguousarray(self.test).data, digest_size=16).hexdigest()

    def without(self, told: NDArray[np.bool_]) -> "TripleSplit":
        """The same split without some of the training triples: mask of shape (training triples,)."""
        described = {**self.description, "train": int((~told).sum()), "removed": int(told.sum())}
        return replace(self, train=self.train.with_rows(self.train.rows[~told]), description=described)


def split_triples(data: TripleData, split: TripleSplitConfig, fold: int | None = None) -> TripleSplit:
    """Split as an experiment file says.

    :param fold: from 0, where there are folds.
    :raises UsageError: where a part would be empty, or times are needed that are not there.
    """
    if (data.part != TRAIN).any():
        return _given(data)
    if split.kind == "temporal":
        return _temporal(data, split)
    if split.kind == "inductive":
        return _inductive(data, split)
    return _random(data, split, fold)


def validation_only(data: TripleData, split: TripleSplitConfig) -> TripleSplit:
    """All triples but a validation part are learned from; nothing is tested on.

    :raises UsageError: where no triple can be held out.
    """
    rows, (held, _) = data.graph.rows, data.held_out(split.hold_out)
    free = movable(rows, split.seed) if len(rows) else np.empty(0, dtype=np.int64)
    validation = np.sort(free[held[free]][: int(split.validation * held.sum())])
    if len(validation) == 0:
        triples = by_number(f"{len(rows):,} [triple|triples]")
        raise UsageError(f"split: no validation part can be held out of {triples}; use more data")
    train, nothing = data.graph.with_rows(np.delete(rows, validation, axis=0)), rows[:0]
    described = {"kind": "validation", "seed": split.seed, "train": len(train.rows), "validation": len(validation)}
    return TripleSplit(train, rows[validation], nothing, rows, nothing[:, 0], nothing, described)


def movable(rows: Indices, seed: int) -> Indices:
    """Positions of triples that may be held out, in random order: no entity and no relation loses its last triple."""
    order = np.random.default_rng([seed, 0x5EED]).permutation(len(rows))
    shuffled = rows[order]
    needed = np.zeros(len(order), dtype=bool)
    ends = np.concatenate([shuffled[:, 0], shuffled[:, 2]])  # an entity may be known from either end
    needed[np.unique(ends, return_index=True)[1] % len(rows)] = True
    needed[np.unique(shuffled[:, 1], return_index=True)[1]] = True
    return order[~needed]


def _random(data: TripleData, split: TripleSplitConfig, fold: int | None) -> TripleSplit:
    rows, (held, _) = data.graph.rows, data.held_out(split.hold_out)
    free = movable(rows, split.seed) if len(rows) else np.empty(0, dtype=np.int64)
    free, size = free[held[free]], int(held.sum())
    of_fold = slice(int(split.test * size)) if fold is None else slice(fold, None, split.folds)
    test = free[of_fold]
    rest = free[~np.isin(free, test)]
    validation = rest[: int(split.validation * (size - len(test)))]
    description = {"kind": "random", "seed": split.seed}
    if split.folds:
        description |= {"fold": fold, "folds": split.folds}
    return _split(data, validation, test, description)


def _temporal(data: TripleData, split: TripleSplitConfig) -> TripleSplit:
    """The latest triples are tested on, those before them are validated on; undated ones are learned from."""
    held, names = data.held_out(split.hold_out)
    dated = held & (data.times != NO_TIME)
    if not dated.any():
        of = f" of {', '.join(names)}" if names else ""
        raise UsageError(
            f"split: no triple{of} has a timestamp, which kind = 'temporal' needs; map a timestamp and load again, "
            "write a fourth column into the triple file, or use kind = 'random'"
        )
    times = data.times[dated]
    if times.min() == times.max():
        raise UsageError("split: all dated triples have the same time, so none is later; use kind = 'random'")
    cut = _cut(times, split.test)
    first = _cut(times[times <= cut], split.validation)
    test = dated & (data.times > cut)
    validation = dated & (data.times > first) & ~test
    there = _among(data.graph.rows, data.graph.rows[~test & ~validation])
    description = {"kind": "temporal", "after": int(cut), "unseen": int((test & ~there).sum())}
    return _split(
        data, np.flatnonzero(validation & there), np.flatnonzero(test & there), description, test | validation
    )


def _cut(times: Indices, part: float) -> int:
    """The time after which about a part of the times is; at least the latest, where many are equal."""
    cut = np.quantile(times, 1 - part, method="lower")
    earlier = times[times < cut]
    return int(earlier.max() if cut == times.max() and len(earlier) else cut)


def _among(rows: Indices, seen: Indices) -> NDArray[np.bool_]:
    """Which triples have entities and relations that other triples have: shape (n,)."""
    return np.isin(rows[:, [0, 2]], seen[:, [0, 2]]).all(axis=1) & np.isin(rows[:, 1], seen[:, 1])


def _inductive(data: TripleData, split: TripleSplitConfig) -> TripleSplit:
    """Triples of unseen entities: half of each one's are shown when it is folded in, the others are tested on."""
    rows, random = data.graph.rows, np.random.default_rng([split.seed, 0x1BD0C])
    degree = np.bincount(rows[:, [0, 2]].ravel(), minlength=data.graph.entities)
    several = random.permutation(np.flatnonzero(degree >= 2))
    new = np.sort(several[: int(split.test * len(several))])
    is_new = np.zeros(data.graph.entities, dtype=bool)
    is_new[new] = True
    ends = is_new[rows[:, [0, 2]]].sum(axis=1)
    mine = random.permutation(np.flatnonzero(ends == 1))
    owner = np.where(is_new[rows[mine, 0]], rows[mine, 0], rows[mine, 2])
    order = np.argsort(owner, kind="stable")
    mine, owner = mine[order], owner[order]
    counts = np.bincount(owner, minlength=data.graph.entities)
    rank = np.arange(len(mine)) - (np.cumsum(counts) - counts)[owner]
    shown = rank < (counts[owner] + 1) // 2
    old = np.flatnonzero(ends == 0)
    free = old[movable(rows[old], split.seed)] if len(old) else old
    validation = free[: int(split.validation * len(old))]
    known = np.isin(rows[mine][:, [0, 2]], np.append(rows[old][:, [0, 2]], new)).all(axis=1)
    test = mine[~shown & known & np.isin(rows[mine, 1], rows[old, 1])]
    description = {"kind": "inductive", "seed": split.seed, "new_entities": len(new)}
    found = _split(data, validation, test, description, ends > 0)
    support = rows[np.sort(mine[shown])]
    return replace(found, new=new, support=support, description={**found.description, "support": len(support)})


def _given(data: TripleData) -> TripleSplit:
    """The parts that the data come in; test triples of entities or relations unseen in training cannot be ranked."""
    rows = data.graph.rows
    there = _among(rows, rows[data.part == TRAIN])
    test, validation = (np.flatnonzero((data.part == part) & there) for part in (TEST, VALIDATION))
    description = {"kind": "given", "unseen": int(((data.part == TEST) & ~there).sum())}
    return _split(data, validation, test, description, data.part != TRAIN)


def _split(
    data: TripleData,
    validation: Indices,
    test: Indices,
    description: dict[str, Any],
    left_out: NDArray[np.bool_] | None = None,
) -> TripleSplit:
    """Make the parts.

    :param validation: positions, as ``test``.
    :param left_out: shape (n,), bool: what else is not learned from.
    """
    rows, nothing = data.graph.rows, np.empty((0, 3), dtype=np.int64)
    kept = np.ones(len(rows), dtype=bool) if left_out is None else ~left_out
    kept[validation] = kept[test] = False
    of, counts = np.unique(rows[test, 1], return_counts=True)
    held_out = {data.relations[one]: count for one, count in zip(of.tolist(), counts.tolist(), strict=True)}
    sizes = {"train": int(kept.sum()), "validation": len(validation), "test": len(test)}
    if 0 in sizes.values():
        told = ", ".join(f"{count:,} {name}" for name, count in sizes.items())
        raise UsageError(
            f"split: {told} triples; none of the parts may be empty: use more data or larger parts (a triple is held "
            "out only where others of its head, of its tail and of its relation are left to learn from)"
        )
    return TripleSplit(
        train=data.graph.with_rows(rows[kept]),
        validation=rows[np.sort(validation)],
        test=rows[np.sort(test)],
        known=rows,
        new=nothing[:, 0],
        support=nothing,
        description={**description, **sizes, "held_out": held_out},
    )
