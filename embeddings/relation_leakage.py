"""Leakage through relations: inverse, duplicate and symmetric relations let a model read off what it is tested on.

A model that has learned that ``~made_by`` is ``makes`` has learned nothing about who makes what, and much of what was
published on FB15k and WN18 is that (Toutanova & Chen, 2015; Akrami et al., 2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.sparse import csr_array

from embeddings.triple_split import Indices, TripleSplit

OVERLAP, FEWEST = 0.8, 5
"""Part of the smaller relation's triples that the other one must repeat, and how many at least."""


class RelationLeak(BaseModel, frozen=True):
    """Two relations of which one repeats the other, or one that repeats itself."""

    kind: Literal["inverse", "duplicate", "symmetric"]
    relation: str
    other: str
    overlap: float
    """Part of the triples of the smaller of the two that the other one repeats, in [0, 1]."""
    test: int
    """Tested triples of either that a training triple of the other gives away."""


class Leakage(BaseModel, frozen=True):
    """What was found; ``told`` of ``tested`` triples can be read off a training triple."""

    leaks: list[RelationLeak]
    told: int
    tested: int
    removed: int
    """Training triples that were left out for it."""

    def sentences(self) -> list[str]:
        """What a reader should know before any figure."""
        texts = [_sentence(leak) for leak in self.leaks]
        if self.removed:
            return [*texts, f"{self.removed:,} training triples that give away held-out ones are left out"]
        if self.told:
            texts.append(
                f"{self.told:,} of {self.tested:,} tested triples ({self.told / self.tested:.0%}) can be read off a "
                "training triple; leaks = 'remove' in [split] leaves those out"
            )
        return texts


@dataclass(frozen=True)
class _Pair:
    """Positions of two relations; ``swapped``: one repeats the other with head and tail exchanged."""

    first: int
    second: int
    swapped: bool
    overlap: float


def find_leakage(split: TripleSplit, relations: Sequence[str]) -> tuple[Leakage, NDArray[np.bool_]]:
    """Find relations that repeat each other in the whole data, and what that gives away.

    :returns: what was found, and which training triples give away a validation or test triple: shape (train,), bool.
    """
    pairs = _pairs(split.known, split.train.entities, len(relations))
    telling = np.zeros(len(split.train.rows), dtype=bool)
    told = np.zeros(len(split.test), dtype=bool)
    leaks = []
    for pair in pairs:
        mine = np.zeros(len(split.test), dtype=bool)
        for known, asked in {(pair.first, pair.second), (pair.second, pair.first)}:
            mine |= _matches(split.test, asked, split.train.rows, known, pair.swapped, split.train.entities)
            for held in (split.test, split.validation):
                telling |= _matches(split.train.rows, known, held, asked, pair.swapped, split.train.entities)
        told |= mine
        kind: Literal["inverse", "duplicate", "symmetric"] = "inverse" if pair.swapped else "duplicate"
        leaks.append(
            RelationLeak(
                kind="symmetric" if pair.first == pair.second else kind,
                relation=relations[pair.first],
                other=relations[pair.second],
                overlap=pair.overlap,
                test=int(mine.sum()),
            )
        )
    return Leakage(leaks=leaks, told=int(told.sum()), tested=len(told), removed=0), telling


def _pairs(rows: Indices, entities: int, relations: int) -> list[_Pair]:
    """Relations that share most of their pairs of entities, by one sparse product for each direction."""
    rows = rows[rows[:, 0] != rows[:, 2]]
    forward, backward = rows[:, 0] * entities + rows[:, 2], rows[:, 2] * entities + rows[:, 0]
    keys = np.unique(np.concatenate([forward, backward]))
    counts = np.bincount(rows[:, 1], minlength=relations)
    there, swapped = (
        csr_array((np.ones(len(rows)), (np.searchsorted(keys, key), rows[:, 1])), shape=(len(keys), relations))
        for key in (forward, backward)
    )
    found = []
    for other, inverted in ((there, False), (swapped, True)):
        shared = csr_array(there.T @ other).tocoo()
        for first, second, count in zip(*shared.coords, shared.data, strict=True):
            part = float(count) / max(1, int(min(counts[first], counts[second])))
            enough = count >= FEWEST and part >= OVERLAP
            if enough and (first < second or (inverted and first == second)):
                found.append(_Pair(int(first), int(second), inverted, part))
    return sorted(found, key=lambda pair: (-pair.overlap, pair.first, pair.second, pair.swapped))


def _matches(
    rows: Indices, relation: int, others: Indices, other: int, swapped: bool, entities: int
) -> NDArray[np.bool_]:
    """Which rows of a relation stand between the same entities as a row of another relation: shape (rows,)."""
    ends = (2, 0) if swapped else (0, 2)
    mine, theirs = rows[:, 1] == relation, others[others[:, 1] == other]
    found = np.zeros(len(rows), dtype=bool)
    keys = rows[mine, 0] * entities + rows[mine, 2]
    found[mine] = np.isin(keys, theirs[:, ends[0]] * entities + theirs[:, ends[1]])
    return found


def _sentence(leak: RelationLeak) -> str:
    if leak.kind == "symmetric":
        return f"relation {leak.relation} holds {leak.overlap:.0%} of its triples in both directions"
    what = "inverted" if leak.kind == "inverse" else "as they are"
    return f"relations {leak.relation} and {leak.other} repeat {leak.overlap:.0%} of the smaller one's triples {what}"
