"""Item changes: which attributes, had or not had by an item, would raise its score, counted for all of them at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, vstack

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_steps
from recommender.counterfactual.changes import Change
from recommender.kernels.item_column import ItemColumn
from recommender.profiles.anchors import Anchor
from recommender.profiles.profile import Profile
from recommender.scoring.scorer import Scorer

MOST = 300
"""Attributes of one step that are looked at, those that would say most for the item."""
FEW = 10
"""Items that show that an attribute is one of which nothing has two, such as a brand."""

Values = NDArray[np.float64]
Links = Mapping[int, float]
"""Index of an attribute → weight of the link to it."""


def only_one(snapshot: Snapshot, step: str) -> bool:
    """Whether no item has two of an attribute, as far as the graph knows: another one takes the place of the first."""
    counts = np.diff(snapshot.adjacency(step).indptr)
    return int(counts.max(initial=0)) == 1 and int(np.count_nonzero(counts)) >= FEW


@dataclass(frozen=True)
class _Part:
    """What some metapaths give the item: ``Σ_m Σ_a w_m x[a] K_m[a, i]``; ``weights``: w_m x[a], one below the other, as
    the rows of the column are."""

    weights: Values
    column: ItemColumn


class ItemChanges:
    """What other attributes of an item would do to its score, for one profile.

    Kernels whose entries follow from the links of the item (``Kernel.column``) are counted anew by their formula; new
    links weigh 1. The other learned kernels, the embedding and popularity stay as they are, and so do the other items:
    what they lose where one more item shares an attribute is left out.

    :param scorer: the scorer of the profile.
    """

    def __init__(self, scorer: Scorer, profile: Profile, position: int) -> None:
        self.scorer, self.profile, self.snapshot = scorer, profile, scorer.snapshot
        self.item_type, self.item = scorer.catalogue.item(position)
        self.steps = attribute_steps(self.snapshot.schema, self.item_type)
        self._own = {step: _linked(self.snapshot, step, self.item) for step in self.steps}
        self._parts = self._all_parts()
        self._known: dict[tuple[int, frozenset[Anchor]], float] = {}

    def gain(self, change: Change) -> float:
        """How much higher the item scores with its attributes changed."""
        links = self._links(change)
        return sum(self._share(number, links) - self._share(number, self._own) for number in range(len(self._parts)))

    def promising(self, change: Change, forbidden: Collection[tuple[str, int]]) -> list[tuple[float, Change]]:
        """Single changes of the item on top of another, and what each adds to its score; those that add nothing are
        left out.

        :param forbidden: type and index of what is not to be added.
        """
        found: list[tuple[float, Change]] = []
        links = self._links(change)
        for step in self.steps:
            singles = [
                *self._additions(step, links[step], change, forbidden),
                *self._removals(step, links[step], change),
            ]
            gains = np.zeros(len(singles))
            for number, part in enumerate(self._parts):
                if step in part.column.ways:
                    gains += self._shares(part, links, step, singles) - self._share(number, links)
            found += [(gain, one) for gain, one in zip(gains.tolist(), singles, strict=True) if gain > 0]
        return found

    def possible(self, change: Change) -> bool:
        """Whether the item has but one of each attribute that nothing has two of."""
        links, steps = self._links(change), {step for step, _ in change.item_add}
        return not any(len(links[step]) > 1 and only_one(self.snapshot, step) for step in steps)

    def _all_parts(self) -> list[_Part]:
        """The kernels whose entries for the item follow from its attributes; those by the same links as one."""
        by_links: dict[object, list[_Part]] = {}
        schema, weight = self.snapshot.schema, self.scorer.blend.weight
        for path in self.scorer.metapaths_of(self.profile):
            if path.item_type(schema) == self.item_type:
                anchors = self.profile.anchors[path.start]
                column = self.scorer.kernels.column(path.tail, anchors.idx, self.item, self.steps)
                if column is not None:
                    key = tuple(column.ways), column.degree
                    by_links.setdefault(key, []).append(_Part(anchors.weight * weight(path), column))
        return [_stacked(parts) for parts in by_links.values()]

    def _links(self, change: Change) -> dict[str, Links]:
        """The links of the item by each step, after a change."""
        links = {step: dict(own) for step, own in self._own.items()}
        for step, one in change.item_remove:
            links[step].pop(one, None)
        for step, one in change.item_add:
            links[step].setdefault(one, 1.0)
        return dict(links)

    def _additions(
        self, step: str, links: Links, change: Change, forbidden: Collection[tuple[str, int]]
    ) -> list[Change]:
        """Attributes that the item might have; where it can have but one, instead of the one it has."""
        tail = self.snapshot.schema.ends(step)[1]
        promise = np.zeros(self.snapshot.vocabulary.count(tail))
        for part in (part for part in self._parts if step in part.column.ways):
            promise += part.column.added[step].T @ part.weights
        gone = [one for name, one in change.item_remove if name == step]
        best = np.flatnonzero(promise > 0)
        best = best[np.argsort(-promise[best], kind="stable")][: MOST + len(links) + len(gone) + len(forbidden)]
        new = [one for one in best.tolist() if one not in links and one not in gone and (tail, one) not in forbidden]
        instead: tuple[Anchor, ...] = ()
        if links and only_one(self.snapshot, step):
            if any(name == step for name, _ in change.item_add):
                return []
            instead = tuple((step, one) for one in links)
        return [Change(item_add=((step, one),), item_remove=instead) for one in new[:MOST]]

    def _removals(self, step: str, links: Links, change: Change) -> list[Change]:
        """Attributes that the item might not have, but for those that were just added."""
        return [Change(item_remove=((step, one),)) for one in links if (step, one) not in change.item_add]

    def _share(self, number: int, links: Mapping[str, Links]) -> float:
        """What a part gives the item with some links."""
        key = number, frozenset((step, one) for step, some in links.items() for one in some)
        if key not in self._known:
            self._known[key] = float(self._shares(self._parts[number], links, self.steps[0], [Change()])[0])
        return self._known[key]

    def _shares(self, part: _Part, links: Mapping[str, Links], step: str, singles: Sequence[Change]) -> Values:
        """The same after each of several changes of one step: shape (changes,)."""
        column, total = part.column, 0.0
        sums = np.repeat(column.fixed[:, None], len(singles), axis=1)
        for name in column.ways:
            sums += self._sums(column, name, [links[name]])
            total += sum(column.degree.size(name, weight) for weight in links[name].values())
        totals = np.full(len(singles), total)
        if step in column.ways:
            more = [{one: 1.0 for _, one in single.item_add} for single in singles]
            less = [{one: links[step][one] for _, one in single.item_remove} for single in singles]
            for sign, sets in ((1.0, more), (-1.0, less)):
                sums += sign * self._sums(column, step, sets)
                totals += [sign * sum(column.degree.size(step, weight) for weight in one.values()) for one in sets]
        entries = sums * column.degree.damping(totals)
        return np.asarray(part.weights @ np.where(entries >= column.least[:, None], entries, 0.0))

    def _sums(self, column: ItemColumn, step: str, sets: Sequence[Links]) -> Values:
        """``Σ_v ways[a, v] · A[v, i]`` for several sets of links by a step: shape (anchors, sets)."""
        own = self._own[step]
        power = min(column.degree.power, 1)  # a union counts links, whatever they weigh
        old = [{one: weight**power for one, weight in some.items() if one in own} for some in sets]
        new = [{one: weight**power for one, weight in some.items() if one not in own} for some in sets]
        return _sums(column.ways[step], old) + _sums(column.added[step], new)


def _linked(snapshot: Snapshot, step: str, idx: int) -> Links:
    """The links of an entity by a step."""
    tails, weights = snapshot.neighbours(step, idx)
    return dict(zip(tails.tolist(), weights.tolist(), strict=True))


def _stacked(parts: Sequence[_Part]) -> _Part:
    """Several parts by the same links as one, one below the other; the item's degree is the same in all."""
    columns = [part.column for part in parts]
    column = ItemColumn(
        {step: csc_array(vstack([one.ways[step] for one in columns], format="csc")) for step in columns[0].ways},
        {step: csc_array(vstack([one.added[step] for one in columns], format="csc")) for step in columns[0].added},
        np.concatenate([one.fixed for one in columns]),
        np.concatenate([one.least for one in columns]),
        columns[0].degree,
    )
    return _Part(np.concatenate([part.weights for part in parts]), column)


def _sums(ways: csc_array, sets: Sequence[Links]) -> Values:
    """Sums of columns, each times the weight of a link: shape (anchors, sets)."""
    columns, position = np.unique([idx for one in sets for idx in one], return_inverse=True)
    if not len(columns):
        return np.zeros((ways.shape[0], len(sets)))
    which = np.repeat(np.arange(len(sets)), [len(one) for one in sets])
    weights = [weight for one in sets for weight in one.values()]
    links = csc_array((weights, (position, which)), shape=(len(columns), len(sets)))
    return np.asarray(ways[:, columns.astype(np.int64)].toarray() @ links)
