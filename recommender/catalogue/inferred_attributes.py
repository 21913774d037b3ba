"""Inferred attributes: what the people of an item also use, beyond what they would anyway."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attribute_lift import DOUBT, LEAST, PEOPLE, carries
from recommender.catalogue.attributes import attribute_steps
from recommender.catalogue.likely_attributes import linked_attributes
from recommender.linalg.forked_workers import ForkedWorkers, cores
from recommender.linalg.sparse_matrix import binary, few_rows_product, stacked, sum_of_rows

BELIEF = 5.0
"""κ: pairs that are added to what is seen and to what is expected, so that a few do not say much."""
ITEMS = 2_048
"""Items that are looked at together."""
ENTRIES = 100_000_000
"""Attributes of what people used, each of each person, that are held at once, about: 8 bytes each."""
LARGE = 1_000_000
"""Interactions from which on all cores work on it."""
Values = NDArray[np.float64]
Idxs = NDArray[np.integer]


@dataclass(frozen=True)
class Inferred:
    """What the people of items also use, by an attribute they have no link to; all of shape (items, attributes).

    ``strength``: 1 − 1 / L where k people at least do, surely more than by chance; ``leaning``: the same where L > 1,
    of items of which anything is sure or linked: what speaks at all says the rest of what it knows, by how much;
    ``people``: O of these.
    """

    people: csr_array
    strength: csr_array
    leaning: csr_array


def inferred(snapshot: Snapshot, step: str) -> Inferred:
    """What the people of the items that a step starts from also use, by the attributes it leads to::

        L[a, t] = (O + κ) / (E + κ),   O = people who used a and another item with t, less those of a's own maker
        E = Σ_{people of a} (n − 1) · p_t(n),   sure where O − 1.64 √(O + 1) ≥ ⁴⁄₃ E

    n: items that somebody used; p_t(n): part of all interactions of people with about as many, between powers of two,
    that are with items of t: who uses much uses everything together (Mantel & Haenszel, 1959). Maker: any attribute of
    which each item has one and that people come back to: who does so to a brand does not to what its other items are
    about. O is a lower bound of these people, since each item of the maker is taken off for itself.
    """
    return Inferred(*(stacked(some) for some in zip(*inferred_blocks(snapshot, step), strict=True)))


def inferred_blocks(snapshot: Snapshot, step: str) -> Iterator[tuple[csr_array, csr_array, csr_array]]:
    """People, strength and leaning, see :func:`inferred`, of ``ITEMS`` items at a time: all at once they are gigabytes
    in a large shop."""
    item_type = snapshot.schema.ends(step)[0]
    links, schema = linked_attributes(snapshot, step), snapshot.schema
    relations = [name for name in schema.interactions if schema.relation[name].tail == item_type]
    used = [_single(snapshot.adjacency(name)) for name in relations]
    if not used:
        yield (csr_array(links.shape),) * 3
        return
    sums, having = _together(used, links, snapshot.k)
    parts = [
        _Used(_of_makers(snapshot, item_type, one, links), *_chances(one, had))
        for one, had in zip(used, having, strict=True)
    ]
    large = sum(one.nnz for one in used) > LARGE
    del used
    with ForkedWorkers(_Block(parts, links, snapshot.k, sums), cores() if large else 1) as workers:
        yield from workers.map(range(len(sums)))


def _together(used: Sequence[csr_array], links: csr_array, k: int) -> tuple[list[list[csr_array]], list[list[Values]]]:
    """For each block of items, by parts of the attributes, how many people used an item and one with an attribute, at
    least k or nothing; and for each interaction, by the same parts, people × attributes, summed by strata.

    What each person's items have is people times attributes; of a part of the attributes it fits into memory.

    :param used: people × items of each interaction, as of :func:`_single`.
    """
    people = [csr_array(one.T) for one in used]
    starts = range(0, max(links.shape[0], 1), ITEMS)
    sums, having = [list[csr_array]() for _ in starts], [list[Values]() for _ in used]
    columns, large = links.astype(np.float32).tocsc(), sum(one.nnz for one in used) > LARGE
    for some in _parts(used, links):
        part, attributes = csr_array(columns[:, some]), list[csr_array]()
        for found, one in zip(having, used, strict=True):
            counts = few_rows_product(one, part)
            found.append(_by_strata(one, counts))
            counts.data.fill(1.0)  # a copy of it would be gigabytes
            attributes.append(counts)
        with ForkedWorkers(_Sum(people, attributes, k), cores() if large else 1) as workers:
            for block, one in zip(sums, workers.map(starts), strict=True):
                block.append(one)
    return sums, having


def _single(matrix: csr_array) -> csr_array:
    """The same entries, each 1; float32, as counts of people are whole."""
    return csr_array((np.ones(matrix.nnz, dtype=np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)


def _parts(used: Sequence[csr_array], links: csr_array) -> list[slice]:
    """Parts of the attributes, of which people have about ``ENTRIES`` each."""
    made = sum(np.bincount(one.indices, minlength=links.shape[0]) @ np.diff(links.indptr) for one in used)
    ends = np.linspace(0, links.shape[1], int(made // ENTRIES) + 2).astype(np.int64).tolist()
    return [slice(*pair) for pair in pairwise(ends)]


@dataclass(frozen=True)
class _Sum:
    """How many people used both some items and something with some attributes.

    ``people``: items × people, ``attributes``: people × attributes, of each interaction; 1 where used, float32.
    """

    people: Sequence[csr_array]
    attributes: Sequence[csr_array]
    k: int

    def __call__(self, start: int) -> csr_array:
        """Of some items from a place on: shape (items, attributes), float32, at least k, sorted."""
        some, pairs = slice(start, start + ITEMS), zip(self.people, self.attributes, strict=True)
        together = sum_of_rows([few_rows_product(one[some], other) for one, other in pairs])
        together.data[together.data < self.k] = 0.0  # nine in ten of a large shop; nothing makes them more
        together.eliminate_zeros()
        together.sort_indices()
        return csr_array(together.astype(np.float32))


@dataclass(frozen=True)
class _Used:
    """An interaction: ``own`` items × attributes, pairs with another of the maker; ``pairs``, ``chances``: see
    :func:`_chances`."""

    own: csr_array
    pairs: Values
    chances: Values


@dataclass(frozen=True)
class _Block:
    """What the people of some items also use: all of it at once, items × attributes, would fill the memory.

    ``sums``: of each block of items, by parts of the attributes, how many people used both.
    """

    parts: list[_Used]
    links: csr_array
    k: int
    sums: list[list[csr_array]]

    def __call__(self, number: int) -> tuple[csr_array, csr_array, csr_array]:
        """People, strength and leaning of a block of items."""
        some = slice(number * ITEMS, (number + 1) * ITEMS)
        links, sums = csr_array(self.links[some]), self.sums[number]
        together = csr_array((sums[0] if len(sums) == 1 else hstack(sums, format="csr")).astype(np.float64))
        for part in self.parts:
            together = csr_array(together - part.own[some])
        together = csr_array(together - together.multiply(links))  # a link of its own says it better
        together.data = np.maximum(together.data, 0.0)
        together.eliminate_zeros()
        rows = np.repeat(np.arange(together.shape[0]), np.diff(together.indptr))
        by_chance = np.zeros(len(rows))
        for part in self.parts:
            for stratum in range(len(part.chances)):
                by_chance += part.pairs[some][rows, stratum] * part.chances[stratum, together.indices]
        above = np.maximum(lifted(together.data, by_chance), 0.0) * (together.data >= self.k)
        sure = (above > 0) & surely_more(together.data, by_chance)
        speaks = (np.diff(links.indptr) > 0) | (np.bincount(rows[sure], minlength=links.shape[0]) > 0)
        leaning = np.where(speaks[rows], above, 0.0)
        kept = []
        for data in (np.where(leaning > 0, together.data, 0.0), np.where(sure, above, 0.0), leaning):
            there = np.flatnonzero(data)
            ends = np.searchsorted(there, together.indptr).astype(together.indptr.dtype)
            kept.append(csr_array((data[there], together.indices[there], ends), shape=together.shape))
        return kept[0], kept[1], kept[2]


def makers(snapshot: Snapshot, item_type: str) -> list[str]:
    """Steps from an item type to attributes of which no item has two, and some items share one."""
    found = []
    for step in attribute_steps(snapshot.schema, item_type):
        indptr, indices = snapshot.adjacency(step).indptr, snapshot.adjacency(step).indices
        shared = np.bincount(indices).max(initial=0) > 1
        if shared and np.diff(indptr).max(initial=0) == 1:
            found.append(step)
    return found


def lifted(seen: Values, expected: Values) -> Values:
    """1 − 1 / L, below 0 where there are fewer than expected: the same shape."""
    return 1 - (expected + BELIEF) / (seen + BELIEF)


def surely_more(seen: Values, expected: Values) -> NDArray[np.bool_]:
    """Whether a count is a third above chance even at its lower bound of 95 %: the same shape."""
    return np.asarray(seen - DOUBT * np.sqrt(seen + 1) >= LEAST * expected)


def _chances(matrix: csr_array, having: Sequence[Values]) -> tuple[Values, Values]:
    """Σ (n − 1) of the people of each item, shape (items, strata), and p_t(n), shape (strata, attributes).

    :param matrix: users × items, of what they used; ``having``: Σ over the people of each stratum of how many of these
        have each attribute, by parts of the attributes.
    """
    lengths, members = np.diff(matrix.indptr), _strata(matrix)
    others = csr_array(
        (np.maximum(lengths - 1.0, 0.0)[members.indices], members.indices, members.indptr), shape=members.shape
    )
    used = np.maximum(np.asarray(members @ lengths, dtype=np.float64), 1.0)
    return csr_array(matrix.T @ others.T).toarray(), np.hstack(having) / used[:, None]


def _strata(matrix: csr_array) -> csr_array:
    """Strata × users, 1 where somebody used so many items, between powers of two."""
    lengths = np.diff(matrix.indptr)
    stratum = np.floor(np.log2(np.maximum(lengths, 1))).astype(np.int64)
    shape = (int(stratum.max(initial=0)) + 1, len(lengths))
    return csr_array((np.ones(len(lengths)), (stratum, np.arange(len(lengths)))), shape=shape)


def _by_strata(matrix: csr_array, counts: csr_array) -> Values:
    """Σ over the people of each stratum of counts, users × attributes: shape (strata, attributes)."""
    members = _strata(matrix)
    having = np.zeros((members.shape[0], counts.shape[1]))
    for start in range(0, counts.shape[0], PEOPLE):
        some = slice(start, start + PEOPLE)
        having += csr_array(members[:, some] @ counts[some]).toarray()
    return having


def _of_makers(snapshot: Snapshot, item_type: str, matrix: csr_array, links: csr_array) -> csr_array:
    """Of the people of an item, pairs with another of its maker that has an attribute: shape (items, attributes)."""
    by_item, found = matrix.tocsc(), list[tuple[Values, Idxs, Idxs]]()
    for step in makers(snapshot, item_type):
        members = binary(snapshot.adjacency(step)).tocsc()
        for maker in np.flatnonzero((np.diff(members.indptr) > 1) & carries(snapshot, step)).tolist():
            items = members.indices[members.indptr[maker] : members.indptr[maker + 1]]
            having = links[items]
            if having.nnz:
                mine = csr_array(by_item[:, items])
                pairs = csr_array(mine.T @ mine)
                pairs.setdiag(0)
                some = csr_array(pairs @ having).tocoo()
                found.append((some.data, items[some.coords[0]], some.coords[1]))
    if not found:
        return csr_array(links.shape)
    data, rows, columns = (np.concatenate(one) for one in zip(*found, strict=True))
    return csr_array((data, (rows, columns)), shape=links.shape)
