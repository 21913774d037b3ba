"""Propagation: what the likes of an item are about is what it may be about, and leads into another domain."""

import numpy as np
from scipy.sparse import csr_array, diags_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_steps
from recommender.catalogue.likely_attributes import (
    LIKELY,
    SURE,
    further_steps,
    kinds,
    likely_attributes,
    linked_attributes,
    shared_steps,
)
from recommender.kernels.kernel import LearnedKernel, NamedAnchors, Phrases, relation_parts
from recommender.kernels.learned.bridge import END, MIDDLE, BridgeKernel
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import binary, damping, times_rows, top_per_row

LONGER = 0.25
"""What an attribute of an attribute counts."""


class Propagation(LearnedKernel):
    """From an item to those of another domain of whose kind some have what it has, or what its own kind has::

        K = [A_a  R_a  B_a/4] · D_t^-¼ · [A_i  R_i]ᵀ · D_i^-0.2   without A_a · A_iᵀ and B_a · A_iᵀ, which are paths

    A: links to attributes that both domains share; R: likely ones
    (:func:`recommender.catalogue.likely_attributes.likely_attributes`), of anchors only where it is sure; B: links of
    links. Few items of a catalogue name what they have to do with; their kinds tell it of the others, less surely.
    """

    name, symbol, text, from_people = "propagation", "⇝", "propagation", False

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Between domains that share attributes, where either has others too."""
        pairs = ((anchor_type, item_type), (item_type, anchor_type))
        known = any(kinds(snapshot.schema, *pair) for pair in pairs)
        return known and BridgeKernel.exists(snapshot, anchor_type, item_type)

    @property
    def reads(self) -> tuple[str, ...]:
        """The attributes of both types, and what people use: attributes that they do not come back to lead nowhere."""
        schema, ends = self.inputs.snapshot.schema, (self.anchor_type, self.item_type)
        steps = [step for one in ends for step in attribute_steps(schema, one)]
        for there, _ in shared_steps(schema, *ends):
            steps += [two for _, two in further_steps(schema, self.anchor_type, schema.ends(there)[1])]
        return relation_parts((*schema.interactions, *steps))

    def matrix(self) -> csr_array:
        """K, summed over what both share, pruned."""
        snapshot, ends = self.inputs.snapshot, (self.anchor_type, self.item_type)
        found = csr_array(tuple(snapshot.vocabulary.count(end) for end in ends))
        for there, back in shared_steps(snapshot.schema, *ends):
            links, likely = linked_attributes(snapshot, there), likely_attributes(snapshot, there, ends[1], SURE)
            own, likes = linked_attributes(snapshot, back), likely_attributes(snapshot, back, ends[0], LIKELY)
            both = csr_array(own + likes)
            degrees, scale = (np.asarray(both.sum(axis=axis), dtype=np.float64).ravel() for axis in (0, 1))
            middle = diags_array(damping(np.maximum(degrees, 1.0) * (degrees > 0), MIDDLE))
            for left, right in ((links, likes), (likely, both), (self._further(there), likes)):
                if left.nnz and right.nnz:
                    onward = csr_array(times_rows(right, damping(scale, END)).T)
                    factors = [(csr_array(left @ middle),), (onward,)]
                    found = csr_array(found + kernel_product(factors, self.inputs.top, closed=False))
        return top_per_row(found, self.inputs.top)

    def sentence(self, phrases: Phrases, named: NamedAnchors) -> str:
        """The first of the anchors."""
        return phrases.learned(self.text, NamedAnchors(named.step, named.anchors[:1]))

    def _further(self, step: str) -> csr_array:
        """B/4: what is linked to the attributes of an anchor, of the type that a step leads to."""
        snapshot, end = self.inputs.snapshot, self.inputs.snapshot.schema.ends(step)[1]
        found = csr_array(snapshot.adjacency(step).shape)
        for first, second in further_steps(snapshot.schema, self.anchor_type, end):
            found = csr_array(found + binary(snapshot.adjacency(first)) @ binary(snapshot.adjacency(second)))
        return csr_array(found.sign() * LONGER)
