"""The triples of a snapshot as rows of integers, the form that embedding models learn from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import Schema
from kg.snapshot import Snapshot


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
