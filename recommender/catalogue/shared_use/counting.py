"""Shared use: how many people used two things both, as it may leave the shop: sums over people, none below k."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, triu

from kg.k_anonymity import told_count, told_counts
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_links, attribute_types
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions
from recommender.catalogue.shared_use.complementary_suppression import lowered

ROWS = 1024
MOST_ITEMS = 500
"""Items of one person that count at most: nobody is in more sums than these make."""
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class SharedUse:
    """Sums over the people of a snapshot, each at least k, rounded down to a step.

    ``things``: type and index of items, then of attributes; ``used``: how many people used each, shape (things,);
    ``pairs``: indices of two things, and how many people
    used both, shape (3, pairs), those of two items first; ``everybody``: how many people used anything; ``items``: how
    many of the things are items.
    """

    things: list[tuple[str, int]]
    used: Counts
    pairs: Counts
    everybody: int
    items: int

    @property
    def of_items(self) -> int:
        """How many of the pairs are of two items."""
        return int(np.count_nonzero(self.pairs[0] < self.items))


def shared_use(snapshot: Snapshot, k: int) -> SharedUse:
    """Count, of everybody in a snapshot, over two items, and over an attribute and an item without it.

    Somebody used an attribute who used an item that has it: a brand, an ingredient, what companies share ids of even
    where they have no item in common. No number is so high that a difference tells of fewer than k people
    (:mod:`recommender.catalogue.shared_use.complementary_suppression`).

    :param k: fewest people that a number may be of, ≥ 1.
    """
    catalogue = Catalogue(snapshot)
    matrix = capped(Interactions(snapshot).matrix)
    used = told_counts(_people(matrix), k)
    items = np.flatnonzero(used)
    by_item = csr_array(matrix[:, items])
    pairs = _pairs(by_item, by_item, k, upper=True)
    names, links = _attributes(snapshot, catalogue)
    theirs = csr_array(matrix @ links).sign()
    of_each = told_counts(_people(theirs), k)
    chosen = np.flatnonzero(of_each)
    wide = _pairs(csr_array(theirs[:, chosen]), by_item, k, upper=False, but=csr_array(links[items][:, chosen]))
    wide[0] = chosen[wide[0]]
    counted = csr_array(links.multiply((_people(matrix) > 0)[:, None]))
    told = _both_ways(items[pairs[:2]], pairs[2], catalogue.size)
    wide[2] = lowered(csr_array(counted.T), told, np.stack([wide[0], items[wide[1]], wide[2]]), k)
    wide = wide[:, wide[2] > 0]
    of_each = _safe_totals(counted, of_each, used, k)
    np.maximum.at(of_each, wide[0], wide[2])
    kept = np.flatnonzero(of_each)
    wide[0] = np.searchsorted(kept, wide[0]) + len(items)
    return SharedUse(
        things=[*map(catalogue.item, items.tolist()), *(names[one] for one in kept.tolist())],
        used=np.concatenate([used[items], of_each[kept]]),
        pairs=np.concatenate([pairs, wide], axis=1),
        everybody=told_count(int(np.count_nonzero(np.diff(matrix.indptr))), k) or 0,
        items=len(items),
    )


def capped(matrix: csr_array) -> csr_array:
    """People × items with no more than so many items of each person: those that come first in an order by lot, which
    stays the same from file to file, as a new lot would tell of others each time."""
    lengths = np.diff(matrix.indptr)
    if lengths.max(initial=0) <= MOST_ITEMS:
        return matrix
    lot = np.random.default_rng(0).permutation(matrix.shape[1])
    rows = np.repeat(np.arange(matrix.shape[0]), lengths)
    order = np.lexsort((lot[matrix.indices], rows))
    keep = order[np.arange(len(order)) - np.repeat(matrix.indptr[:-1], lengths) < MOST_ITEMS]
    return csr_array((matrix.data[keep], (rows[keep], matrix.indices[keep])), shape=matrix.shape)


def _safe_totals(links: csr_array, people: Counts, used: Counts, k: int) -> Counts:
    """How many people used each attribute, as it may be told: a sum over its items like any other, of the pairs of each
    with one thing more that everybody has."""
    size, attributes = links.shape
    chosen = np.flatnonzero(people)
    members = csr_array(hstack([csr_array(links.T), csr_array((attributes, 1))], format="csr"))
    told = _both_ways(np.stack([np.flatnonzero(used), np.full(np.count_nonzero(used), size)]), used[used > 0], size + 1)
    cells = np.stack([chosen, np.full(len(chosen), size), people[chosen]])
    found = np.zeros(attributes, dtype=np.int64)
    found[chosen] = lowered(members, told, cells, k)
    return found


def _attributes(snapshot: Snapshot, catalogue: Catalogue) -> tuple[list[tuple[str, int]], csr_array]:
    """Type and index of everything that items have, and items × these, 1 where linked."""
    kinds = [name for name in attribute_types(snapshot.schema) if name not in snapshot.schema.user_types]
    links = [attribute_links(snapshot, catalogue, name).sign() for name in kinds]
    names = [(name, idx) for name, link in zip(kinds, links, strict=True) for idx in range(link.shape[1])]
    return names, csr_array(hstack([csr_array((catalogue.size, 0)), *links], format="csr"))


def _both_ways(ends: Counts, people: Counts, size: int) -> csr_array:
    """Pairs as a symmetric matrix."""
    one_way = csr_array((people, (ends[0], ends[1])), shape=(size, size))
    return csr_array(one_way + one_way.T)


def _people(matrix: csr_array) -> Counts:
    """How many rows each column has: shape (columns,)."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1]).astype(np.int64)


def _pairs(left: csr_array, right: csr_array, k: int, *, upper: bool, but: csr_array | None = None) -> Counts:
    """Pairs of columns with at least k rows in both: shape (3, pairs), a block of them at a time.

    :param upper: of the same columns twice, each pair once.
    :param but: columns of right × columns of left, 1 for pairs that are left out.
    """
    found = [np.empty((3, 0), dtype=np.int64)]
    turned = csr_array(left.T)
    for start in range(0, turned.shape[0], ROWS):
        block = csr_array(turned[start : start + ROWS] @ right)
        if upper:
            block = csr_array(triu(block, k=start + 1, format="csr"))
        block.data = told_counts(block.data.astype(np.int64), k).astype(np.float64)
        block.eliminate_zeros()
        if but is not None:
            block = csr_array(block - block.multiply(but.T.tocsr()[start : start + ROWS]))
            block.eliminate_zeros()
        rows = np.repeat(np.arange(block.shape[0]), np.diff(block.indptr)) + start
        found.append(np.stack([rows, block.indices, block.data]).astype(np.int64))
    return np.concatenate(found, axis=1)
