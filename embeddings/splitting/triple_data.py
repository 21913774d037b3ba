"""What experiments on triples work with: the triples of a snapshot or of files, numbered, with their times."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from embeddings.splitting.config import TripleSource
from embeddings.splitting.triple_files import read_triples
from embeddings.vectors.triples import TripleSet, relations_without
from kg.document import nearest
from kg.errors import ReadError, UsageError
from kg.snapshot.snapshot import Snapshot

Indices = NDArray[np.int64]
INTERACTIONS = "interactions"


@dataclass(frozen=True)
class TripleData:
    """Numbered triples.

    :param graph: all of them.
    :param relations: names by position.
    :param times: shape (n,), int64, milliseconds since 1970 UTC, ``NO_TIME`` where absent.
    :param part: shape (n,), int64: ``TRAIN``, or the part that a triple came in.
    :param types: shape (types + 1,), int64: where the entities of each type start, and the end of the last.
    :param interactions: which of the relations are interactions; none is known of files.
    :param notes: what a reader of the files should know.
    """

    graph: TripleSet
    relations: tuple[str, ...]
    times: Indices
    part: Indices
    types: Indices
    interactions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot, exclude: Sequence[str]) -> Self:
        """The triples of a snapshot.

        :raises UsageError: for an excluded relation that the schema does not have.
        """
        relations, vocabulary = relations_without(snapshot.schema, exclude), snapshot.vocabulary
        graph = TripleSet.of(snapshot, relations)
        times = [np.empty(0, dtype=np.int64), *(snapshot.timestamps(name) for name in relations)]
        starts = [vocabulary.start(name) for name in vocabulary.types]
        types = np.array([*starts, vocabulary.size], dtype=np.int64)
        part = np.zeros(len(graph.rows), dtype=np.int64)
        interactions = tuple(name for name in relations if name in snapshot.schema.interactions)
        return cls(graph, relations, np.concatenate(times), part, types, interactions)

    def held_out(self, names: Sequence[str]) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
        """Which triples may be held out, and the relations they are of: those named, all where none is; the word
        ``interactions`` stands for the interactions.

        :returns: mask of shape (n,), and the names.
        :raises UsageError: for a relation that is not there, or where no relation is known to be an interaction.
        """
        if not names:
            return np.ones(len(self.graph.rows), dtype=bool), ()
        chosen: dict[str, None] = {}
        for name in names:
            if name == INTERACTIONS and not self.interactions:
                raise UsageError("split.hold_out: no relation of these data is an interaction; name the relations")
            if name not in (INTERACTIONS, *self.relations):
                known = [*self.relations, INTERACTIONS]
                raise UsageError(f"split.hold_out: unknown relation {name!r}; {nearest(name, known)}")
            chosen |= dict.fromkeys(self.interactions if name == INTERACTIONS else (name,))
        numbers = [self.relations.index(name) for name in chosen]
        return np.isin(self.graph.rows[:, 1], numbers), tuple(chosen)

    @classmethod
    def of_files(cls, data: TripleSource, base: Path) -> Self:
        """The triples of files, each once, in the part that it comes in first of test, validation, train.

        :raises ReadError: for a file that cannot be read, or a line that is no triple.
        :raises UsageError: for an excluded relation that is not there.
        """
        import polars as pl

        frame, notes = read_triples(data, base)
        known = sorted(frame["relation"].unique().to_list())
        for name in data.exclude:
            if name not in known:
                raise UsageError(f"exclude: unknown relation {name!r}; {nearest(name, known)}")
        frame = frame.filter(~pl.col("relation").is_in(list(data.exclude)))
        relations = [name for name in known if name not in data.exclude]
        entities = np.unique(np.array([*frame["head"].to_list(), *frame["tail"].to_list()], dtype=object))
        numbers = {name: number for number, name in enumerate(entities.tolist())}
        columns = [[numbers[one] for one in frame[name].to_list()] for name in ("head", "tail")]
        position = {name: number for number, name in enumerate(relations)}
        rows = np.array([columns[0], [position[one] for one in frame["relation"].to_list()], columns[1]])
        rows = rows.astype(np.int64).reshape(3, -1).T
        order = np.lexsort((rows[:, 2], rows[:, 0], rows[:, 1]))
        graph = TripleSet.untyped(np.ascontiguousarray(rows[order]), len(numbers), len(relations))
        times, part = (frame[name].to_numpy()[order].astype(np.int64) for name in ("time", "part"))
        types = np.array([0, len(numbers)], dtype=np.int64)
        return cls(graph, tuple(relations), times, part, types, notes=notes)


def hash_of_files(data: TripleSource, base: Path) -> str:
    """BLAKE2b of the content of triple files and of the parts they are, in hexadecimal.

    :raises ReadError: for a file that cannot be read.
    """
    digest = hashlib.blake2b(digest_size=32)
    for files in (data.triples, data.validation, data.test):
        digest.update(b"part")
        for file in files:
            try:
                with (base / file).open("rb") as opened:
                    digest.update(hashlib.file_digest(opened, "blake2b").digest())
            except OSError as problem:
                raise ReadError(f"{base / file}: cannot be read: {problem.strerror}") from None
    return digest.hexdigest()
