"""Anchor changes: which anchors, had or not had, would bring an item up, estimated for all of them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.step import AGAIN
from recommender.profiles.profile import Profile
from recommender.scoring.merged_kernel import MergedKernel
from recommender.scoring.scorer import Scorer

MOST = 300
"""Anchors of one step that are looked at, those that say most about the item."""

Values = NDArray[np.float64]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Weighted:
    """Anchors of one step to add, or to take away, each by itself: ``idx`` and their ``weight`` have shape (n,)."""

    step: str
    idx: NDArray[np.int64]
    weight: Values
    added: bool

    @property
    def sign(self) -> float:
        """1 for anchors that are added, −1 for those taken away."""
        return 1.0 if self.added else -1.0


class Cosines:
    """Cosines of entities with items, from vectors of length 1 that are made once."""

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer
        self._units: dict[str, NDArray[np.float32]] = {}

    def block(self, entity_type: str, idx: NDArray[np.integer] | slice, positions: Positions) -> Values:
        """Shape (entities, positions), float64."""
        items = [self._unit(name)[one] for name, one in (self.scorer.catalogue.item(int(p)) for p in positions)]
        return np.asarray(self._unit(entity_type)[idx].astype(np.float64) @ np.array(items, dtype=np.float64).T)

    def _unit(self, entity_type: str) -> NDArray[np.float32]:
        assert self.scorer.vectors is not None
        if entity_type not in self._units:
            self._units[entity_type] = self.scorer.vectors.unit(entity_type)
        return self._units[entity_type]


class AnchorChanges:
    """What one more or one fewer anchor does to the score of an item and of its rivals.

    Paths give ``x · M`` per step, x = w / ‖w‖, M the merged kernel. With w' = w ± δ e_b they give
    ``(‖w‖ x · M ± δ M[b]) / ‖w'‖``, and the embedding likewise: exact for the items looked at, which need not be the
    best ones afterwards.

    What changes is estimated, as it is scored, by what at least k people are behind (:attr:`Scorer.anonymous`).

    :param cosines: of the scorer of anchors that are only told.
    :param scores: of the profile, shape (catalogue.size,).
    :param lengths: step → ‖w‖ of the profile's anchors before they got length 1.
    :param rivals: positions of the items ahead, at least ``n`` where there are as many.
    """

    def __init__(
        self,
        cosines: Cosines,
        profile: Profile,
        lengths: dict[str, float],
        scores: Values,
        position: int,
        rivals: Positions,
    ) -> None:
        self.cosines, self.scorer, self.profile, self.lengths = cosines, cosines.scorer, profile, lengths
        self.item_type, self.item = self.scorer.catalogue.item(position)
        self.columns = np.append(rivals, position)
        self._paths = {step: self._now(step) for step in profile.anchors}
        self._base = scores[self.columns]

    def leading(self, step: str) -> tuple[NDArray[np.int64], Values]:
        """The anchors of a step from which most paths lead to the item, and the entry of each: shapes (≤ ``MOST``,)."""
        for merged in self._kernels(step):
            if merged.item_type == self.item_type:
                position = np.flatnonzero(merged.matrix.indices == self.item)
                position = position[_largest(merged.matrix.data[position], MOST)]
                rows = merged.matrix.indptr.searchsorted(position, side="right") - 1
                return rows.astype(np.int64), np.asarray(merged.matrix.data[position])
        return np.empty(0, dtype=np.int64), np.empty(0)

    def promising(self, step: str) -> NDArray[np.int64]:
        """The anchors of a step that say most for the item: shape (≤ ``2 MOST``,), sorted, unique."""
        found = self.leading(step)[0]
        if self.scorer.embeds and step in self.scorer.starts:
            tail = self.scorer.snapshot.schema.ends(step)[1]
            near = _largest(self.cosines.block(tail, slice(None), self.columns[-1:])[:, 0], MOST)
            found = np.concatenate([found, near])
        return np.unique(found)

    def margins(self, changes: Weighted, n: int) -> Values:
        """How far the item would be above the n-th best of its rivals, for each change: shape (changes,)."""
        rows, sign = self._rows(changes), changes.sign
        length = self.lengths.get(changes.step, 0.0)
        longer = np.sqrt(np.maximum(length**2 + sign * changes.weight**2, 0.0))
        now = self._paths.get(changes.step, np.zeros(len(self.columns)))
        changed = _over(length * now + sign * changes.weight[:, None] * rows, longer)
        scores = self._base - now + changed - self._again(changes)
        if self.scorer.embeds and changes.step in self.scorer.starts:
            scores += self._embedding(changes, longer) - self._embedding(None, None)
        self._leave(scores, changes)
        rivals, own = scores[:, :-1], scores[:, -1]
        if rivals.shape[1] < n:
            return np.full(len(own), np.inf)
        nth = rivals.shape[1] - n
        return np.asarray(own - np.partition(rivals, nth, axis=1)[:, nth])

    def _leave(self, scores: Values, changes: Weighted) -> None:
        """An item that is added to a history is no rival any more."""
        tail, interactions = self.scorer.snapshot.schema.ends(changes.step)[1], self.scorer.snapshot.schema.interactions
        if changes.added and changes.step in interactions:
            used = changes.idx + self.scorer.catalogue.slices[tail].start
            gone = self.columns[None, :-1] == used[:, None]
            scores[:, :-1][gone] = -np.inf

    def _kernels(self, step: str) -> Iterator[MergedKernel]:
        return (merged for merged in self.scorer.merged if merged.start == step)

    def _now(self, step: str) -> Values:
        anchors, total = self.profile.anchors[step], np.zeros(len(self.columns))
        for merged, inside, columns in self._parts(step):
            total[inside] = anchors.weight @ _block(merged.matrix, anchors.idx, columns)
        return total

    def _again(self, changes: Weighted) -> Values:
        """What is lost besides, with anchors that are taken away: nobody does again what was not done."""
        step = f"{AGAIN}{changes.step}"
        if changes.added or step not in self.profile.anchors:
            return np.zeros((len(changes.idx), len(self.columns)))
        had = self.profile.anchors[step]
        weights = dict(zip(had.idx.tolist(), had.weight.tolist(), strict=True))
        again = np.array([weights.get(one, 0.0) for one in changes.idx.tolist()])
        return np.asarray(again[:, None] * self._rows(replace(changes, step=step)))

    def _rows(self, changes: Weighted) -> Values:
        rows = np.zeros((len(changes.idx), len(self.columns)))
        for merged, inside, columns in self._parts(changes.step):
            rows[:, inside] = _block(merged.matrix, changes.idx, columns)
        return rows

    def _parts(self, step: str) -> Iterator[tuple[MergedKernel, Positions, Positions]]:
        """The kernels of a step, which of the columns are theirs, and where in the kernel."""
        for merged in self._kernels(step):
            part = self.scorer.catalogue.slices[merged.item_type]
            inside = np.flatnonzero((self.columns >= part.start) & (self.columns < part.stop))
            yield merged, inside, self.columns[inside] - part.start

    def _embedding(self, changes: Weighted | None, longer: Values | None) -> Values:
        """Embedding shares at the columns, before or after each change: shape (columns,) or (changes, columns)."""
        steps = [step for step in self.profile.anchors if step in self.scorer.starts]
        if not self.scorer.embeds:
            return np.zeros(len(self.columns))
        sums, total = np.zeros(len(self.columns)), 0.0
        for step in steps:
            if changes is None or step != changes.step:
                sums += self._cosines(step)
                total += float(np.abs(self.profile.anchors[step].weight).sum())
        weight = self.scorer.embedding_weight[self.columns]
        if changes is None or longer is None:
            return np.asarray(weight * sums / total) if total > 0 else sums
        tail = self.scorer.snapshot.schema.ends(changes.step)[1]
        rows = changes.sign * changes.weight[:, None] * self.cosines.block(tail, changes.idx, self.columns)
        sizes = changes.sign * np.abs(changes.weight)
        if changes.step in steps:
            length = self.lengths[changes.step]
            rows += length * self._cosines(changes.step)
            sizes += length * np.abs(self.profile.anchors[changes.step].weight).sum()
        totals = total + _over(sizes[:, None], longer)[:, 0]
        return np.asarray(weight * _over(sums + _over(rows, longer), totals))

    def _cosines(self, step: str) -> Values:
        """``Σ_a x[a] · cos(a, i)`` of a step at the columns."""
        anchors, tail = self.profile.anchors[step], self.scorer.snapshot.schema.ends(step)[1]
        return np.asarray(anchors.weight @ self.cosines.block(tail, anchors.idx, self.columns))


def _over(rows: Values, lengths: Values) -> Values:
    """Each row divided by a length, 0 where that is 0 but for rounding."""
    return np.divide(rows, lengths[:, None], out=np.zeros_like(rows), where=lengths[:, None] > 1e-9)


def _block(matrix: csr_array, rows: Sequence[int] | NDArray[np.integer], columns: Positions) -> Values:
    """Some rows and columns of a sparse matrix, dense."""
    return np.asarray(matrix[rows][:, columns].toarray())


def _largest(values: Values, most: int) -> NDArray[np.int64]:
    """Places of the largest positive values."""
    position = np.flatnonzero(values > 0)
    if len(position) > most:
        position = position[np.argpartition(values[position], len(position) - most)[-most:]]
    return position
