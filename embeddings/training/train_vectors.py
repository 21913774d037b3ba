"""Training of entity vectors with PyKEEN's models: our ids, loops, checkpoints and seeds."""

import gc
import logging
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.link_prediction.held_out import HeldOut
from embeddings.vectors.config import CHECKPOINT, TrainingConfig
from embeddings.vectors.triples import TripleSet, relations_without
from embeddings.vectors.vectors import Until, Vectors, VectorsManifest, unit_rows
from kg.counting import by_number
from kg.errors import TrainingError
from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot

try:
    import torch
    from pykeen.version import VERSION as PYKEEN_VERSION

    from embeddings.training.checkpoint import Checkpoint, CheckpointHeader, discard_checkpoint
    from embeddings.training.epochs import Epochs
    from embeddings.training.network import parameters_of, put_parameters
    from embeddings.training.network_file import save_network
except (ModuleNotFoundError, OSError) as problem:
    raise TrainingError(
        f"torch and PyKEEN cannot be loaded: {problem}. Install them with pip install 'whyrec[train]'; PyKEEN also "
        "needs a folder to write to (PYSTOW_HOME, by default ~/.data). `embeddings=False` does without them"
    ) from problem

__all__ = ["TrainingConfig", "reproducible", "train_vectors"]

MANY_ROWS = 1024
"""Rows of a batch below which one thread is used: several would wait for each other most of the time."""
FILLING: Any = torch.utils.deterministic
CHECKPOINT_PAUSE = 20
"""A checkpoint is due when training has gone on this many times as long as the last one took to write: ≤ 5 %."""


Notice = Callable[[str], None]


def train_vectors(
    snapshot: Snapshot,
    config: TrainingConfig,
    folder: Path,
    progress: Progress = no_progress,
    resume: bool = False,
    notice: Notice | None = None,
    until: Until = None,
) -> Vectors:
    """Train on the triples of a snapshot and save the vectors; older vectors stay in place until then.

    A small part of the triples is held out (``config.validation``) to stop in time and to calibrate scores. On one
    machine, CPU and number of threads, the result is the same to the bit for the same snapshot and configuration,
    whether or not training was stopped and resumed in between.

    :param folder: for the vectors, and for the checkpoint while training is under way.
    :param progress: told after each epoch; what it raises stops training and leaves the last checkpoint.
    :param resume: go on from the checkpoint in the folder.
    :param notice: called with sentences for a person, such as that there is no checkpoint to go on from.
    :param until: when it ends, where not by the validation MRR.
    :raises UsageError: for an excluded relation that the schema does not have.
    :raises TrainingError: where there is nothing to train on, numbers are not finite (nothing is saved), or the
        checkpoint is damaged or belongs to another snapshot or configuration.
    :raises ModelError: where the folder cannot be written.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise TrainingError(f"{folder}: cannot be made: {problem}") from problem
    batch_size = config.batch_size_for(sum(snapshot.manifest.triples.values()))
    with reproducible(device, one_thread=batch_size < MANY_ROWS):
        training = _Training(snapshot, config, folder, device, notice or (lambda _sentence: None), until)
        training.start(resume)
        training.run(progress)
        if config.loop != "products":
            save_network(training.epochs.network, folder)
        saved = training.vectors().save(folder)
    discard_checkpoint(folder)
    return saved


class _Training:
    """One training of a snapshot, with its checkpoints."""

    def __init__(
        self,
        snapshot: Snapshot,
        config: TrainingConfig,
        folder: Path,
        device: torch.device,
        notice: Notice,
        until: Until,
    ) -> None:
        self.snapshot, self.config, self.folder, self.notice = snapshot, config, folder, notice
        self.relations = relations_without(snapshot.schema, config.exclude)
        triples = TripleSet.of(snapshot, self.relations)
        if len(triples.rows) == 0 or triples.entities < 2:
            found = f"{triples.entities} [entity|entities], {len(triples.rows)} [triple|triples]"
            found = by_number(f"{found} in {len(self.relations)} [relation|relations]")
            raise TrainingError(
                f"nothing to train on: {found}; load a graph first (`whyrec load`), or exclude fewer relations"
            )
        self.parts, self.environment = HeldOut.of(triples, config), _environment(device)
        if config.loop == "stock":
            notice(f"{config.model} has no fast loop: PyKEEN's own trains it, several times slower")
        self.epochs = Epochs(self.parts, config, device, folder, until)
        self.measure = "NDCG@10" if callable(until) else "MRR"
        self.written, self.seconds, self.cost = time.perf_counter(), 0.0, 0.0

    def start(self, resume: bool) -> None:
        """Take over the state of the checkpoint, where that is wanted and there is one."""
        if not resume:
            if (self.folder / CHECKPOINT).exists():
                hint = "`resume=True` goes on from it"
                self.notice(f"{self.folder}: the checkpoint of an unfinished training is replaced; {hint}")
            return
        checkpoint = Checkpoint.open(self.folder)
        if checkpoint is None:
            self.notice(f"{self.folder}: no checkpoint to go on from; training starts anew")
            return
        checkpoint.check(self.snapshot.hash, self.config)
        header = checkpoint.header
        if changed := checkpoint.changed(self.environment):
            epochs = by_number(f"{header.epoch} [epoch|epochs]")
            self.notice(f"the first {epochs} ran elsewhere ({changed}): last bits may differ")
        put_parameters(self.epochs.network, checkpoint.model)
        self.epochs.loop.restore(checkpoint.optimizer)
        self.epochs.best = checkpoint.best
        self.epochs.losses, self.epochs.curve = list(header.losses), list(header.curve)
        self.seconds = header.seconds
        self.notice(f"{self.folder}: training goes on after epoch {header.epoch}")

    def run(self, progress: Progress) -> None:
        """Run the epochs that are left."""
        epochs = self.epochs
        limit = float("inf") if self.config.minutes is None else 60 * self.config.minutes
        while not epochs.finished and (self.seconds < limit or not epochs.losses):
            start = time.perf_counter()
            if not epochs.run_one():
                raise self._not_finite()
            seconds = time.perf_counter() - start
            self.seconds += seconds
            epochs.validate()
            self._keep()
            speed = len(self.parts.train.rows) / seconds
            number = len(epochs.losses)
            note = f"loss {epochs.losses[-1]:.4f}, {speed:,.0f} triples/s"
            if epochs.curve:
                best = f"best {max(epochs.curve):.4f}, epoch {epochs.best_epoch}"
                note += f", {self.measure} {epochs.curve[-1]:.4f} ({best})"
            progress(f"Training {self.config.model}", number, epochs.last or self.config.epochs, note)
        if not epochs.finished:
            over = f"its {self.config.minutes:g} minutes are over"
            self.notice(f"training stopped after epoch {len(epochs.losses)}: {over}")
        epochs.take_best()

    def vectors(self) -> Vectors:
        """The vectors as they are now, with their manifest."""
        epochs, vocabulary, triples = self.epochs, self.snapshot.vocabulary, len(self.parts.train.rows)
        entity, relation = epochs.tables()
        _same("entities", len(entity), vocabulary.size)
        _same("relations", len(relation), len(self.relations))
        manifest = VectorsManifest(
            snapshot=self.snapshot.hash,
            config=self.config,
            batch_size=epochs.batch_size,
            entities={name: vocabulary.count(name) for name in vocabulary.types},
            relations=self.relations,
            triples=triples,
            losses=tuple(epochs.losses),
            curve=tuple(epochs.curve),
            measure=self.measure,
            best_epoch=epochs.best_epoch,
            held_out=len(self.parts.known) - triples,
            score_card=self.parts.score_card(epochs.scorer(), self.config.seed),
            seconds=self.seconds,
            triples_per_second=triples * len(epochs.losses) / self.seconds,
            environment=self.environment,
        )
        return Vectors(manifest, entity, relation, unit_rows(entity))

    def _keep(self) -> None:
        start = time.perf_counter()
        if start - self.written < CHECKPOINT_PAUSE * self.cost:
            return
        header = CheckpointHeader(
            snapshot=self.snapshot.hash,
            config=self.config,
            losses=tuple(self.epochs.losses),
            curve=tuple(self.epochs.curve),
            seconds=self.seconds,
            environment=self.environment,
        )
        model = parameters_of(self.epochs.network)
        Checkpoint(header, model, self.epochs.loop.state(), self.epochs.best).save(self.folder)
        self.written = time.perf_counter()
        self.cost = self.written - start

    def _not_finite(self) -> TrainingError:
        discard_checkpoint(self.folder)  # going on from it would end here again
        return TrainingError(
            f"{self.config.model}: not finite after epoch {len(self.epochs.losses) + 1}; nothing was saved. "
            f"Try a smaller learning rate (now {self.config.step:g}) or dimension (now {self.config.dim})"
        )


def _same(what: str, used: int, expected: int) -> None:
    if used != expected:
        raise TrainingError(f"PyKEEN used {used} of {expected} {what}; nothing was saved, please report this")


def _environment(device: torch.device) -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__),
        "pykeen": PYKEEN_VERSION,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": str(torch.get_num_threads()),
    }


@contextmanager
def reproducible(device: torch.device, one_thread: bool = False) -> Iterator[None]:
    """Deterministic kernels and random numbers of our own; the caller's are put back afterwards."""
    threads = torch.get_num_threads()
    logger, deterministic = logging.getLogger("pykeen"), torch.are_deterministic_algorithms_enabled()
    level, filling = logger.level, FILLING.fill_uninitialized_memory
    gc.collect()
    gc.freeze()  # PyKEEN collects garbage after every epoch: do not let it walk all of torch each time
    try:
        torch.set_num_threads(1 if one_thread else threads)
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), warnings.catch_warnings():
            # PyKEEN's loop always passes the argument that PyKEEN's instances warn about
            warnings.filterwarnings("ignore", "Training instances are always shuffled", DeprecationWarning)
            warnings.filterwarnings("ignore", "Sparse invariant checks", UserWarning)  # R-GCN's message passing
            logger.setLevel(logging.CRITICAL)  # it announces errors that reach us anyway
            torch.use_deterministic_algorithms(device.type == "cpu")
            FILLING.fill_uninitialized_memory = False  # nothing here reads what it did not write
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
        FILLING.fill_uninitialized_memory = filling
        logger.setLevel(level)
        gc.unfreeze()
