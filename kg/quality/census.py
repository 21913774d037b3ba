"""The census of a snapshot: which entities are linked, called, reached, and which are not, as masks."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.sparse.csgraph import connected_components

from kg.errors import SnapshotError
from kg.k_anonymity import shown_count
from kg.quality.duplicates import Duplicates, duplicates
from kg.quality.reachability import Reachability
from kg.snapshot.entity_table import labels
from kg.snapshot.snapshot import Snapshot

EXAMPLES = 3
Mask = NDArray[np.bool_]


class Cycles(BaseModel, frozen=True):
    """Entities that reach themselves in a relation between entities of one type."""

    groups: int
    """Sets of two or more entities that all reach each other."""
    entities: int
    """Entities in them, and those linked to themselves."""
    largest: int
    """Entities in the largest of them, 0 where there is none."""
    loops: int
    """Entities linked to themselves."""
    examples: list[list[str]]
    """Ids of the first few groups, then loops; none of a sensitive type: no person is named."""


class Census:
    """Masks are of shape (count of the type,), bool, in the order of the indices.

    :raises SnapshotError: where a triple has an end that is no entity, which only damage can bring about.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.schema = snapshot, snapshot.schema
        self.degrees: dict[str, NDArray[np.int32]] = {}
        """Step → triples of each of its heads: shape (heads,), int32."""
        for name in self.schema.relation:
            for step in (name, f"~{name}"):
                _check_ends(snapshot, step)
                self.degrees[step] = np.diff(snapshot.adjacency(step).indptr)

    def is_of_people(self, entity_type: str) -> bool:
        """Whether a type is sensitive."""
        return self.schema.entity[entity_type].sensitive

    def shown(self, entity_type: str, count: int) -> int | str:
        """A number of entities as it may be told; of people where they are enough."""
        return shown_count(count, self.snapshot.k) if self.is_of_people(entity_type) else count

    def isolated(self, entity_type: str) -> Mask:
        """Entities without any triple; of what is no person, the triples of fewer than k people are none."""
        linked = np.zeros(self.snapshot.vocabulary.count(entity_type), dtype=bool)
        for step, numbers in self.degrees.items():
            head, tail = self.schema.ends(step)
            if head == entity_type:
                of_people = self.is_of_people(tail) and not self.is_of_people(head)
                linked |= numbers >= (self.snapshot.k if of_people else 1)
        return ~linked

    def unlabelled(self, entity_type: str) -> Mask:
        """Entities that a person sees by their id."""
        return np.array([not label for label in labels(self.snapshot, entity_type)], dtype=bool)

    def without_path(self, item_type: str) -> Mask:
        """Items that no path over attributes leads to; see ``Reachability``."""
        return self._reachability.without_path(item_type)

    def unreached(self, item_type: str) -> Mask:
        """Items that no path over attributes leads to, and nobody used: nothing can bring them into a list."""
        return self.without_path(item_type) & self._reachability.unused(item_type)

    @cached_property
    def duplicates(self) -> dict[str, Duplicates]:
        """Entity type → labels that several of its entities have."""
        return {name: duplicates(self.snapshot, name) for name in self.schema.entity}

    @cached_property
    def cycles(self) -> dict[str, Cycles]:
        """Relation between entities of one type → its cycles; circles of friends are told of where everybody is."""
        return {
            name: self._cycles_of(name, relation.head)
            for name, relation in self.schema.relation.items()
            if relation.head == relation.tail and (self.snapshot.k == 1 or not self.is_of_people(relation.head))
        }

    def examples(self, entity_type: str, mask: Mask) -> list[str]:
        """The first few ids of a mask; none of a sensitive type: no person is named."""
        shown = 0 if self.schema.entity[entity_type].sensitive else EXAMPLES
        return [self.snapshot.vocabulary.id(entity_type, idx) for idx in np.flatnonzero(mask)[:shown].tolist()]

    @cached_property
    def _reachability(self) -> Reachability:
        return Reachability(self.snapshot)

    def _cycles_of(self, relation: str, entity_type: str) -> Cycles:
        matrix, vocabulary = self.snapshot.adjacency(relation), self.snapshot.vocabulary
        component = connected_components(matrix, directed=True, connection="strong")[1]
        sizes = np.bincount(component)
        groups = np.flatnonzero(sizes > 1)
        heads = np.repeat(np.arange(matrix.shape[0]), self.degrees[relation])
        loops = heads[heads == matrix.indices]
        chosen = [np.flatnonzero(component == one)[:EXAMPLES] for one in groups[:EXAMPLES]]
        chosen += [loops[position : position + 1] for position in range(min(len(loops), EXAMPLES - len(chosen)))]
        named = [] if self.schema.entity[entity_type].sensitive else chosen
        return Cycles(
            groups=len(groups),
            entities=int(((sizes > 1)[component] | np.isin(np.arange(len(component)), loops)).sum()),
            largest=int(sizes[groups].max(initial=0)),
            loops=len(loops),
            examples=[[vocabulary.id(entity_type, idx) for idx in one.tolist()] for one in named],
        )


def _check_ends(snapshot: Snapshot, step: str) -> None:
    matrix = snapshot.adjacency(step)
    dangling = int(((matrix.indices < 0) | (matrix.indices >= matrix.shape[1])).sum())
    if dangling:
        raise SnapshotError(
            f"{snapshot.folder}: damaged: {dangling:,} {step} triples have an end that is no entity; delete this "
            "folder and run `whyrec load`"
        )
