"""Partner kernel: what people of other companies used together, of whom only sums are known."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import PARTNERS, Snapshot, part_of
from recommender.kernels.kernel import CountedKernel, Idxs
from recommender.linalg.sparse_matrix import damping, times_columns, times_rows, top_per_row

START, END = 0.5, 0.2


class PartnerKernel(CountedKernel):
    """From an item to what the people of partners used with it::

        K = D_a^-½ C D_i^-0.2

    C: how many people of partners used both (:mod:`kg.snapshot.partner_sums`), at least k of each partner or nothing;
    D: how many of them used the item. What our own people did is in the other kernels, so that the share of this one is
    what the partners are worth.
    """

    name, symbol, text = "partner", "⋈", "partner"

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Where partners told of any such pair."""
        return bool(snapshot.manifest.partners) and snapshot.shared_at_partners(anchor_type, item_type).nnz > 0

    @property
    def reads(self) -> tuple[str, ...]:
        """What the partners sent."""
        return (part_of(PARTNERS, "sums"),)

    def matrix(self) -> csr_array:
        """K, see :class:`PartnerKernel`."""
        used = self.inputs.snapshot.used_at_partners
        before, after = (used(end).astype(np.float64) for end in (self.anchor_type, self.item_type))
        counts = self.inputs.snapshot.shared_at_partners(self.anchor_type, self.item_type)
        damped = times_columns(times_rows(counts, damping(before, START)), damping(after, END))
        damped = damped.copy()  # its indices are cut
        damped.eliminate_zeros()
        return top_per_row(damped, self.inputs.top)

    def people(self, anchors: Idxs, item: int) -> NDArray[np.int64]:
        """At least how many people of partners used each anchor and the item: shape (anchors,)."""
        return entries(self.inputs.snapshot.shared_at_partners(self.item_type, self.anchor_type), item, anchors)


def entries(matrix: csr_array, row: int, columns: Idxs) -> NDArray[np.int64]:
    """Entries of one row of a matrix with sorted indices, 0 where there is none: shape (columns,)."""
    start, end = matrix.indptr[row], matrix.indptr[row + 1]
    there, values = matrix.indices[start:end], matrix.data[start:end]
    found = np.zeros(len(columns), dtype=np.int64)
    if len(there):
        position = np.minimum(np.searchsorted(there, columns), len(there) - 1)
        hits = there[position] == columns
        found[hits] = values[position[hits]]
    return found
