"""Bridge kernel: what the people of an item also use in its domain, and what of another has the same attributes."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attribute_lift import DOUBT, LEAST
from recommender.catalogue.inferred_attributes import Inferred, inferred_blocks, lifted, makers
from recommender.catalogue.likely_attributes import kinds, likely_attributes, linked_attributes, shared_steps
from recommender.kernels.kernel import CountedKernel, Idxs, relation_parts
from recommender.linalg.largest_shared import Row, largest_per_row, largest_shared, row_of
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import damping, times_rows

LIFT = 2.0
"""τ: how much more often than expected it has to be where partners tell sums only."""
MIDDLE, END = 0.25, 0.2
LIKES = 0.25
"""What counts that the kind of an item makes likely, beside what it has."""
Values = NDArray[np.float64]


class BridgeKernel(CountedKernel):
    """From an item to what another domain shares, by what the people who used it also use::

        K = (1 − 1/L)⁺ [O ≥ k] · D_t^-¼ · (A + R/4)ᵀ · D_i^-0.2

    L, O: how much more often than by chance the people of the anchor used another item with attribute t, and how many
    (:func:`recommender.catalogue.inferred_attributes.inferred`); A, R: what items have, and what their kind makes
    likely (:func:`recommender.catalogue.likely_attributes.likely_attributes`). Weaker than a link, and nothing where it
    is one; attributes that people do not come back to lead nowhere here either. An item speaks where it has a link or
    any attribute is sure; then all that its people lean to counts, by how much.
    """

    name, symbol, text = "bridge", "⇢", "bridge"

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Between domains that share attributes."""
        entity = snapshot.schema.entity
        return entity[anchor_type].domain != entity[item_type].domain and bool(
            shared_steps(snapshot.schema, anchor_type, item_type)
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """What people use, and the attributes that both types have."""
        schema = self.inputs.snapshot.schema
        shared = [step for pair in self.shared for step in pair]
        pairs = ((self.anchor_type, self.item_type), (self.item_type, self.anchor_type))
        steps = [one for pair in pairs for one in (*kinds(schema, *pair), *self._makers(pair[0]))]
        return relation_parts((*schema.interactions, *shared, *steps))

    @cached_property
    def shared(self) -> list[tuple[str, str]]:
        """Steps from both types to what both have."""
        return shared_steps(self.inputs.snapshot.schema, self.anchor_type, self.item_type)

    @property
    def decided_by(self) -> str:
        """How many people there have to be, and how surely more than by chance."""
        return f"{self.inputs.snapshot.k} {LEAST:g} {DOUBT:g} makers"

    def matrix(self) -> csr_array:
        """K, summed over what both share, pruned."""
        snapshot, found = self.inputs.snapshot, list[csr_array]()
        shape = (snapshot.vocabulary.count(self.anchor_type), snapshot.vocabulary.count(self.item_type))
        for there, back in self.shared:
            left = self._inferred(there).leaning
            if left.nnz:
                factors = [(left,), (csr_array(self._ahead(back).T),)]
                found.append(kernel_product(factors, self.inputs.top, closed=False))
        return csr_array(sum(found, csr_array(shape)))

    def people(self, anchors: Idxs, item: int) -> NDArray[np.int64]:
        """How many people used the anchor and what has an attribute of the item: of the attribute with the most."""
        counts = np.zeros(len(anchors), dtype=np.int64)
        for there, back in self.shared:
            about, people = self._about(back), self._inferred(there).people
            has = np.zeros(about.shape[1])
            has[row_of(about, item)[0]] = 1.0
            counts = np.maximum(counts, largest_per_row(people, anchors, has).astype(np.int64))
        return counts

    def may_count(self, used: Mapping[str, Collection[int]], item: int) -> bool:
        """Whoever used what has an attribute of the item."""
        neighbours, mine = self.inputs.snapshot.neighbours, used.get(self.anchor_type, ())
        return any(
            np.isin(neighbours(there, one)[0], row_of(self._about(back), item)[0]).any()
            for there, back in self.shared
            for one in mine
        )

    def people_behind(self, kernel: csr_array, rows: Idxs) -> NDArray[np.int64]:
        """The same of all entries of some rows, anchor by anchor."""
        found = np.zeros(kernel.nnz)
        for there, back in self.shared:
            people = csr_array(self._inferred(there).people[rows])
            found = np.maximum(found, largest_shared(people, self._about(back), kernel))
        return found.astype(np.int64)

    def about(self, anchor: int, item: int) -> tuple[str, int] | None:
        """The attribute over which most of an entry runs."""
        snapshot = self.inputs.snapshot
        return over_most(
            (
                row_of(self._inferred(there).leaning, anchor),
                row_of(self._ahead(back), item),
                snapshot.schema.ends(there)[1],
            )
            for there, back in self.shared
        )

    def make_stored(self) -> None:
        """Make what both directions of each step need."""
        for there, back in self.shared:
            self._inferred(there), self._about(back), self._ahead(back)

    def _ahead(self, step: str) -> csr_array:
        """From items to what leads to them: the other way round."""
        return self._stored(f"onward-{self.anchor_type}.{step}", step, lambda: _onward(self._about(step)))

    def _about(self, step: str) -> csr_array:
        """A + R/4 of a step from items."""
        snapshot, other = self.inputs.snapshot, self.anchor_type

        def _summed() -> csr_array:
            likely = likely_attributes(snapshot, step, other)
            return csr_array(linked_attributes(snapshot, step) + likely * LIKES)

        return self._stored(f"about-{other}.{step}", step, _summed)

    def _stored(self, name: str, step: str, make: Callable[[], csr_array]) -> csr_array:
        schema = self.inputs.snapshot.schema

        def _steps() -> tuple[str, ...]:
            return *schema.interactions, step, *kinds(schema, schema.ends(step)[0], self.anchor_type)

        return self.inputs.stored(name, _steps, lambda: [[make()]], 1)[0]

    def _makers(self, item_type: str) -> list[str]:
        """Looked up once: it reads all links of the items."""
        return self.inputs.once(f"makers.{item_type}", lambda: makers(self.inputs.snapshot, item_type))

    def _inferred(self, step: str) -> Inferred:
        snapshot = self.inputs.snapshot

        def _steps() -> tuple[str, ...]:
            return *snapshot.schema.interactions, step, *self._makers(snapshot.schema.ends(step)[0])

        return Inferred(*self.inputs.stored(f"inferred.{step}", _steps, lambda: inferred_blocks(snapshot, step), 3))


def strength(seen: Values, expected: Values) -> Values:
    """1 − 1 / L where L = (seen + κ) / (expected + κ) ≥ τ, else 0: the same shape, in [0, 1)."""
    found = lifted(seen, expected)
    return np.where(found >= 1 - 1 / LIFT, found, 0.0)


def _onward(about: csr_array) -> csr_array:
    """What leads from attributes to the items that are about them, D_i^-0.2 · (A + R/4) · D_t^-¼."""
    degrees, scale = (np.asarray(about.sum(axis=axis), dtype=np.float64).ravel() for axis in (0, 1))
    before = damping(np.maximum(degrees, 1.0) * (degrees > 0), MIDDLE)
    return times_rows(csr_array(about @ diags_array(before)), damping(scale, END))


def over_most(halves: Iterable[tuple[Row, Row, str]]) -> tuple[str, int] | None:
    """The entity, type and index, with the largest product; ``None`` where there is none.

    :param halves: what an anchor has, and what an item has, as rows of entities, and the type of these.
    """
    best, most = None, 0.0
    for (left, of_left), (right, of_right), entity_type in halves:
        both, first, second = np.intersect1d(left, right, assume_unique=True, return_indices=True)
        found = of_left[first] * of_right[second]
        if len(found) and found.max() > most:
            most, best = float(found.max()), (entity_type, int(both[np.argmax(found)]))
    return best
