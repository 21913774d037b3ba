"""One run of a link prediction experiment: train on a split, stop on its validation part, rank its test part."""

import tempfile
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.link_prediction.held_out import HeldOut
from embeddings.link_prediction.metrics import LinkPrediction, link_prediction
from embeddings.link_prediction.ranking import Candidates, Ranks, rank_triples
from embeddings.splitting.triple_split import TripleSplit
from embeddings.training.train_vectors import MANY_ROWS, reproducible
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.fold_in import fitted
from embeddings.vectors.scoring import Scorer, VectorScorer
from kg.errors import TrainingError
from kg.progress import Progress, no_progress

try:
    import torch

    from embeddings.training.epochs import Epochs
except (ModuleNotFoundError, OSError) as problem:
    raise TrainingError(f"torch and PyKEEN cannot be loaded: {problem}") from problem


@dataclass(frozen=True)
class Curve:
    """What training went through: the mean loss and the validation MRR of each epoch."""

    losses: list[float]
    validation: list[float]
    best_epoch: int
    seconds: float
    """Of training and validation alone."""
    triples_per_second: float


@dataclass(frozen=True)
class LinkRun:
    """One finished run."""

    ranks: Ranks
    metrics: LinkPrediction
    curve: Curve
    tied: bool
    """Whether every rank is the middle of all candidates: the model tells nothing apart."""
    machine: dict[str, str]
    """Device and number of threads."""


def run_link_prediction(
    split: TripleSplit,
    config: TrainingConfig,
    relations: Sequence[str],
    candidates: Candidates,
    types: NDArray[np.int64],
    progress: Progress = no_progress,
) -> LinkRun:
    """Train and rank; on one machine the result is the same to the bit every time.

    :param relations: names by position.
    :param types: where the entities of each type start, and the end: new entities begin at the mean of theirs.
    :raises TrainingError: where numbers are not finite.
    """
    with _reproducible(config, split), tempfile.TemporaryDirectory(prefix="whyrec-run-") as folder:
        epochs, curve = _trained(split, config, Path(folder), progress)
        scorer = _folded_in(epochs, split, config, types) if len(split.new) else epochs.scorer()
        ranks = rank_triples(scorer, split.test, split.train, split.known, candidates)
        tied = bool((ranks.candidates > 1).any() and (ranks.rank == (ranks.candidates + 1) / 2).all())
        used = {"device": _device().type, "threads": str(torch.get_num_threads())}
        return LinkRun(ranks, link_prediction(ranks, relations), curve, tied, used)


def validation_mrr(split: TripleSplit, config: TrainingConfig, progress: Progress = no_progress) -> Curve:
    """Train, and look at the validation part alone; what a search compares.

    :raises TrainingError: where numbers are not finite.
    """
    with _reproducible(config, split), tempfile.TemporaryDirectory(prefix="whyrec-trial-") as folder:
        return _trained(split, config, Path(folder), progress)[1]


def _reproducible(config: TrainingConfig, split: TripleSplit) -> AbstractContextManager[None]:
    few = config.batch_size_for(len(split.train.rows)) < MANY_ROWS
    return reproducible(_device(), one_thread=few)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _trained(split: TripleSplit, config: TrainingConfig, folder: Path, progress: Progress) -> tuple[Epochs, Curve]:
    nothing = split.test[:0]
    known = np.concatenate([split.train.rows, split.validation])  # of the test part, validation may know nothing
    epochs = Epochs(HeldOut(split.train, split.validation, nothing, known), config, _device(), folder)
    start, training = time.perf_counter(), 0.0
    while not epochs.finished:
        began = time.perf_counter()
        if not epochs.run_one():
            raise TrainingError(
                f"{config.model}: not finite after epoch {len(epochs.losses) + 1}; try a smaller learning rate (now "
                f"{config.step:g}) or dimension (now {config.dim})"
            )
        training += time.perf_counter() - began
        epochs.validate()
        note = f"validation MRR {epochs.curve[-1]:.4f}"
        progress(f"Training {config.model}", len(epochs.losses), config.epochs, note)
    epochs.take_best()
    seconds = time.perf_counter() - start
    speed = len(split.train.rows) * len(epochs.losses) / max(training, 1e-9)
    best = epochs.best_epoch
    assert best is not None
    return epochs, Curve(list(epochs.losses), list(epochs.curve), best, seconds, speed)


def _folded_in(epochs: Epochs, split: TripleSplit, config: TrainingConfig, types: NDArray[np.int64]) -> Scorer:
    """The trained vectors, with those of unseen entities fitted to the triples that are shown of them."""
    entity, relation = epochs.tables()
    entity, is_new = entity.copy(), np.zeros(len(entity), dtype=bool)
    is_new[split.new] = True
    for start, end in zip(types[:-1].tolist(), types[1:].tolist(), strict=True):
        mine = np.arange(start, end)
        old = mine[~is_new[mine]]
        entity[mine[is_new[mine]]] = entity[old].mean(axis=0) if len(old) else 0
    support = split.train.with_rows(split.support)
    return VectorScorer(config.model, fitted(config, entity, relation, split.new, support), relation)
