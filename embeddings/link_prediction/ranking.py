"""Filtered, realistic ranks of held-out triples: exact, by blocks of matrix products, in bounded memory."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from embeddings.vectors.scoring import Indices, Scorer
from embeddings.vectors.triples import HEAD, TAIL, TripleSet

BLOCK_BYTES = 64 * 2**20
Candidates = Literal["type", "all"]


@dataclass(frozen=True)
class Ranks:
    """Ranks of triples, a column for each missing side: head, tail.

    :param triples: shape (n, 3), int64.
    :param rank: shape (n, 2), float64, from 1; the mean over all orders of candidates with equal scores.
    :param candidates: shape (n, 2), int64: how many entities were ranked, the true one included.
    """

    triples: Indices
    rank: NDArray[np.float64]
    candidates: Indices


def rank_triples(
    scorer: Scorer, test: Indices, graph: TripleSet, known: Indices, candidates: Candidates = "all"
) -> Ranks:
    """Rank the true entity of each side among all that do not make a known triple.

    :param test: shape (n, 3), int64: the triples to rank.
    :param graph: numbers of entities and relations, and the relations' types.
    :param known: shape (m, 3), int64: triples that are no false answers, such as train, validation and test together.
    :param candidates: ``type`` ranks only entities of the relation's type.
    """
    rank = np.empty((len(test), 2))
    count = np.empty((len(test), 2), dtype=np.int64)
    for side in (HEAD, TAIL):
        ranges = graph.ranges[:, side] if candidates == "type" else np.tile([0, graph.entities], (graph.relations, 1))
        rank[:, side], count[:, side] = _Side(scorer, side, graph, known, ranges).ranks(test)
    return Ranks(test, rank, count)


class _Side:
    """The ranking of one missing side. Triples that ask the same question share its row of scores."""

    def __init__(self, scorer: Scorer, side: int, graph: TripleSet, known: Indices, ranges: Indices) -> None:
        self.scorer, self.side, self.entities, self.ranges = scorer, side, graph.entities, ranges
        keys = self._keys(known)
        order = np.lexsort((known[:, 2 * side], keys))
        keys, answers = keys[order], known[order, 2 * side]
        once = np.ones(len(keys), dtype=bool)  # parts may overlap, and an answer is left out once
        once[1:] = (keys[1:] != keys[:-1]) | (answers[1:] != answers[:-1])
        self.known_keys, self.answers = keys[once], answers[once]

    def ranks(self, test: Indices) -> tuple[NDArray[np.float64], Indices]:
        """Ranks and numbers of candidates: two arrays of shape (n,)."""
        rank, count = np.empty(len(test)), np.empty(len(test), dtype=np.int64)
        queries, question = np.unique(self._keys(test), return_inverse=True)
        order = np.argsort(question, kind="stable")
        size = max(1, BLOCK_BYTES // (4 * max(1, self.entities)))
        for start in range(0, len(queries), size):
            block = queries[start : start + size]
            first, last = np.searchsorted(question[order], [start, start + len(block)])
            mine = order[first:last]
            self._rank_block(block, question[mine] - start, test[mine, 2 * self.side], (rank, count), mine)
        return rank, count

    def _rank_block(
        self, keys: Indices, row: Indices, true: Indices, out: tuple[NDArray[np.float64], Indices], rows_out: Indices
    ) -> None:
        entity, relation = keys % self.entities, keys // self.entities
        values = self.scorer.block(self.side, entity, relation)
        margin = self.scorer.margin(self.side, entity, relation)
        if margin.any():
            target = self.scorer.exact(self.side, entity[row], relation[row], true)
        else:
            target = values[row, true].astype(np.float64)
        begin, end = (np.searchsorted(self.known_keys, keys, side=which) for which in ("left", "right"))
        for position, (question, answer) in enumerate(zip(row.tolist(), true.tolist(), strict=True)):
            others = self.answers[begin[question] : end[question]]
            low, high = self.ranges[relation[question]].tolist()
            others = others[(others != answer) & (others >= low) & (others < high)]
            slack, goal = margin[question], target[position]
            better, near = _count(values[question, low:high], others - low, (goal - slack, goal + slack))
            if len(near) > 1 and slack > 0:
                asked = slice(question, question + 1)
                again = self.scorer.exact(self.side, entity[asked], relation[asked], near + low)
                better, ties = better + int((again > goal).sum()), int((again == goal).sum())
            else:
                ties = max(1, len(near))
            out[0][rows_out[position]] = better + (ties + 1) / 2
            out[1][rows_out[position]] = high - low - len(others)

    def _keys(self, triples: Indices) -> Indices:
        """One number for relation and known entity."""
        return triples[:, 1] * self.entities + triples[:, 2 - 2 * self.side]


def _count(values: NDArray[np.float32], others: Indices, band: tuple[float, float]) -> tuple[int, Indices]:
    """How many values are above a band, and which lie in it (none where at most one does), without the others."""
    low, high = (np.float32(end) for end in band)  # with a double, numpy would convert all values first
    known = values[others]
    better = int(np.count_nonzero(values > high) - np.count_nonzero(known > high))
    reached = values >= low
    if np.count_nonzero(reached) - np.count_nonzero(known >= low) - better <= 1:
        return better, np.empty(0, dtype=np.int64)
    reached &= values <= high
    reached[others] = False
    return better, np.flatnonzero(reached).astype(np.int64)
