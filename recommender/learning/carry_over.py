"""Carry over: a model meets a graph that has changed since; its weights stay, new entities get folded-in vectors."""

from dataclasses import dataclass
from pathlib import Path

from embeddings.vectors.vectors import Vectors
from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.vocabulary import Vocabulary
from recommender.texts.language import Notice

VOCABULARY = "vocabulary"
FOLDED = "folded"


@dataclass(frozen=True)
class CarriedOver:
    """``vectors`` for the new graph, ``None`` where there were none or they cannot be folded in; ``notice`` says what
    was done."""

    vectors: Vectors | None
    notice: Notice


def keep_vocabulary(folder: Path, snapshot: Snapshot) -> None:
    """Keep beside a model which entities it has seen."""
    snapshot.vocabulary.save(folder / VOCABULARY)
    Checksums.write(folder / VOCABULARY / CHECKSUMS, (folder / VOCABULARY).glob("*.npy"))


def seen_vocabulary(folder: Path, snapshot: Snapshot) -> Vocabulary | None:
    """The entities that a model has seen, ``None`` where that is not known: such a model cannot be carried over."""
    try:
        if checksums := Checksums.open(folder / VOCABULARY / CHECKSUMS):
            checksums.check(*checksums.entries)
        return Vocabulary.load(folder / VOCABULARY, sorted(snapshot.schema.entity))
    except (OSError, ValueError, EOFError):
        return None


def carry_over(folder: Path, vectors_folder: Path | None, trained: str, snapshot: Snapshot) -> CarriedOver | None:
    """What a model trained on another snapshot can say of this one; ``None`` where it is not known what it has seen.

    Vectors of entities that it has seen stay as they are. What was folded in is kept in the folder for the next time.

    :param vectors_folder: where the model's vectors are, ``None`` without.
    :param trained: hash of the snapshot that it was trained on.
    """
    seen = seen_vocabulary(folder, snapshot)
    if seen is None:
        return None
    new = {name: snapshot.vocabulary.new_since(seen, name) for name in snapshot.vocabulary.types}
    counts = ", ".join(f"{count:,} {name}" for name, count in new.items() if count) or "0"
    if vectors_folder is None:
        return CarriedOver(None, Notice.of("carried_weights", new=counts))
    try:
        vectors = _folded(folder / FOLDED, Vectors.open(vectors_folder, trained), seen, snapshot)
    except ModelError as problem:
        return CarriedOver(None, Notice.of("carried_refused", new=counts, problem=problem))
    return CarriedOver(vectors, Notice.of("carried_folded", new=counts))


def _folded(folder: Path, vectors: Vectors, seen: Vocabulary, snapshot: Snapshot) -> Vectors:
    try:
        return Vectors.open(folder, snapshot.hash)
    except ModelError:
        from embeddings.vectors.fold_in import fold_in  # only a graph that has changed needs it

        return fold_in(vectors, seen, snapshot).save(folder)
