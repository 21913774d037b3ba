"""Shared use: how many people used two things both, as it may leave the shop: sums over people, none below k."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, triu

from kg.k_anonymity import told_count, told_counts
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_links, attribute_types
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.interactions import Interactions

ROWS = 1024
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class SharedUse:
    """Sums over the people of a snapshot, each at least k, rounded down to a step.

    ``things``: type and index of items, then of attributes; ``used``: how many people used each, shape (things,);
    ``pairs``: indices of two things, and how many people used both, shape (3, pairs), those of two items first;
    ``everybody``: how many people used anything; ``items``: how many of the things are items.
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
    where they have no item in common.

    :param k: fewest people that a number may be of, ≥ 1.
    """
    interactions, catalogue = Interactions(snapshot), Catalogue(snapshot)
    matrix = interactions.matrix
    used = told_counts(interactions.counts.astype(np.int64), k)
    items = np.flatnonzero(used)
    by_item = csr_array(matrix[:, items])
    things = [catalogue.item(position) for position in items.tolist()]
    counts, pairs = [used[items]], [_pairs(by_item, by_item, k, upper=True)]
    for name in attribute_types(snapshot.schema):
        if name in snapshot.schema.user_types:
            continue
        links = attribute_links(snapshot, catalogue, name).sign()
        theirs = csr_array(matrix @ links).sign()
        of_each = told_counts(np.asarray(theirs.sum(axis=0)).ravel().astype(np.int64), k)
        chosen = np.flatnonzero(of_each)
        found = _pairs(csr_array(theirs[:, chosen]), by_item, k, upper=False, but=csr_array(links[items][:, chosen]))
        pairs.append(found + np.array([[len(things)], [0], [0]]))
        things += [(name, idx) for idx in chosen.tolist()]
        counts.append(of_each[chosen])
    everybody = told_count(int(np.count_nonzero(np.diff(matrix.indptr))), k) or 0
    return SharedUse(things, np.concatenate(counts), np.concatenate(pairs, axis=1), everybody, len(items))


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
