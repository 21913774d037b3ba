"""Fold-in: new entities get vectors from their triples, old vectors stay; numpy, no torch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.geometry import GEOMETRIES, Geometry
from embeddings.vectors.scoring import Indices, real_rows
from embeddings.vectors.triples import HEAD, TAIL, TripleSet
from embeddings.vectors.vectors import Vectors, unit_rows
from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.vocabulary import Vocabulary

STEPS, RATE, NEGATIVES, TYPED, CHUNK = 20, 0.1, 256, 0.75, 4096
STRANGERS, ALONE = 512, 2
"""Of each relation, how many of others' triples a step pushes new entities away from; and how hard, because in
training the others would move away too."""
IMPOSSIBLE, TINY = -1e9, 1e-9
Real = NDArray[np.float32]


def fold_in(vectors: Vectors, vocabulary: Vocabulary, snapshot: Snapshot) -> Vectors:
    """Vectors for a snapshot that has entities which the vectors have not seen.

    :param vectors: of an older snapshot; those of its entities are taken over as they are.
    :param vocabulary: the older snapshot's.
    :param snapshot: the new one; triples of relations that were not trained on are not used.
    :returns: unsaved vectors; entities that are gone are left out, new ones without triples get their type's mean.
    :raises ModelError: for a model whose scores need more than vectors, or vectors of another vocabulary.
    """
    config, manifest = vectors.manifest.config, vectors.manifest
    if config.model not in GEOMETRIES:
        raise ModelError(f"{config.model}: only {', '.join(GEOMETRIES)} can fold in new entities; run `whyrec train`")
    if {name: vocabulary.count(name) for name in vocabulary.types} != dict(manifest.entities):
        raise ModelError("the vectors do not belong to the older vocabulary; run `whyrec train`")
    entity = np.zeros((snapshot.vocabulary.size, vectors.entity.shape[1]), dtype=vectors.entity.dtype)
    old = _old_rows(vocabulary, snapshot.vocabulary)
    entity[old >= 0] = vectors.entity[old[old >= 0]]
    new = np.flatnonzero(old < 0)
    there = snapshot.vocabulary
    for name in there.types:
        rows = np.arange(there.start(name), there.start(name) + there.count(name))
        seen = rows[old[rows] >= 0]
        entity[rows[old[rows] < 0]] = entity[seen].mean(axis=0) if len(seen) else 0
    relations = [name for name in manifest.relations if name in snapshot.schema.relation]
    positions = np.array([manifest.relations.index(name) for name in relations], dtype=np.int64)
    graph = TripleSet.of(snapshot, relations)
    entity = fitted(config, entity, vectors.relation[positions], new, graph)
    changed = manifest.model_copy(
        update={
            "snapshot": snapshot.hash,
            "entities": {name: there.count(name) for name in there.types},
            "folded_in": manifest.folded_in + len(new),
        }
    )
    return Vectors(changed, entity, vectors.relation, unit_rows(entity))


def fitted(
    config: TrainingConfig, entity: NDArray[Any], relation: NDArray[Any], new: Indices, graph: TripleSet
) -> NDArray[Any]:
    """Vectors in which only the new rows are fitted, to the triples that they are in.

    Each starts at the mean of where its triples want it (TransE, RotatE: the least squares solution), or where it
    is (DistMult, ComplEx), and takes steps down the gradient of the loss of training, on both sides, in which it is
    the true entity of its own triples and a false one of others'.

    :param entity: shape (entities, d); rows of new entities hold their start where they have no triples.
    :param new: int64, sorted: rows to fit.
    """
    return _Fit(config, entity, relation, new, graph).run() if len(new) else entity


class _Fit:
    """The rows under way, complex numbers as pairs; gradients flow to new rows only."""

    def __init__(
        self, config: TrainingConfig, entity: NDArray[Any], relation: NDArray[Any], new: Indices, graph: TripleSet
    ) -> None:
        self.geometry, self.relation, self.new, self.graph = GEOMETRIES[config.model], relation, new, graph
        self.entity, self.dtype = real_rows(entity).copy(), entity.dtype
        self.random = np.random.default_rng([config.seed, 0xF01D])
        is_new = np.zeros(len(entity), dtype=bool)
        is_new[new] = True
        rows = graph.rows
        self.groups: list[tuple[int, int, Indices]] = []  # side of the new entity, relation, triples
        self.strangers: list[tuple[int, int, Indices, Indices]] = []  # the same, others' triples, new entities
        for position in range(graph.relations):
            for side in (HEAD, TAIL):
                mine = rows[(rows[:, 1] == position) & is_new[rows[:, 2 * side]]]
                self.groups += [(side, position, mine[i : i + CHUNK]) for i in range(0, len(mine), CHUNK)]
                fresh = np.unique(mine[:, 2 * side])
                others = rows[(rows[:, 1] == position) & ~is_new[rows[:, 2 * side]]]
                if len(fresh) and len(others):
                    self.strangers.append((side, position, others, fresh))

    def run(self) -> NDArray[Any]:
        """All vectors, the new rows fitted."""
        if self.geometry.distance:
            self._start()
        accumulator = np.zeros(len(self.new), dtype=np.float32)
        for _ in range(STEPS):
            gradient = np.zeros_like(self.entity)
            for group in self.groups:
                self._add_gradients(group, gradient)
            for stranger in self.strangers:
                self._push_away(stranger, gradient)
            mine = gradient[self.new]
            accumulator += np.square(mine).mean(axis=1)
            self.entity[self.new] -= RATE * mine / (np.sqrt(accumulator) + 1e-10)[:, None]
            self._constrain()
        return self.entity.view(self.dtype)

    def _start(self) -> None:
        """The mean of where the triples of an entity want it: the least squares solution."""
        sums, counts = np.zeros_like(self.entity), np.zeros(len(self.entity), dtype=np.float32)
        for side, position, rows in self.groups:
            np.add.at(sums, rows[:, 2 * side], self._query(side, rows[:, 2 - 2 * side], position))
            np.add.at(counts, rows[:, 2 * side], 1)
        rows = self.new[counts[self.new] > 0]
        self.entity[rows] = sums[rows] / counts[rows, None]
        self._constrain()

    def _constrain(self) -> None:
        if self.geometry.additive:  # TransE keeps entities at length 1
            lengths = np.linalg.norm(self.entity[self.new], axis=1, keepdims=True)
            self.entity[self.new] /= np.where(lengths > 0, lengths, 1)

    def _add_gradients(self, group: tuple[int, int, Indices], gradient: Real) -> None:
        """The gradient of the new entity as the missing one, and as the known one."""
        side, position, rows = group
        mine, other = rows[:, 2 * side], rows[:, 2 - 2 * side]
        missing = self._gradients(side, other, mine, position)[1]
        np.add.at(gradient, mine, missing)
        pulled = _complex(self._gradients(1 - side, mine, other, position)[0], self.dtype)
        known = self.geometry.pulled_back(1 - side, pulled, self.relation[position])
        np.add.at(gradient, mine, real_rows(np.asarray(known, dtype=self.dtype)))

    def _push_away(self, stranger: tuple[int, int, Indices, Indices], gradient: Real) -> None:
        """The gradient of new entities as negatives of others' triples, as often as training would draw them.

        Without it new entities would only ever be pulled, and stand before the old ones in everybody's list. Only
        for relations that they have triples of: what nobody bought yet is not what nobody wants.
        """
        side, position, rows, fresh = stranger
        some = rows[self.random.integers(0, len(rows), STRANGERS)]
        query, true = self._query(side, some[:, 2 - 2 * side], position), self.entity[some[:, 2 * side]]
        scores, _ = _scores(self.geometry, query, self.entity[self._draw(position, side)])
        right = _scores_of(self.geometry, query, true)
        highest = np.maximum(scores.max(axis=1), right)
        base = np.log(np.exp(scores - highest[:, None]).sum(axis=1) + np.exp(right - highest)) + highest
        low, high = self.graph.ranges[position, side]
        drawn = TYPED * NEGATIVES / (high - low) + (1 - TYPED) * NEGATIVES / len(self.entity)
        weight = np.float32(ALONE * drawn * len(rows) / STRANGERS)
        for part in (fresh[i : i + CHUNK] for i in range(0, len(fresh), CHUNK)):
            mine, away = _scores(self.geometry, query, self.entity[part])
            share = weight * (0.5 + 0.5 * np.tanh((mine - base[:, None]) / 2))
            if self.geometry.distance:
                push = -self.geometry.sharpness * share / away
                gradient[part] += self.entity[part] * push.sum(axis=0)[:, None] - push.T @ query
            else:
                gradient[part] += share.T @ query

    def _gradients(self, side: int, known: Indices, true: Indices, position: int) -> tuple[Real, Real]:
        """Gradients of the loss by the queries and by the true entities: two arrays of shape (n, width)."""
        wrong = self._draw(position, side)
        query = self._query(side, known, position)
        same = wrong == true[:, None]
        return softmax_gradients(self.geometry, query, self.entity[true], self.entity[wrong], same)

    def _query(self, side: int, known: Indices, position: int) -> Real:
        vectors = _complex(self.entity[known], self.dtype)
        return real_rows(np.asarray(self.geometry.query(side, vectors, self.relation[position]), dtype=self.dtype))

    def _draw(self, position: int, side: int) -> Indices:
        """Negatives, most of them of the relation's type: shape (NEGATIVES,)."""
        low, high = self.graph.ranges[position, side]
        typed = self.random.integers(low, high, round(TYPED * NEGATIVES))
        return np.concatenate([typed, self.random.integers(0, len(self.entity), NEGATIVES - len(typed))])


def softmax_gradients(
    geometry: Geometry, query: Real, true: Real, wrong: Real, same: NDArray[np.bool_]
) -> tuple[Real, Real]:
    """Gradients of log(1 + Σ exp(s⁻ − s⁺)) by the queries and by the true entities.

    :param query: shape (n, width), float32, as ``true``; ``wrong`` has shape (negatives, width).
    :param same: shape (n, negatives): negatives that are the true entity and do not count.
    """
    (scores, away), right = _scores(geometry, query, wrong), _scores_of(geometry, query, true)
    scores[same] = IMPOSSIBLE
    highest = np.maximum(scores.max(axis=1), right)
    odds = np.exp(scores - highest[:, None])
    total = odds.sum(axis=1) + np.exp(right - highest)
    share = odds / total[:, None]
    missed = share.sum(axis=1)
    if not geometry.distance:
        return share @ wrong - missed[:, None] * true, -missed[:, None] * query
    push = -geometry.sharpness * share / away
    pull = (-(geometry.sharpness**2) * missed / right)[:, None] * (query - true)
    return query * push.sum(axis=1)[:, None] - push @ wrong + pull, -pull


def _scores(geometry: Geometry, query: Real, candidates: Real) -> tuple[Real, Real]:
    """Sharpened scores, and the distances or products behind them: two arrays of shape (n, candidates)."""
    products = query @ candidates.T
    if not geometry.distance:
        return products, products
    squares = np.square(query).sum(axis=1)[:, None] + np.square(candidates).sum(axis=1)
    away = np.sqrt(np.maximum(squares - 2 * products, TINY))
    return -np.float32(geometry.sharpness) * away, away


def _scores_of(geometry: Geometry, query: Real, true: Real) -> Real:
    """Sharpened scores of one entity per query: shape (n,)."""
    if not geometry.distance:
        return np.asarray((query * true).sum(axis=1))
    return np.asarray(-np.float32(geometry.sharpness) * np.sqrt(np.maximum(np.square(query - true).sum(axis=1), TINY)))


def _complex(rows: Real, dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(rows).view(dtype)


def _old_rows(old: Vocabulary, new: Vocabulary) -> Indices:
    """For each entity of the new vocabulary its global index in the old one, −1 where it is new."""
    rows = np.full(new.size, -1, dtype=np.int64)
    for name in new.types:
        if name in old.types:
            before = {text: old.start(name) + idx for idx, text in enumerate(old.ids(name))}
            found = [before.get(text, -1) for text in new.ids(name)]
            rows[new.start(name) : new.start(name) + new.count(name)] = found
    return rows
