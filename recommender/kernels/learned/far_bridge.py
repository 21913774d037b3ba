"""Far bridge: items that have no link to an anchor themselves, but whose people also use what has one."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from recommender.catalogue.likely_attributes import linked_attributes
from recommender.kernels.kernel import Idxs, entries_by_item
from recommender.kernels.learned.bridge import MIDDLE, BridgeKernel, over_most
from recommender.linalg.largest_shared import largest_per_row, largest_shared, row_of
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import damping


class FarBridge(BridgeKernel):
    """From an item over what both domains share to items of the other domain whose people also use what has the same
    there::

        K = A · D_t^-¼ · S_iᵀ

    A: links of the anchors; S: what the people of an item also use, 1 − 1 / L, as far as it is sure, as of
    :class:`BridgeKernel`; D_t: how many items S_i gives the attribute. Few items of a catalogue may be about what
    another is about; these lead on to what is used together with them. From what is only inferred of an anchor no such
    way leads on: two guesses in a row are none.
    """

    name, symbol, text = "far_bridge", "⇠", "far_bridge"

    def matrix(self) -> csr_array:
        """K, summed over what both share, pruned."""
        snapshot, found = self.inputs.snapshot, list[csr_array]()
        shape = (snapshot.vocabulary.count(self.anchor_type), snapshot.vocabulary.count(self.item_type))
        for there, back in self.shared:
            right = self._inferred(back).strength
            spread = np.bincount(right.indices, minlength=right.shape[1]).astype(np.float64)
            if right.nnz:
                left = csr_array(self._links(there) @ diags_array(damping(spread, MIDDLE)))
                left.eliminate_zeros()
                found.append(kernel_product([(left,), (csr_array(right.T),)], self.inputs.top, closed=False))
        return csr_array(sum(found, csr_array(shape)))

    def people(self, anchors: Idxs, item: int) -> NDArray[np.int64]:
        """How many people used the item and what has an attribute of the anchor: of the attribute with the most."""
        counts = np.zeros(len(anchors), dtype=np.int64)
        for there, back in self.shared:
            found, links = self._inferred(back), self._links(there)
            people, behind = np.zeros(links.shape[1]), np.zeros(links.shape[1])
            used, many = row_of(found.people, item)
            people[used] = many
            sure, _ = row_of(found.strength, item)
            behind[sure] = people[sure]
            counts = np.maximum(counts, largest_per_row(links, anchors, behind).astype(np.int64))
        return counts

    def people_behind(self, kernel: csr_array, rows: Idxs) -> NDArray[np.int64]:
        """The same of all entries of some rows, item by item."""
        by_item, found = entries_by_item(kernel), np.zeros(kernel.nnz)
        for there, back in self.shared:
            found = np.maximum(found, largest_shared(self._behind(back), csr_array(self._links(there)[rows]), by_item))
        counts = np.zeros(kernel.nnz, dtype=np.int64)
        counts[by_item.data] = found
        return counts

    def _behind(self, step: str) -> csr_array:
        """How many people are behind what is sure of the items."""
        inferred = self._inferred(step)
        return self.inputs.once(
            f"{self.name}.behind.{step}", lambda: csr_array(inferred.people.multiply(inferred.strength.sign()))
        )

    def about(self, anchor: int, item: int) -> tuple[str, int] | None:
        """The attribute over which most of an entry runs, widespread ones alike."""
        snapshot = self.inputs.snapshot
        return over_most(
            (
                row_of(self._links(there), anchor),
                row_of(self._inferred(back).strength, item),
                snapshot.schema.ends(there)[1],
            )
            for there, back in self.shared
        )

    def make_stored(self) -> None:
        """Make the links of the anchors, and what is inferred of the items."""
        for there, back in self.shared:
            self._links(there), self._inferred(back)

    def _links(self, step: str) -> csr_array:
        snapshot = self.inputs.snapshot
        return self.inputs.stored(
            f"linked.{step}",
            lambda: (*snapshot.schema.interactions, step),
            lambda: [[linked_attributes(snapshot, step)]],
            1,
        )[0]
