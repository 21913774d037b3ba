"""Partner attribute kernel: from an item by what it has – a brand, an ingredient – to what a partner's people use."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from kg.snapshot.snapshot import PARTNERS, Snapshot, part_of
from recommender.catalogue.attributes import attribute_steps
from recommender.kernels.kernel import CountedKernel, Idxs, relation_parts
from recommender.kernels.learned.bridge import MIDDLE, strength
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import binary, damping, times_columns


class PartnerAttributes(CountedKernel):
    """Where companies have no item in common, but brands, ingredients, topics by the same ids::

        L[t, i] = (O + κ) / (E + κ),   O = people of partners who used i and something else with attribute t
        E = n_t n_i / N,   K = A · D_t^-¼ · (1 − 1/L) [L ≥ τ]

    κ, τ: those of bridges; A: 1 where the anchor has the attribute; n: how many people of the partners used it; N: all
    of theirs.
    """

    name, symbol, text = "partner_attributes", "⋉", "partner_attributes"

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Where partners told of what the anchors have."""
        return bool(snapshot.manifest.partners) and any(
            snapshot.shared_at_partners(snapshot.schema.ends(step)[1], item_type).nnz
            for step in attribute_steps(snapshot.schema, anchor_type)
        )

    @property
    def reads(self) -> tuple[str, ...]:
        """What the partners sent, and what the anchors have."""
        steps = attribute_steps(self.inputs.snapshot.schema, self.anchor_type)
        return (part_of(PARTNERS, "sums"), *relation_parts(steps))

    def matrix(self) -> csr_array:
        """K, see :class:`PartnerAttributes`."""
        snapshot, left, right = self.inputs.snapshot, list[csr_array](), list[csr_array]()
        for step in attribute_steps(snapshot.schema, self.anchor_type):
            links = binary(snapshot.adjacency(step))
            degrees = np.bincount(links.indices, minlength=links.shape[1]).astype(np.float64)
            left.append(times_columns(links, damping(degrees, MIDDLE)))
            right.append(self._strength(snapshot.schema.ends(step)[1]))
        factors = [(csr_array(hstack(left, format="csr")),), (csr_array(vstack(right, format="csr")),)]
        return kernel_product(factors, self.inputs.top, closed=self.anchor_type == self.item_type)

    def people(self, anchors: Idxs, item: int) -> NDArray[np.int64]:
        """At least how many people of partners used the item and something with an attribute of each anchor: of the
        attribute with the most, shape (anchors,)."""
        snapshot, counts = self.inputs.snapshot, np.zeros(len(anchors), dtype=np.int64)
        for step in attribute_steps(snapshot.schema, self.anchor_type):
            strong = csr_array(self._strength(snapshot.schema.ends(step)[1])[:, [item]]).toarray().ravel() > 0
            shared = snapshot.shared_at_partners(snapshot.schema.ends(step)[1], self.item_type)
            for number, anchor in enumerate(anchors.tolist()):
                attributes = snapshot.neighbours(step, anchor)[0]
                told = csr_array(shared[attributes[strong[attributes]]])[:, [item]]
                counts[number] = max(counts[number], int(told.max()) if told.nnz else 0)
        return counts

    def _strength(self, attribute: str) -> csr_array:
        return self.inputs.once(f"{self.name} {attribute} {self.item_type}", lambda: self._strengths(attribute))

    def _strengths(self, attribute: str) -> csr_array:
        """1 − 1/L between a type of attributes and the items, where they come together more than by chance."""
        snapshot = self.inputs.snapshot
        shared = snapshot.shared_at_partners(attribute, self.item_type)
        before, after = snapshot.used_at_partners(attribute), snapshot.used_at_partners(self.item_type)
        rows = np.repeat(np.arange(shared.shape[0]), np.diff(shared.indptr))
        expected = before[rows] * after[shared.indices] / max(snapshot.manifest.partners_people, 1)
        found = csr_array(
            (strength(shared.data, expected), shared.indices.copy(), shared.indptr.copy()), shape=shared.shape
        )
        found.eliminate_zeros()
        return found
