"""The four models whose scores are one matrix product: what is looked for, and how closeness is measured.

The formulas use nothing but arithmetic and ``conj``, so that numpy arrays and torch tensors both fit. For a known
entity and a relation they give a *query*; a missing entity's score is the dot product with the query (DistMult,
ComplEx) or minus the Euclidean distance to it (TransE, RotatE):

=========  ===========================  ===========  ============
model      score of (h, r, t)           tail query   head query
=========  ===========================  ===========  ============
TransE     −‖h + r − t‖                 h + r        t − r
RotatE     −‖h ∘ r − t‖, \\|r_i\\| = 1    h ∘ r        t ∘ r̄
DistMult   Σ h ∘ r ∘ t                  h ∘ r        t ∘ r
ComplEx    Re Σ h ∘ r ∘ t̄               h ∘ r        t ∘ r̄
=========  ===========================  ===========  ============
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Formula = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Geometry:
    """How one model scores.

    :param tail_query: of heads and relations, both of shape (…, d), real or complex.
    :param head_query: of tails and relations.
    :param distance: whether scores are distances.
    :param complex: whether vectors are complex.
    :param sharpness: what scores are multiplied by before the softmax of training; distances differ by little,
        those of TransE, whose entities have length 1, least.
    :param additive: whether relations are added, not multiplied.
    """

    tail_query: Formula
    head_query: Formula
    distance: bool
    complex: bool
    sharpness: float
    additive: bool = False

    def query(self, side: int, known: Any, relation: Any) -> Any:
        """The query for a missing side, 0 the head or 1 the tail."""
        return self.tail_query(known, relation) if side else self.head_query(known, relation)

    def pulled_back(self, side: int, gradient: Any, relation: Any) -> Any:
        """From the gradient of a query to that of the known entity, both with complex numbers as pairs (∂re, ∂im)."""
        if self.additive:
            return gradient
        return gradient * relation.conj() if side else gradient * relation

    def relation_gradient(self, side: int, gradient: Any, known: Any) -> Any:
        """From the gradient of a query to that of the relation."""
        if self.additive:
            return gradient if side else -gradient
        return gradient * known.conj() if side else gradient.conj() * known


def _times_conjugate(known: Any, relation: Any) -> Any:
    return known * relation.conj()


GEOMETRIES = {
    "TransE": Geometry(
        lambda h, r: h + r, lambda t, r: t - r, distance=True, complex=False, sharpness=8, additive=True
    ),
    "RotatE": Geometry(lambda h, r: h * r, _times_conjugate, distance=True, complex=True, sharpness=2),
    "DistMult": Geometry(lambda h, r: h * r, lambda t, r: t * r, distance=False, complex=False, sharpness=1),
    "ComplEx": Geometry(lambda h, r: h * r, _times_conjugate, distance=False, complex=True, sharpness=1),
}
