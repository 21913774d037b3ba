"""k-anonymous kernels: what of the kernels may answer anybody who asks, since at least k people are behind each entry.

Somebody may ask as whoever she likes: ``--anchor purchased:p2``, or what if she had it. With a kernel that rests on the
one buyer of p2, the answer would be the rest of her purchases. Only what a user of the graph really has is answered
from whole kernels.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array, vstack

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions
from recommender.kernels.kernel import Idxs, ItemColumn, LearnedKernel, Tail
from recommender.kernels.learned.union import Union, union_kernel
from recommender.kernels.path_kernels import Kernels
from recommender.linalg.csr_file import has_csr, save_csr
from recommender.linalg.sparse_matrix import binary

ROWS = 1024
Mask = Callable[[slice], csr_array]


class KAnonymousKernels(Kernels):
    """The kernels of a snapshot without the entries that fewer than ``k`` people are behind.

    A path through people counts for each pair of nodes before and after them, so that an entry stays where at least k
    people join one such pair on the way; of a kernel learned from what people use, where at least k used both items.
    Entries that stay are whole; the union keeps what it says by attributes alone where it loses one. Kernels that start
    at a person are empty.

    :param whole: all entries; the kernels that rest on no people are its own.
    """

    def __init__(self, whole: Kernels) -> None:
        super().__init__(whole.snapshot, whole.config, whole.parent)
        self.whole, self.k = whole, whole.snapshot.k
        self._joined: dict[tuple[str, str], csr_array] = {}

    def rests_on_people(self, tail: Tail) -> bool:
        """Whether people are behind the entries of a kernel."""
        learned = self.learned(tail)
        if learned is not None:
            return learned.from_people
        schema = self.snapshot.schema
        return any(schema.entity[schema.ends(step)[0]].sensitive for step in tail)

    def kernel(self, tail: Tail) -> csr_array:
        """One kernel, shape (anchors, items), float64; made first where it is not there yet."""
        if not self.rests_on_people(tail):
            return self.whole.kernel(tail)
        if tail not in self._open and not has_csr(self.folder, self.file(tail)):
            found = self._anonymous(tail)
            save_csr(found, self.folder, self.file(tail), self.whole.scale(tail))
        return super().kernel(tail)

    def file(self, tail: Tail) -> str:
        """Name of a kernel's files."""
        own = self.whole.file(tail)
        return f"k{self.k}+{own}" if self.rests_on_people(tail) else own

    def scale(self, tail: Tail) -> float:
        """That of the whole kernel."""
        return self.whole.scale(tail)

    def column(self, tail: Tail, anchors: Idxs, item: int, steps: Sequence[str]) -> ItemColumn | None:
        """The same for a kernel that rests on no people; of a union by its attributes; of others nothing is said."""
        if not self.rests_on_people(tail):
            return self.whole.column(tail, anchors, item, steps)
        found = self.whole.column(tail, anchors, item, steps) if isinstance(self.learned(tail), Union) else None
        if found is None:
            return None
        return ItemColumn(found.ways, found.added, np.zeros(len(anchors)), found.least, found.degree)

    def _anonymous(self, tail: Tail) -> csr_array:
        kernel, learned = self.whole.kernel(tail), self.learned(tail)
        kept = self._of_enough(kernel, learned) if learned else self._through_enough(kernel, tail)
        if isinstance(learned, Union):
            by_attributes = union_kernel(
                self.snapshot, learned.anchor_type, learned.item_type, self.config.top, people=False
            )
            rest = csr_array(by_attributes * self.whole.scale(tail))
            kept = csr_array(kept + rest - rest.multiply(kept.sign()))
            kept.eliminate_zeros()
        kept.sort_indices()
        return kept

    def _of_enough(self, kernel: csr_array, learned: LearnedKernel) -> csr_array:
        """Entries between items that at least k people used both, or that as many are behind as the kernel counts."""
        if type(learned).people is not LearnedKernel.people:
            return self._counted(kernel, learned)
        interactions = Interactions(self.snapshot)
        heads, tails = (interactions.catalogue.slices[one] for one in (learned.anchor_type, learned.item_type))
        left, right = csr_array(interactions.matrix[:, heads].T), csr_array(interactions.matrix[:, tails])
        return self._masked(kernel, lambda rows: _at_least(csr_array(left[rows] @ right), self.k))

    def _counted(self, kernel: csr_array, learned: LearnedKernel) -> csr_array:
        by_item = csc_array(kernel)
        for item in np.flatnonzero(np.diff(by_item.indptr)).tolist():
            part = slice(by_item.indptr[item], by_item.indptr[item + 1])
            people = learned.people(by_item.indices[part], item)
            if people is not None:
                by_item.data[part] *= people >= self.k
        by_item.eliminate_zeros()
        return csr_array(by_item)

    def _through_enough(self, kernel: csr_array, tail: Tail) -> csr_array:
        """Entries of paths on which at least k people stand between one node and the next but one."""
        factors, position = list[csr_array](), 0
        schema = self.snapshot.schema
        people = [schema.entity[schema.ends(step)[1]].sensitive for step in tail]
        if schema.entity[schema.ends(tail[0])[0]].sensitive or any(one and other for one, other in pairwise(people)):
            return csr_array(kernel.shape)
        while position < len(tail):
            turns = position + 1 < len(tail) and tail[position + 1] == inverse_of(tail[position])
            if people[position] or (turns and position + 2 < len(tail)):
                factors.append(self._pairs(tail[position], tail[position + 1], self.k if people[position] else 1))
                position += 1
            else:
                factors.append(binary(self.snapshot.adjacency(tail[position])))
            position += 1

        def reached(rows: slice) -> csr_array:
            """Which items these rows reach, by how many ways."""
            found = csr_array(factors[0][rows])
            for factor in factors[1:]:
                found = _at_least(csr_array(found @ factor), 1)
            return found

        return self._masked(kernel, reached)

    def _pairs(self, there: str, back: str, least: int) -> csr_array:
        """Pairs of nodes with at least so many nodes between them, 1 each; none with itself on a way back."""
        if (there, back) not in self._joined:
            left, right = (binary(self.snapshot.adjacency(step)) for step in (there, back))
            blocks = [
                _at_least(csr_array(left[start : start + ROWS] @ right), least)
                for start in range(0, max(left.shape[0], 1), ROWS)
            ]
            found = csr_array(vstack(blocks, format="csr"))
            if back == inverse_of(there):
                found.setdiag(0)
                found.eliminate_zeros()
            self._joined[there, back] = found
        return self._joined[there, back]

    def _masked(self, kernel: csr_array, mask: Mask) -> csr_array:
        blocks = [
            csr_array(kernel[start : start + ROWS].multiply(mask(slice(start, start + ROWS))))
            for start in range(0, max(kernel.shape[0], 1), ROWS)
        ]
        return csr_array(vstack(blocks, format="csr"))


def known_by_enough(snapshot: Snapshot, entity_type: str) -> NDArray[np.bool_]:
    """Entities of a type that at least k people have, by one relation; all of a type that people have none of.

    Shape (count,), bool.
    """
    schema, enough = snapshot.schema, np.zeros(snapshot.vocabulary.count(entity_type), dtype=bool)
    steps = [step for name in schema.relation for step in (name, inverse_of(name))]
    of_people = [
        step for step in steps if schema.ends(step)[0] == entity_type and schema.entity[schema.ends(step)[1]].sensitive
    ]
    for step in of_people:
        enough |= np.diff(snapshot.adjacency(step).indptr) >= snapshot.k
    return enough if of_people else ~enough


def _at_least(counts: csr_array, least: int) -> csr_array:
    """1 where a count is enough."""
    found = csr_array(((counts.data >= least).astype(np.float64), counts.indices, counts.indptr), shape=counts.shape)
    found.eliminate_zeros()
    return found
