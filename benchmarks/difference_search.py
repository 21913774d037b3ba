"""A search for differences of sums over people that tell of fewer than k of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, hstack, vstack

from kg.k_anonymity import step_end, told_counts
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attributes import attribute_links, attribute_types
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.shared_use.counting import SharedUse

Part = tuple[int, int, bool]
"""What of a sum a number covers, as bits; of how many people it is at most; and whether it is told."""


@dataclass(frozen=True)
class Differences:
    """What sums over attributes, items and pairs tell of each other.

    The last of the items is one that everybody used, so that a sum over it and another is how many used the other.
    ``names``: type and index of the attributes; ``links``: attributes × items that anybody used; ``whole``: attributes
    × items, how many people used an item and another that has the attribute, at least k, in steps; ``told``: items ×
    items, the same of two items.
    """

    names: list[tuple[str, int]]
    links: csr_array
    whole: csr_array
    told: csr_array
    k: int

    @classmethod
    def of(cls, snapshot: Snapshot, matrix: csr_array, k: int) -> "Differences":
        """All sums over some people × items.

        :param matrix: 1 where used.
        """
        catalogue = Catalogue(snapshot)
        kinds = [name for name in attribute_types(snapshot.schema) if name not in snapshot.schema.user_types]
        found = [csr_array(attribute_links(snapshot, catalogue, name).sign().T) for name in kinds]
        names = [(name, idx) for name, link in zip(kinds, found, strict=True) for idx in range(link.shape[0])]
        used = np.bincount(matrix.indices, minlength=catalogue.size) > 0
        links = csr_array(csr_array(vstack([csr_array((0, catalogue.size)), *found])).multiply(used[None]))
        links = csr_array(hstack([links, csr_array((len(names), 1))], format="csr"))
        everybody = csr_array(hstack([matrix, np.ones((matrix.shape[0], 1))], format="csr"))
        theirs = csr_array((everybody @ links.T).sign().T @ everybody)
        whole = _told(csr_array(theirs - theirs.multiply(links)), k)
        return cls(names, links, whole, _told(csr_array(everybody.T @ everybody), k), k)

    def sent(self, found: SharedUse, catalogue: Catalogue) -> csr_array:
        """The sums over attributes that are in a file: attributes × items."""
        place = {one: number for number, one in enumerate(self.names)}
        at = [catalogue.position(*one) for one in found.things[: found.items]]
        rows = [(place[found.things[a]], at[b], n) for a, b, n in found.pairs[:, found.of_items :].T.tolist()]
        totals = zip(found.things[found.items :], found.used[found.items :].tolist(), strict=True)
        rows += [(place[one], catalogue.size, n) for one, n in totals]
        attribute, item, people = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return csr_array((people.astype(np.float64), (attribute, item)), shape=self.links.shape)

    def given_away(self, sums: csr_array, items: NDArray[np.int64]) -> int:
        """How many sums over some items tell of fewer than k people: parts that are known to be of fewer than the sum
        cover all of it but one that is not told."""
        members = [sum(1 << one for one in row) for row in _rows(self.links)]
        has, by_item, whole = (_rows(csr_array(one.T)) for one in (self.links, sums, self.whole))
        numbers = csr_array(sums.T)
        most = csr_array(self.whole.T)
        found = 0
        for item in items.tolist():
            bounds = dict(zip(whole[item], most.data[slice(*most.indptr[item : item + 2])].tolist(), strict=True))
            pairs = slice(*self.told.indptr[item : item + 2])
            known = dict(zip(self.told.indices[pairs].tolist(), self.told.data[pairs].tolist(), strict=True))
            ends = {1 << one: step_end(int(n), self.k) for one, n in known.items()}
            others = {one: members[one] for one in range(len(members)) if members[one] and one not in set(has[item])}
            told = numbers.data[slice(*numbers.indptr[item : item + 2])].astype(int).tolist()
            for attribute, people in zip(by_item[item], told, strict=True):
                bits = others.pop(attribute)
                near = [self._part(bits & more, bounds.get(one)) for one, more in others.items()]
                found += self._tells(bits, people, [one for one in near if one[0].bit_count() > 1], ends)
                others[attribute] = bits
        return found

    def _part(self, bits: int, told: float | None) -> Part:
        return bits, self.k - 1 if told is None else step_end(int(told), self.k), told is not None

    def _tells(self, whole: int, people: int, near: list[Part], ends: dict[int, int]) -> bool:
        single = [1 << place for place in range(whole.bit_length()) if whole >> place & 1]
        parts = [*near, *((one, ends.get(one, self.k - 1), one in ends) for one in single)]
        hidden = sorted((one for one in parts if not one[2]), key=lambda one: one[0].bit_count())
        tried = hidden[:: max(len(hidden) - 1, 1)]  # the smallest and the largest
        return any(_covered(whole & ~one[0], [part for part in parts if part is not one], people) for one in tried)


def _covered(left: int, parts: list[Part], people: int) -> bool:
    """Whether parts of fewer people than a sum cover all that is left, chosen greedily."""
    total = 0
    while left and total < people:
        bits, most, _ = max(parts, key=lambda one: (one[0] & left).bit_count() / one[1])
        if not bits & left:
            return False
        left, total = left & ~bits, total + most
    return total < people


def _told(counts: csr_array, k: int) -> csr_array:
    """The numbers of at least k, in steps."""
    counts.data = told_counts(np.rint(counts.data).astype(np.int64), k).astype(np.float64)
    counts.eliminate_zeros()
    counts.sort_indices()
    return counts


def _rows(matrix: csr_array) -> list[list[int]]:
    """The columns of each row's entries."""
    ends = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    return [matrix.indices[a:b].tolist() for a, b in ends]
