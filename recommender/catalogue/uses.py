"""Uses: who used which items of a type, as they lie in the snapshot where one relation tells them."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot

WHOLE = 2**24
"""Numbers up to which float32 counts one by one."""


def people_of_items(snapshot: Snapshot, item_type: str) -> csr_array:
    """Items × people of all types, 1 where used; float32, as long as it counts the people."""
    return _joined([_of(snapshot, one, item_type, by_item=True) for one in snapshot.schema.user_types], hstack)


def items_of_people(snapshot: Snapshot, item_type: str) -> csr_array:
    """The same the other way round: people of all types × items."""
    return _joined([_of(snapshot, one, item_type, by_item=False) for one in snapshot.schema.user_types], vstack)


def _joined(parts: Sequence[csr_array], stack: Callable[..., Any]) -> csr_array:
    return parts[0] if len(parts) == 1 else csr_array(stack(parts, format="csr"))


def _of(snapshot: Snapshot, user_type: str, item_type: str, *, by_item: bool) -> csr_array:
    """What people of a type used; of one relation the indices are those of the snapshot."""
    schema, count = snapshot.schema, snapshot.vocabulary.count
    kind = np.float32 if sum(count(one) for one in schema.user_types) < WHOLE else np.float64
    people, items = count(user_type), count(item_type)
    total = csr_array((items, people) if by_item else (people, items), dtype=kind)
    names = [name for name in schema.interactions if schema.ends(name) == (user_type, item_type)]
    for name in names:
        links = snapshot.adjacency(inverse_of(name) if by_item else name)
        used = csr_array((np.ones(links.nnz, dtype=kind), links.indices, links.indptr), shape=links.shape)
        total = used if len(names) == 1 else csr_array((total + used).sign())
    return total
