"""k-anonymous kernels: what of the kernels may answer anybody who asks, since at least k people are behind each entry.

Somebody may ask as whoever she likes: ``--anchor purchased:p2``, or what if she had it. With a kernel that rests on the
one buyer of p2, the answer would be the rest of her purchases. Only what a user of the graph really has is answered
from whole kernels.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.change import Change
from recommender.catalogue.uses import items_of_people, people_of_items
from recommender.kernels.item_column import ItemColumn
from recommender.kernels.kernel import Idxs, LearnedKernel, Tail, relation_parts
from recommender.kernels.learned.union import Union
from recommender.kernels.path_kernels import Kernels
from recommender.kernels.stored_factors import digest
from recommender.linalg.csr_file import has_csr, open_csr, save_blocks
from recommender.linalg.forked_workers import ForkedWorkers, cores
from recommender.linalg.moved_rows import changed_rows, moved, touched_rows, with_rows
from recommender.linalg.sparse_matrix import binary, few_rows_product, stacked

ROWS, COUNTED = 1024, 16_384
"""Rows of a block; of a kernel that counts who is behind its entries."""
LARGE = 1_000_000
"""Entries of a kernel from which on all cores work on it."""
Rows = NDArray[np.integer]
Mask = Callable[[Rows], csr_array]
Keep = Callable[[csr_array, Rows], csr_array]
"""Of some rows of a kernel, the entries that are kept."""


class KAnonymousKernels(Kernels):
    """The kernels of a snapshot without the entries that fewer than ``k`` people are behind.

    A path through people counts for each pair of nodes before and after them, so that an entry stays where at least k
    people join one such pair on the way; of a kernel learned from what people use, where at least k used both items.
    Entries that stay are whole; the union keeps what it says by attributes alone where it loses one. Kernels that start
    at a person are empty.

    :param whole: all entries; the kernels that rest on no people are its own.
    """

    def __init__(self, whole: Kernels) -> None:
        super().__init__(whole.snapshot, whole.config, whole.parent, whole.graph)
        self.earlier = whole.earlier
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
        name = self.file(tail)
        if tail not in self._open and not has_csr(self.folder, name) and not self.take_over(name):
            found, rows = self._updated_anonymous(tail), np.arange(self.whole.kernel(tail).shape[0])
            blocks = self._anonymous(tail, rows) if found is None else [found]
            save_blocks(blocks, self.folder, name, self.whole.scale(tail))
            self._inputs.shared.clear()
        return super().kernel(tail)

    def file(self, tail: Tail) -> str:
        """Name of a kernel's files."""
        own = self.whole.file(tail)
        if not self.rests_on_people(tail):
            return own
        used = self.snapshot.content(*relation_parts(self.snapshot.schema.interactions)) if self.learned(tail) else []
        return f"k{self.k}+{own}" + (f"+{digest(used)}" if used else "")

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

    def then(self) -> tuple[Kernels, Change] | None:
        """Those without the entries of few people before a change, and where everything is since."""
        found = self.whole.then()
        return found and (KAnonymousKernels(found[0]), found[1])

    def _updated_anonymous(self, tail: Tail) -> csr_array | None:
        """A kernel from what it was before a change: rows in which neither the whole kernel nor who is behind its
        entries changed are taken over; ``None`` where that is not known."""
        then, learned = self.then(), self.learned(tail)
        if then is None or (learned is not None and type(learned).people is not LearnedKernel.people):
            return None
        before, change = then
        assert isinstance(before, KAnonymousKernels)
        files = [(before.folder, before.file(tail)), (before.folder, before.whole.file(tail))]
        if not all(has_csr(*one) for one in files):
            return None
        anonymous, whole = (change.moved(open_csr(*one)[0], *self.ends(tail)) for one in files)
        touched = changed_rows(self.whole.kernel(tail), whole)
        if learned is not None:
            users = change.joined(self.snapshot.schema.user_types)
            now, earlier = self._used_both(learned), before._used_both(learned)
            moves = ((change.move(learned.anchor_type), users), (users, change.move(learned.item_type)))
            pairs = zip(earlier, moves, now, strict=True)
            touched |= touched_rows(now, [moved(one, *move, like.shape) for one, move, like in pairs])
        else:
            ends = self.snapshot.schema.ends
            links, links_then = ([binary(one.snapshot.adjacency(step)) for step in tail] for one in (self, before))
            moved_links = [change.moved(one, *ends(step)) for one, step in zip(links_then, tail, strict=True)]
            touched |= touched_rows(links, moved_links)
        if isinstance(learned, Union):
            touched |= learned.touched(before.learned(tail), change, people=False)
        rows = np.flatnonzero(touched)
        return with_rows(anonymous, rows, stacked(self._anonymous(tail, rows)))

    def _anonymous(self, tail: Tail, rows: Rows) -> Iterator[csr_array]:
        """Some rows of a kernel, a block at a time; of a large one on all cores."""
        kernel, learned, keep = self.whole.kernel(tail), self.learned(tail), self._keep(tail)
        together = self._together(learned, len(rows))
        rest, scale = learned.by_attributes() if isinstance(learned, Union) else None, self.whole.scale(tail)

        def block(start: int) -> csr_array:
            """The rows from a place in them."""
            some = rows[start : start + together]
            kept = keep(csr_array(kernel[some]), some)
            if rest is not None:
                by_attributes = csr_array(rest(some) * scale)
                kept = csr_array(kept + by_attributes - by_attributes.multiply(kept.sign()))
                kept.eliminate_zeros()
            kept.sort_indices()
            return kept

        with ForkedWorkers(block, cores() if len(rows) > together and kernel.nnz > LARGE else 1) as workers:
            yield from workers.map(range(0, max(len(rows), 1), together))

    def _together(self, learned: LearnedKernel | None, rows: int) -> int:
        """How many of the rows are a block: where people are counted item by item, few blocks, or one."""
        if learned is None or type(learned).people is LearnedKernel.people:
            return ROWS
        return max(rows, 1) if type(learned).people_behind is LearnedKernel.people_behind else COUNTED

    def _keep(self, tail: Tail) -> Keep:
        """What leaves out the entries that fewer than k people are behind: of paths, of which at least k stand between
        one node and the next but one; of learned kernels, of items that as many used both, or as the kernel counts."""
        learned = self.learned(tail)
        if learned is None:
            ways = self._through_enough(tail)
            if ways is None:
                return lambda kernel, rows: csr_array(kernel.shape)
            return lambda kernel, rows: csr_array(kernel.multiply(ways(rows)))
        if type(learned).people is not LearnedKernel.people:
            return lambda kernel, rows: self._counted(kernel, learned, rows)
        left, right = self._used_both(learned)
        return lambda kernel, rows: csr_array(kernel.multiply(_at_least(few_rows_product(left[rows], right), self.k)))

    def _used_both(self, learned: LearnedKernel) -> tuple[csr_array, csr_array]:
        """Anchors × people and people × items, 1 where used."""
        return people_of_items(self.snapshot, learned.anchor_type), items_of_people(self.snapshot, learned.item_type)

    def _counted(self, kernel: csr_array, learned: LearnedKernel, rows: Rows) -> csr_array:
        people, found = learned.people_behind(kernel, rows), kernel.copy()
        if people is not None:
            found.data *= people >= self.k
        found.eliminate_zeros()
        return found

    def _through_enough(self, tail: Tail) -> Mask | None:
        """Which items some rows reach by ways on which at least k people stand between one node and the next but one;
        ``None`` where none may be."""
        factors, position = list[csr_array](), 0
        schema = self.snapshot.schema
        people = [schema.entity[schema.ends(step)[1]].sensitive for step in tail]
        if schema.entity[schema.ends(tail[0])[0]].sensitive or any(one and other for one, other in pairwise(people)):
            return None
        while position < len(tail):
            turns = position + 1 < len(tail) and tail[position + 1] == inverse_of(tail[position])
            if people[position] or (turns and position + 2 < len(tail)):
                factors.append(self._pairs(tail[position], tail[position + 1], self.k if people[position] else 1))
                position += 1
            else:
                factors.append(binary(self.snapshot.adjacency(tail[position])))
            position += 1

        def reached(some: Rows) -> csr_array:
            """Which items these rows reach, by how many ways."""
            found = csr_array(factors[0][some])
            for factor in factors[1:]:
                found = _at_least(few_rows_product(found, factor), 1)
            return found

        return reached

    def _pairs(self, there: str, back: str, least: int) -> csr_array:
        """Pairs of nodes with at least so many nodes between them, 1 each; none with itself on a way back."""
        if (there, back) not in self._joined:
            left, right = (binary(self.snapshot.adjacency(step)) for step in (there, back))
            blocks = [
                _at_least(few_rows_product(left[start : start + ROWS], right), least)
                for start in range(0, max(left.shape[0], 1), ROWS)
            ]
            found = csr_array(vstack(blocks, format="csr"))
            if back == inverse_of(there):
                found.setdiag(0)
                found.eliminate_zeros()
            self._joined[there, back] = found
        return self._joined[there, back]


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
