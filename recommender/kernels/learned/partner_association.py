"""Partner association: the regression of every item on those near it, from our own people and the sums of partners."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import block_array, csr_array, diags_array, hstack, triu

from kg.snapshot.snapshot import PARTNERS, Snapshot, part_of
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.kernel import Idxs
from recommender.kernels.learned.association import Association, AssociationConfig, attribute_steps_of
from recommender.kernels.learned.partner import PartnerKernel, entries

ATTRIBUTES = 8.0
"""What attributes count where nobody has learned it: few people say less than what things have in common."""


class PartnerAssociation(Association):
    """The association (:class:`recommender.kernels.learned.association.Association`) with a Gram matrix that is a sum
    over the people of all companies::

        G = F Fᵀ + C + D,   D_ii = max(n_i, Σ_j C_ij)

    F: features of our own people and of attributes; C: how many people of partners used two items both
    (:mod:`kg.snapshot.partner_sums`); n: how many of them used each. Σ_j stands in D since C lacks what few people did
    and is rounded down, so that with n alone G might not be positive definite. Configured like the association where
    that was learned, else attributes count ``ATTRIBUTES``.
    """

    name, symbol, text = "partner_association", "≊", "goes_with_partners"

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Where partners told how many people used items of both types."""
        return PartnerKernel.exists(snapshot, anchor_type, item_type)

    @property
    def reads(self) -> tuple[str, ...]:
        """What the association reads, and what the partners sent."""
        return (*super().reads, part_of(PARTNERS, "sums"))

    @property
    def beside(self) -> tuple[str, ...]:
        """Nothing: what partners no longer tell, or another one tells, must not count in what was once learned."""
        return ()

    def people(self, anchors: Idxs, item: int) -> NDArray[np.int64] | None:
        """How many of our own people used each anchor and the item, or at least how many of the partners', whichever
        are more: shape (anchors,)."""
        own = super().people(anchors, item)
        theirs = entries(self.inputs.snapshot.shared_at_partners(self.item_type, self.anchor_type), item, anchors)
        return theirs if own is None else np.maximum(own, theirs)

    def _solved(self) -> csr_array:
        return self.inputs.once(self.name, self._regressed)

    def _features(self) -> csr_array:
        found = csr_array(
            hstack(
                [super()._features(), partner_features(self.inputs.snapshot, self._interactions().catalogue)],
                format="csr",
            )
        )
        found.sort_indices()
        return found

    @property
    def _config(self) -> AssociationConfig:
        config = self.inputs.config(Association.name, AssociationConfig)
        if config.weights:
            return config
        return config.model_copy(
            update={"weights": dict.fromkeys(attribute_steps_of(self.inputs.snapshot), ATTRIBUTES)}
        )


def partner_features(snapshot: Snapshot, catalogue: Catalogue) -> csr_array:
    """Features whose Gram matrix is C + D, see :class:`PartnerAssociation`: shape (items of the catalogue, pairs that
    partners told and items).

    One for each pair, with which both of its items have √C_ij, and one for each item.
    """
    blocks = [[snapshot.shared_at_partners(one, other) for other in catalogue.types] for one in catalogue.types]
    shared = csr_array(block_array(blocks, format="csr")).astype(np.float64)
    used = np.concatenate([snapshot.used_at_partners(one) for one in catalogue.types]).astype(np.float64)
    rest = np.maximum(used - np.asarray(shared.sum(axis=1)).ravel(), 0.0)
    pairs = triu(shared, k=1, format="coo")
    column = np.arange(pairs.nnz)
    ends = (np.concatenate(pairs.coords), np.concatenate([column, column]))
    of_pairs = csr_array((np.sqrt(np.tile(pairs.data, 2)), ends), shape=(catalogue.size, pairs.nnz))
    found = csr_array(hstack([of_pairs, diags_array(np.sqrt(rest), format="csr")], format="csr"))
    found.eliminate_zeros()
    return found
