"""A changed item: what everybody of a crowd would score an item that is there, had it other attributes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from recommender.catalogue.attributes import attribute_steps
from recommender.counterfactual.item_changes import only_one
from recommender.kernels.item_column import ItemColumn
from recommender.marketing.crowd import Crowd, Mask
from recommender.profiles.profile import Anchors
from recommender.scoring.scorer import Scorer

TRIED = 24
"""Attributes of one step that are tried, those that say most to the people who could get the item."""
AT_ONCE = 32
"""Changes that are scored together, which bounds the memory."""
Values = NDArray[np.float64]
Link = tuple[str, int]
"""Step from the item, and index of the attribute."""
Links = Mapping[str, Mapping[int, float]]
"""Step from the item → attribute → weight."""


@dataclass(frozen=True)
class Change:
    """Links that an item is to have, and not to have."""

    add: tuple[Link, ...] = ()
    remove: tuple[Link, ...] = ()

    @property
    def size(self) -> int:
        """How many things change; one attribute in the place of another is one."""
        return max(len(self.add), len(self.remove))

    def __add__(self, other: "Change") -> "Change":
        return Change((*self.add, *other.add), (*self.remove, *other.remove))


class ChangedItem:
    """The scores of one item for everybody of a crowd, as a function of its links to attributes.

    Kernels whose entries follow from them are counted anew by their formula
    (:meth:`recommender.kernels.kernel.Kernel.column`), a new link weighing 1. What was learned from people, the
    embedding, popularity and all other items stay as they are.
    """

    def __init__(self, crowd: Crowd, position: int) -> None:
        self.crowd, self.position, self.snapshot = crowd, position, crowd.snapshot
        self.item_type, self.item = crowd.recommender.catalogue.item(position)
        self.steps = attribute_steps(self.snapshot.schema, self.item_type)
        self.own = {step: self._linked(step) for step in self.steps}
        self._columns: dict[str, tuple[NDArray[np.int32], ItemColumn | None]] = {}

    @cached_property
    def now(self) -> Values:
        """What everybody scores the item as it is, soft rules included: shape (people,)."""
        found = np.zeros(len(self.crowd.sample))
        for scorer, rows in self.crowd.groups():
            anchors = {start: self.crowd.anchors(start)[rows] for start in scorer.starts if self._of_crowd(start)}
            found[rows] = self._paths(scorer, rows) + scorer.popularity[self.position]
            if scorer.embeds:
                found[rows] += scorer.embedding_weight[self.position] * self._nearness(scorer, anchors, len(rows))
        return self._ruled(found)

    def after(self, changes: Sequence[Change]) -> Values:
        """The same after each of some changes: shape (people, changes)."""
        found = np.zeros((len(self.crowd.sample), len(changes)))
        for start in range(0, len(changes), AT_ONCE):
            links = [self._links(one) for one in changes[start : start + AT_ONCE]]
            for scorer, rows in self.crowd.groups():
                found[rows, start : start + len(links)] = self._gains(scorer, rows, links)
        return self.now[:, None] + self._factor * found

    def singles(self, could: Mask, base: Change) -> list[Change]:
        """Changes of one thing on top of another: the attributes that would say most to those who could get it, each
        in the place of the one that it has where nothing has two, and each that it has taken away."""
        links, found = self._links(base), list[Change]()
        promises = self._promises(could)
        for step in self.steps:
            single = only_one(self.snapshot, step)
            taken = {one for name, one in (*base.add, *base.remove) if name == step}
            order = np.argsort(-promises[step], kind="stable")[: TRIED + len(links[step]) + len(taken)]
            new = [one for one in order.tolist() if promises[step][one] > 0 and one not in links[step]]
            instead = tuple((step, one) for one in links[step]) if single else ()
            if not (single and taken):
                found += [base + Change(((step, one),), instead) for one in new[:TRIED] if one not in taken]
            found += [base + Change(remove=((step, one),)) for one in self.own[step] if one not in taken]
        return found

    def _linked(self, step: str) -> dict[int, float]:
        tails, weights = self.snapshot.neighbours(step, self.item)
        return dict(zip(tails.tolist(), weights.tolist(), strict=True))

    def _links(self, change: Change) -> dict[str, dict[int, float]]:
        links = {step: dict(own) for step, own in self.own.items()}
        for step, one in change.remove:
            links[step].pop(one, None)
        for step, one in change.add:
            links[step].setdefault(one, 1.0)
        return links

    def _promises(self, could: Mask) -> dict[str, Values]:
        """Step → what a link to each attribute would add to all scores of those who could get it, damping aside."""
        ends = self.snapshot.schema.ends
        found = {step: np.zeros(self.snapshot.vocabulary.count(ends(step)[1])) for step in self.steps}
        for scorer, rows in self.crowd.groups():
            for path, anchors, column in self._parts(scorer):
                mine = csr_array(self.crowd.anchors(path)[rows[could[rows]]])
                weights = np.asarray(mine.sum(axis=0)).ravel()[anchors]
                for step in column[1].ways:
                    found[step] += column[0] * (column[1].added[step].T @ weights)
        return found

    def _gains(self, scorer: Scorer, rows: NDArray[np.int64], changes: Sequence[Links]) -> Values:
        """How much higher some people score the item: shape (rows, changes)."""
        found = np.zeros((len(rows), len(changes)))
        for start, anchors, (weight, column) in self._parts(scorer):
            entries = self._entries(column, [self.own, *changes])
            mine = csr_array(self.crowd.anchors(start)[rows][:, anchors])
            found += weight * (mine @ (entries[:, 1:] - entries[:, :1]))
        return found

    def _parts(self, scorer: Scorer) -> list[tuple[str, NDArray[np.int32], tuple[float, ItemColumn]]]:
        """Of each kernel that follows from the links: its start, the anchors that anybody has, weight and column."""
        found = []
        for path in scorer.weighed:
            if path.item_type(self.snapshot.schema) == self.item_type and self._of_crowd(path.start):
                if str(path) not in self._columns:
                    anchors = np.unique(self.crowd.anchors(path.start).indices).astype(np.int32)
                    column = scorer.kernels.column(path.tail, anchors, self.item, self.steps)
                    self._columns[str(path)] = anchors, column
                anchors, column = self._columns[str(path)]
                if column is not None:
                    found.append((path.start, anchors, (scorer.blend.weight(path), column)))
        return found

    def _entries(self, column: ItemColumn, changes: Sequence[Links]) -> Values:
        """The entries of a column for several sets of links: shape (anchors, changes)."""
        power = min(column.degree.power, 1)  # a union counts links, whatever they weigh
        sums, totals = np.repeat(column.fixed[:, None], len(changes), axis=1), np.zeros(len(changes))
        for step, ways in column.ways.items():
            own = self.own[step].keys()
            old = [{one: some[step][one] for one in some[step].keys() & own} for some in changes]
            new = [{one: some[step][one] for one in some[step].keys() - own} for some in changes]
            for matrix, chosen in ((ways, old), (column.added[step], new)):
                sums += (matrix @ _sparse(chosen, matrix.shape[1], power)).toarray()
            totals += [sum(column.degree.size(step, weight) for weight in some[step].values()) for some in changes]
        entries = sums * column.degree.damping(totals)
        return np.where(entries >= column.least[:, None], entries, 0.0)

    def _paths(self, scorer: Scorer, rows: NDArray[np.int64]) -> Values:
        """What paths give the item now."""
        found = np.zeros(len(rows))
        for merged in scorer.merged:
            part = self.crowd.recommender.catalogue.slices[merged.item_type]
            if self._of_crowd(merged.start) and part.start <= self.position < part.stop:
                column = merged.matrix[:, [self.position - int(part.start)]]
                found += np.asarray((self.crowd.anchors(merged.start)[rows] @ column).toarray()).ravel()
        return found

    def _nearness(self, scorer: Scorer, anchors: Mapping[str, csr_array], people: int) -> Values:
        """Σ_a x̃[a] · cos(a, i) of each person."""
        sums, total = np.zeros(people), np.zeros(people)
        for start, mine in anchors.items():
            everything = np.arange(mine.shape[1], dtype=np.int32)
            cosines = scorer.cosines(start, Anchors(everything, np.ones(mine.shape[1])), self.position)
            sums += mine @ cosines
            total += np.asarray(abs(mine).sum(axis=1)).ravel()
        return np.divide(sums, total, out=np.zeros(people), where=total > 0)

    def _of_crowd(self, start: str) -> bool:
        return self.snapshot.schema.ends(start)[0] == self.crowd.user_type

    @cached_property
    def _factor(self) -> float:
        """By what the rules of the shop multiply its score, where that is above 0."""
        factors = self.crowd.rules.soft.factors
        return 1.0 + sum(one.signed for one in factors if one.items[self.position])

    def _ruled(self, scores: Values) -> Values:
        return np.asarray(scores + np.abs(scores) * (self._factor - 1.0))


def _sparse(links: Sequence[Mapping[int, float]], size: int, power: int) -> csc_array:
    """Links as columns: shape (attributes, changes)."""
    rows = [one for some in links for one in some]
    columns = np.repeat(np.arange(len(links)), [len(some) for some in links])
    weights = [weight**power for some in links for weight in some.values()]
    return csc_array((weights, (rows, columns)), shape=(size, len(links)))
