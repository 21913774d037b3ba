"""A virtual item: what people would score an item that is not there, by its links alone."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.attributes import attribute_steps
from recommender.kernels.item_column import ItemColumn
from recommender.marketing.crowd import Crowd
from recommender.scoring.scorer import Scorer

Values = NDArray[np.float64]
Links = Mapping[str, Mapping[int, float]]
"""Step from the item → attribute → weight."""


class VirtualItems:
    """Items of one type as functions of their links, for everybody of a crowd.

    Kernels whose entries follow from the links of an item are counted by their formula
    (:meth:`recommender.kernels.kernel.Kernel.column`); a new item has no interactions, so nothing else speaks for it.

    :param template: index of any item of the type, whose columns are asked for.
    """

    def __init__(self, crowd: Crowd, item_type: str, template: int) -> None:
        self.crowd, self.item_type, self.template = crowd, item_type, template
        self.steps = attribute_steps(crowd.snapshot.schema, item_type)
        self._columns: dict[str, ItemColumn | None] = {}

    def scores(self, links: Links) -> Values:
        """What each person of the sample would score a new item with these links: shape (people,)."""
        found = np.zeros(len(self.crowd.sample))
        for scorer, rows in self.crowd.groups():
            found[rows] = self._of_group(scorer, rows, links)
        return found

    def _of_group(self, scorer: Scorer, rows: NDArray[np.int64], links: Links) -> Values:
        schema, total = self.crowd.snapshot.schema, np.zeros(len(rows))
        for path in scorer.weighed:
            fits = path.item_type(schema) == self.item_type and schema.ends(path.start)[0] == self.crowd.user_type
            column = self._column(scorer, str(path), path.start, path.tail) if fits else None
            if column is not None:
                entries = _entries(column, links)
                total += scorer.blend.weight(path) * (self.crowd.anchors(path.start)[rows] @ entries)
        return total

    def _column(self, scorer: Scorer, name: str, start: str, tail: tuple[str, ...]) -> ItemColumn | None:
        if name not in self._columns:
            count = self.crowd.snapshot.vocabulary.count(self.crowd.snapshot.schema.ends(start)[1])
            anchors = np.arange(count, dtype=np.int32)
            self._columns[name] = scorer.kernels.column(tail, anchors, self.template, self.steps)
        return self._columns[name]


def _entries(column: ItemColumn, links: Links) -> Values:
    """The entries of all anchors for a new item with some links: shape (anchors,)."""
    sums, total = np.zeros(len(column.least)), 0.0
    for step in column.ways:
        for idx, weight in links.get(step, {}).items():
            sums += weight ** min(column.degree.power, 1) * column.added[step][:, [idx]].toarray().ravel()
            total += column.degree.size(step, weight)
    entries = sums * column.degree.damping(np.array([total]))[0]
    return np.where(entries >= column.least, entries, 0.0)
