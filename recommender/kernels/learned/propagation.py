"""Propagation: what the likes of an item are about is what it may be about, and leads into another domain."""

from functools import partial

import numpy as np
from scipy.sparse import csr_array, diags_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_steps
from recommender.catalogue.likely_attributes import (
    BELIEVED,
    further_steps,
    kinds,
    likely_attributes,
    linked_attributes,
    shared_steps,
)
from recommender.kernels.kernel import LearnedKernel, NamedAnchors, Phrases, relation_parts
from recommender.kernels.learned.bridge import END, MIDDLE, BridgeKernel, over_most
from recommender.linalg.largest_shared import row_of
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import binary, damping, times_rows, top_per_row

LONGER = 0.25
"""What an attribute of an attribute counts."""


class Propagation(LearnedKernel):
    """From an item to those of another domain of whose kind some have what it has, or what its own kind has::

        K = [A_a  R_a  B_a/4] · D_t^-¼ · [A_i  R_i]ᵀ · D_i^-0.2   without A_a · A_iᵀ and B_a · A_iᵀ, which are paths

    A: links to attributes that both domains share; R: likely ones
    (:func:`recommender.catalogue.likely_attributes.likely_attributes`); B: links of links. Few items of a catalogue
    name what they have to do with; their kinds tell it of the others, as far as they find again what is named.
    """

    name, symbol, text, from_people = "propagation", "⇝", "propagation", False

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Between domains that share attributes, where either has others too."""
        pairs = ((anchor_type, item_type), (item_type, anchor_type))
        known = any(kinds(snapshot.schema, *pair) for pair in pairs)
        return known and BridgeKernel.exists(snapshot, anchor_type, item_type)

    @property
    def decided_by(self) -> str:
        """How surely kinds have to tell."""
        return f"{BELIEVED:g}"

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
        count = self.inputs.snapshot.vocabulary.count
        found = csr_array((count(self.anchor_type), count(self.item_type)))
        for _, pairs in self._halves():
            for left, right in pairs:
                if left.nnz and right.nnz:
                    factors = [(left,), (csr_array(right.T),)]
                    found = csr_array(found + kernel_product(factors, self.inputs.top, closed=False))
        return top_per_row(found, self.inputs.top)

    def make_stored(self) -> None:
        """Make the halves."""
        self._halves()

    def _halves(self) -> list[tuple[str, list[tuple[csr_array, csr_array]]]]:
        """For each type of attribute that both share, what anchors have, by how widespread it is, and items."""
        schema, ends = self.inputs.snapshot.schema, (self.anchor_type, self.item_type)
        halves = []
        for there, back in shared_steps(schema, *ends):
            steps, make = partial(self._steps, there, back), partial(self._pairs, there, back)
            first, second, third, likes, both = self.inputs.stored(f"{self.name}.{there}.{back}", steps, make, 5)
            halves.append((schema.ends(there)[1], [(first, likes), (second, both), (third, likes)]))
        return halves

    def _steps(self, there: str, back: str) -> list[str]:
        """What decides the halves over one type of attribute."""
        schema, ends = self.inputs.snapshot.schema, (self.anchor_type, self.item_type)
        steps = [*schema.interactions, there, back, *kinds(schema, *ends), *kinds(schema, *reversed(ends))]
        return steps + [step for pair in further_steps(schema, ends[0], schema.ends(there)[1]) for step in pair]

    def _pairs(self, there: str, back: str) -> list[list[csr_array]]:
        """What anchors have, what they may have, what is linked to what they have; what items may have, and both."""
        snapshot, ends = self.inputs.snapshot, (self.anchor_type, self.item_type)
        links, likely = linked_attributes(snapshot, there), likely_attributes(snapshot, there, ends[1])
        likes = likely_attributes(snapshot, back, ends[0])
        both = csr_array(linked_attributes(snapshot, back) + likes)
        degrees, scale = (np.asarray(both.sum(axis=axis), dtype=np.float64).ravel() for axis in (0, 1))
        middle = diags_array(damping(np.maximum(degrees, 1.0) * (degrees > 0), MIDDLE))
        end = damping(scale, END)
        left = (csr_array(one @ middle) for one in (links, likely, self._further(there)))
        return [[*left, times_rows(likes, end), times_rows(both, end)]]

    def sentence(self, phrases: Phrases, named: NamedAnchors) -> str:
        """The first of the anchors."""
        return phrases.learned(self.text, named.first())

    def about(self, anchor: int, item: int) -> tuple[str, int] | None:
        """The attribute over which most of an entry runs."""
        return over_most(
            (row_of(left, anchor), row_of(right, item), end) for end, pairs in self._halves() for left, right in pairs
        )

    def _further(self, step: str) -> csr_array:
        """B/4: what is linked to the attributes of an anchor, of the type that a step leads to."""
        snapshot, end = self.inputs.snapshot, self.inputs.snapshot.schema.ends(step)[1]
        found = csr_array(snapshot.adjacency(step).shape)
        for first, second in further_steps(snapshot.schema, self.anchor_type, end):
            found = csr_array(found + binary(snapshot.adjacency(first)) @ binary(snapshot.adjacency(second)))
        return csr_array(found.sign() * LONGER)
