"""The triples of a snapshot as rows of integers, the form that embedding models learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import Schema
from kg.snapshot.snapshot import Snapshot

HEAD, TAIL = 0, 1


@dataclass(frozen=True)
class TripleSet:
    """Triples over numbered entities and relations.

    :param rows: shape (n, 3), int64: head, relation, tail; no row twice.
    :param ranges: shape (relations, 2, 2), int64: first entity and end of the head type and of the tail type.
    """

    rows: NDArray[np.int64]
    entities: int
    relations: int
    ranges: NDArray[np.int64]

    @classmethod
    def untyped(cls, rows: NDArray[np.int64], entities: int, relations: int) -> Self:
        """Triples of a graph without entity types: every entity may be the head and the tail of every relation."""
        return cls(rows, entities, relations, np.tile(np.array([0, entities], dtype=np.int64), (relations, 2, 1)))

    @classmethod
    def of(cls, snapshot: Snapshot, relations: Sequence[str]) -> Self:
        """The triples of relations of a snapshot, entities by global index, relations by position."""
        vocabulary, rows = snapshot.vocabulary, global_triples(snapshot, relations)
        ranges = np.empty((len(relations), 2, 2), dtype=np.int64)
        for position, name in enumerate(relations):
            for side, end in enumerate(snapshot.schema.ends(name)):
                ranges[position, side] = vocabulary.start(end), vocabulary.start(end) + vocabulary.count(end)
        return cls(rows, vocabulary.size, len(relations), ranges)

    def with_rows(self, rows: NDArray[np.int64]) -> Self:
        """The same graph with other triples."""
        return replace(self, rows=rows)

    def split(self, part: float, limit: int, seed: int) -> tuple[Self, Self]:
        """Hold out a random part of the triples, of which no entity and no relation loses its last triple.

        :param part: how much of the triples, from 0 to 1.
        :param limit: at most so many triples.
        :returns: what is left, in order, and what is held out.
        """
        wanted = min(limit, int(part * len(self.rows)))
        order = np.random.default_rng([seed, 0x5B117]).permutation(len(self.rows))
        shuffled = self.rows[order]
        needed = np.zeros(len(order), dtype=bool)
        for column in range(3):  # the first triple of each in shuffled order stays
            needed[np.unique(shuffled[:, column], return_index=True)[1]] = True
        held = np.sort(order[~needed][:wanted])
        kept = np.ones(len(order), dtype=bool)
        kept[held] = False
        return self.with_rows(self.rows[kept]), self.with_rows(self.rows[held])


def relations_without(schema: Schema, exclude: Sequence[str]) -> tuple[str, ...]:
    """Relations of a schema, sorted, without the excluded ones.

    :raises UsageError: for an excluded relation that the schema does not have, naming the nearest.
    """
    known = sorted(schema.relation)
    for name in exclude:
        if name not in known:
            raise UsageError(f"exclude: unknown relation {name!r}; {nearest(name, known)}")
    return tuple(name for name in known if name not in exclude)


def global_triples(snapshot: Snapshot, relations: Sequence[str]) -> NDArray[np.int64]:
    """Triples of relations: shape (n, 3), int64: global head, position in ``relations``, global tail."""
    parts = [np.empty((0, 3), dtype=np.int64)]
    for position, name in enumerate(relations):
        matrix = snapshot.adjacency(name)
        head, tail = (snapshot.vocabulary.start(end) for end in snapshot.schema.ends(name))
        heads = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        tails = matrix.indices.astype(np.int64)
        parts.append(np.stack([heads + head, np.full(len(heads), position), tails + tail], axis=1))
    return np.concatenate(parts)
