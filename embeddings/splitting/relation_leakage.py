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

from embeddings.splitting.triple_split import Indices, TripleSplit
from kg.counting import by_number

OVERLAP, LIFT, FEWEST, LISTED = 0.8, 2.0, 5, 10
"""Part of a relation's triples that another one must repeat, how many times as large as by chance that must be, how
many triples it must be at least, and how many such relations are told to a person."""


class RelationLeak(BaseModel, frozen=True):
    """A relation whose triples tell those of another one, or, inverted, of its own."""

    kind: Literal["inverse", "duplicate", "symmetric"]
    relation: str
    tells: str
    overlap: float
    """Part of the triples of ``relation`` that ``tells`` repeats, in [0, 1]."""
    test: int
    """Tested triples of ``tells`` that a training triple of ``relation`` gives away."""


class Leakage(BaseModel, frozen=True):
    """What was found; ``told`` of ``tested`` triples can be read off a training triple."""

    leaks: list[RelationLeak]
    told: int
    tested: int
    removed: int
    """Training triples that were left out for it."""

    def sentences(self) -> list[str]:
        """What a reader should know before any figure."""
        first = sorted(self.leaks, key=lambda leak: -leak.test)[:LISTED]
        texts = [_sentence(leak) for leak in first]
        if len(self.leaks) > LISTED:
            texts.append(
                by_number(f"{len(self.leaks) - LISTED:,} more [relation tells|relations tell] of others like that")
            )
        if self.removed:
            removed = "training [triple that gives|triples that give] away held-out ones [is|are] left out"
            return [*texts, by_number(f"{self.removed:,} {removed}")]
        if self.told:
            texts.append(
                f"{self.told:,} of {self.tested:,} tested triples ({self.told / self.tested:.0%}) can be read off a "
                "training triple; leaks = 'remove' in [split] leaves those out"
            )
        return texts


@dataclass(frozen=True)
class _Pair:
    """Positions of a relation and of the one it tells; ``swapped``: with head and tail exchanged."""

    known: int
    asked: int
    swapped: bool
    overlap: float

    @property
    def kind(self) -> Literal["inverse", "duplicate", "symmetric"]:
        """What gives the triples away: the inverse, a copy, or the relation itself read backwards."""
        if self.known == self.asked:
            return "symmetric"
        return "inverse" if self.swapped else "duplicate"


def find_leakage(split: TripleSplit, relations: Sequence[str]) -> tuple[Leakage, NDArray[np.bool_]]:
    """Find relations that tell each other in the whole data, and what that gives away.

    :returns: what was found, and which training triples give away a validation or test triple: shape (train,), bool.
    """
    train, entities = split.train.rows, split.train.entities
    telling, told = np.zeros(len(train), dtype=bool), np.zeros(len(split.test), dtype=bool)
    leaks = []
    for pair in _pairs(split.known, entities, len(relations)):
        mine = _matches((split.test, pair.asked), (train, pair.known), pair.swapped, entities)
        for held in (split.test, split.validation):
            telling |= _matches((train, pair.known), (held, pair.asked), pair.swapped, entities)
        told |= mine
        leaks.append(
            RelationLeak(
                kind=pair.kind,
                relation=relations[pair.known],
                tells=relations[pair.asked],
                overlap=pair.overlap,
                test=int(mine.sum()),
            )
        )
    return Leakage(leaks=leaks, told=int(told.sum()), tested=len(told), removed=0), telling


def _pairs(rows: Indices, entities: int, relations: int) -> list[_Pair]:
    """Relations most of whose pairs of entities another one has too, by one sparse product for each direction."""
    rows = rows[rows[:, 0] != rows[:, 2]]
    forward, backward = rows[:, 0] * entities + rows[:, 2], rows[:, 2] * entities + rows[:, 0]
    keys = np.unique(np.concatenate([forward, backward]))
    there, swapped = (
        csr_array((np.ones(len(rows)), (np.searchsorted(keys, key), rows[:, 1])), shape=(len(keys), relations))
        for key in (forward, backward)
    )
    counts = np.bincount(rows[:, 1], minlength=relations)
    ends = [np.bincount(np.unique(rows[:, [1, c]], axis=0)[:, 0], minlength=relations) for c in (0, 2)]
    density = counts / np.maximum(1, ends[0] * ends[1])
    found = []
    for other, inverted in ((there, False), (swapped, True)):
        shared = csr_array(there.T @ other).tocoo()
        for known, asked, count in zip(*shared.coords, shared.data, strict=True):
            overlap = float(count / counts[known])
            enough = count >= FEWEST and overlap >= max(OVERLAP, LIFT * float(density[asked]))
            if enough and (known != asked or inverted):
                found.append(_Pair(int(known), int(asked), inverted, overlap))
    return sorted(found, key=lambda pair: (-pair.overlap, pair.known, pair.asked, pair.swapped))


def _matches(mine: tuple[Indices, int], theirs: tuple[Indices, int], swapped: bool, entities: int) -> NDArray[np.bool_]:
    """Which rows are of a relation and stand between the same entities as a row of another one: shape (rows,).

    :param mine: rows, and the position of the relation; ``theirs`` likewise.
    """
    (rows, relation), (others, other) = mine, theirs
    head, tail = (2, 0) if swapped else (0, 2)
    of_relation, others = rows[:, 1] == relation, others[others[:, 1] == other]
    found = np.zeros(len(rows), dtype=bool)
    keys = rows[of_relation, 0] * entities + rows[of_relation, 2]
    found[of_relation] = np.isin(keys, others[:, head] * entities + others[:, tail])
    return found


def _sentence(leak: RelationLeak) -> str:
    if leak.kind == "symmetric":
        return f"relation {leak.relation} holds {leak.overlap:.0%} of its triples in both directions"
    inverted = ", inverted" if leak.kind == "inverse" else ""
    return f"relation {leak.tells} repeats {leak.overlap:.0%} of the triples of {leak.relation}{inverted}"
