"""Inferred attributes: what the people of an item also use, beyond what they would anyway."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

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
    people, strength, leaning = (list(some) for some in zip(*_blocks(snapshot, step), strict=True))
    found = []
    for blocks in (people, strength, leaning):  # each is let go before the next: of a large shop they are gigabytes
        found.append(stacked(blocks))
        blocks.clear()
    return Inferred(*found)


def _blocks(snapshot: Snapshot, step: str) -> list[tuple[csr_array, ...]]:
    """What :func:`inferred` returns, ``ITEMS`` items at a time; what people used is let go of before it is stacked."""
    item_type = snapshot.schema.ends(step)[0]
    links, parts = linked_attributes(snapshot, step), list[_Used]()
    for name in snapshot.schema.interactions:
        if snapshot.schema.relation[name].tail == item_type:
            parts.append(_used(snapshot, binary(snapshot.adjacency(name)), item_type, links))
    block = _Block(parts, links, snapshot.k)
    large = sum(one.people.nnz for one in parts) > LARGE
    with ForkedWorkers(block, cores() if large else 1) as workers:
        return list(workers.map(range(0, max(links.shape[0], 1), ITEMS)))


@dataclass(frozen=True)
class _Used:
    """An interaction: ``people`` items × people, 1 where used; ``attributes`` people × attributes, 1 where they used an
    item with it; both float32, as counts of people are whole; ``own`` items × attributes, pairs with another of the
    maker; ``pairs``, ``chances``: see :func:`_chances`."""

    people: csr_array
    attributes: csr_array
    own: csr_array
    pairs: Values
    chances: Values


def _used(snapshot: Snapshot, matrix: csr_array, item_type: str, links: csr_array) -> _Used:
    """What people used of a type of items, and the attributes of that."""
    single = matrix.astype(np.float32)
    attributes = csr_array(single @ links.astype(np.float32))
    attributes.sort_indices()
    chances = _chances(matrix, attributes)
    attributes.data.fill(1.0)  # a copy of it would be gigabytes
    return _Used(csr_array(single.T), attributes, _of_makers(snapshot, item_type, matrix, links), *chances)


@dataclass(frozen=True)
class _Block:
    """What the people of some items also use: all of it at once, items × attributes, would fill the memory."""

    parts: list[_Used]
    links: csr_array
    k: int

    def __call__(self, start: int) -> tuple[csr_array, csr_array, csr_array]:
        """People, strength and leaning of some items from a place on."""
        some = slice(start, start + ITEMS)
        links = csr_array(self.links[some])
        if not self.parts:
            return (csr_array(links.shape),) * 3
        together = sum_of_rows([few_rows_product(part.people[some], part.attributes) for part in self.parts])
        together.data[together.data < self.k] = 0.0  # nine in ten of a large shop; nothing makes them more
        together.eliminate_zeros()
        together.sort_indices()
        together = csr_array(together.astype(np.float64))
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
            kept.append(csr_array((data, together.indices, together.indptr), shape=together.shape, copy=True))
            kept[-1].eliminate_zeros()
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


def _chances(matrix: csr_array, counts: csr_array) -> tuple[Values, Values]:
    """Σ (n − 1) of the people of each item, shape (items, strata), and p_t(n), shape (strata, attributes).

    :param matrix: users × items, of what they used; ``counts``: users × attributes, of how many of these have them.
    """
    lengths = np.diff(matrix.indptr)
    stratum = np.floor(np.log2(np.maximum(lengths, 1))).astype(np.int64)
    users, shape = np.arange(len(lengths)), (int(stratum.max(initial=0)) + 1, len(lengths))
    members = csr_array((np.ones(len(lengths)), (stratum, users)), shape=shape)
    others = csr_array((np.maximum(lengths - 1.0, 0.0), (users, stratum)), shape=shape[::-1])
    used = np.maximum(np.asarray(members @ lengths, dtype=np.float64), 1.0)
    having = np.zeros((shape[0], counts.shape[1]))
    for start in range(0, len(lengths), PEOPLE):
        some = slice(start, start + PEOPLE)
        having += csr_array(members[:, some] @ counts[some]).toarray()
    return csr_array(matrix.T @ others).toarray(), having / used[:, None]


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
