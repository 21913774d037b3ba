"""Training of entity vectors with PyKEEN: its model, loss, sampler and loop; our ids, checkpoints and seeds."""

import gc
import logging
import math
import platform
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from embeddings.triples import global_triples, relations_without
from embeddings.vectors import TrainingConfig, Vectors, VectorsManifest, unit_rows
from kg.errors import TrainingError
from kg.snapshot import Snapshot

try:
    import torch
    from pykeen.losses import CrossEntropyLoss, InfoNCELoss
    from pykeen.models import ComplEx, DistMult, ERModel, RotatE, TransE
    from pykeen.nn.init import xavier_normal_
    from pykeen.training import NonFiniteLossError, SLCWATrainingLoop, TrainingCallback
    from pykeen.triples import CoreTriplesFactory
    from pykeen.utils import NoRandomSeedNecessary
    from pykeen.version import VERSION as PYKEEN_VERSION

    from embeddings.checkpoint import NAME, Checkpoint, CheckpointHeader, discard_checkpoint
except (ModuleNotFoundError, OSError) as problem:
    raise TrainingError(
        f"torch and PyKEEN cannot be loaded: {problem}. Install them with pip install 'whyrec[train]'; PyKEEN also "
        "needs a folder to write to (PYSTOW_HOME, by default ~/.data). `--no-embeddings` does without them"
    ) from problem

__all__ = ["Epoch", "TrainingConfig", "train_vectors"]

CHECKPOINT_PAUSE = 20
"""A checkpoint is due when training has gone on this many times as long as the last one took to write: ≤ 5 %."""


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch; ``number`` counts from 1 to ``total``."""

    number: int
    total: int
    loss: float
    """Mean over the steps, lower is better; only comparable within one model and number of negatives."""
    triples_per_second: float


Progress = Callable[[Epoch], None]
Notice = Callable[[str], None]


def train_vectors(
    snapshot: Snapshot,
    config: TrainingConfig,
    folder: Path,
    progress: Progress | None = None,
    resume: bool = False,
    notice: Notice | None = None,
) -> Vectors:
    """Train on all triples of a snapshot and save the vectors; older vectors stay in place until then.

    On one machine, CPU and number of threads, the result is the same to the bit for the same snapshot and
    configuration, whether or not training was stopped and resumed in between.

    :param folder: for the vectors, and for the checkpoint while training is under way.
    :param progress: called after each epoch; what it raises stops training and leaves the last checkpoint.
    :param resume: go on from the checkpoint in the folder.
    :param notice: called with sentences for a person, such as that there is no checkpoint to go on from.
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
    with _reproducible(device):
        training = _Training(snapshot, config, folder, device, progress or (lambda _epoch: None))
        training.start(resume, notice or (lambda _sentence: None))
        training.run()
        saved = training.vectors().save(folder)
    discard_checkpoint(folder)
    return saved


class _Training(TrainingCallback):
    """One training: hands everything to PyKEEN's loop and watches it as its callback."""

    def __init__(
        self, snapshot: Snapshot, config: TrainingConfig, folder: Path, device: torch.device, progress: Progress
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # PyKEEN left this one without types
        self.snapshot, self.config, self.folder, self.progress = snapshot, config, folder, progress
        self.relations = relations_without(snapshot.schema, config.exclude)
        self.factory = _factory(snapshot, self.relations)
        self.batch_size = config.batch_size_for(self.factory.num_triples)
        self.environment = _environment(device)
        self.started = self.written = time.perf_counter()
        self._seed(0)
        self.network = _model(config, self.factory).to(device)
        self.loop = SLCWATrainingLoop(
            model=self.network,
            triples_factory=self.factory,
            optimizer=torch.optim.Adam(self.network.get_grad_params(), lr=config.learning_rate, fused=True),
            automatic_memory_optimization=False,
            negative_sampler="basic",
            negative_sampler_kwargs={"num_negs_per_pos": config.negatives},
        )
        self.losses: list[float] = []
        self.seconds, self.cost, self.seen = 0.0, 0.0, 0

    def start(self, resume: bool, notice: Notice) -> None:
        """Take over the state of the checkpoint, where that is wanted and there is one."""
        if not resume:
            if (self.folder / NAME).exists():
                notice(f"{self.folder}: the checkpoint of an unfinished training is replaced; --resume goes on from it")
            return
        checkpoint = Checkpoint.open(self.folder)
        if checkpoint is None:
            notice(f"{self.folder}: no checkpoint to go on from; training starts anew")
            return
        checkpoint.check(self.snapshot.hash, self.config)
        if changed := checkpoint.changed(self.environment):
            notice(f"the first {checkpoint.header.epoch} epochs ran elsewhere ({changed}): last bits may differ")
        self.network.load_state_dict({name: torch.tensor(array) for name, array in checkpoint.model.items()})
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, array in checkpoint.optimizer.items():
            number, _, key = name.partition(".")
            state.setdefault(int(number), {})[key] = torch.tensor(array)
        groups = self.loop.optimizer.state_dict()["param_groups"]
        self.loop.optimizer.load_state_dict({"state": state, "param_groups": groups})
        self.losses, self.seconds = list(checkpoint.header.losses), checkpoint.header.seconds
        self._seed(len(self.losses) + 1)

    def run(self) -> None:
        """Run the epochs that are left."""
        if len(self.losses) == self.config.epochs:
            return
        self.started = self.written = time.perf_counter()
        try:
            self.loop.train(
                self.factory,
                num_epochs=self.config.epochs - len(self.losses),
                batch_size=self.batch_size,
                continue_training=bool(self.losses),
                use_tqdm=False,
                pin_memory=self.network.device.type == "cuda",
                callbacks=self,
                checkpoint_directory=self.folder,  # it makes a folder and writes nothing there
            )
        except NonFiniteLossError:
            raise self._not_finite() from None

    def vectors(self) -> Vectors:
        """The vectors as they are now, with their manifest."""
        with torch.inference_mode():
            entity = self.network.entity_representations[0]().cpu().numpy()
            relation = self.network.relation_representations[0]().cpu().numpy()
        vocabulary, triples = self.snapshot.vocabulary, self.factory.num_triples
        _same("entities", len(entity), vocabulary.size)
        _same("relations", len(relation), len(self.relations))
        manifest = VectorsManifest(
            snapshot=self.snapshot.hash,
            config=self.config,
            batch_size=self.batch_size,
            entities={name: vocabulary.count(name) for name in vocabulary.types},
            relations=self.relations,
            triples=triples,
            losses=tuple(self.losses),
            seconds=self.seconds,
            triples_per_second=triples * len(self.losses) / self.seconds,
            environment=self.environment,
        )
        return Vectors(manifest, entity, relation, unit_rows(entity))

    def post_batch(self, epoch: int, batch: Mapping[str, torch.Tensor], **kwargs: Any) -> None:
        """Count the triples that PyKEEN really trains on."""
        self.seen += batch["positives"].shape[0]

    def post_epoch(self, epoch: int, epoch_loss: float, **kwargs: Any) -> None:
        """Check, keep, report, and start the next epoch from its own seed."""
        seconds = time.perf_counter() - self.started
        if not all(torch.isfinite(parameter).all() for parameter in self.network.parameters()):
            raise self._not_finite()
        _same("triples", self.seen, sum(self.snapshot.manifest.triples[name] for name in self.relations))
        self.losses.append(epoch_loss)
        self.seconds += seconds
        self._keep()
        self.progress(Epoch(len(self.losses), self.config.epochs, epoch_loss, self.seen / seconds))
        self._seed(len(self.losses) + 1)
        self.seen, self.started = 0, time.perf_counter()

    def _keep(self) -> None:
        start = time.perf_counter()
        if start - self.written < CHECKPOINT_PAUSE * self.cost:
            return
        model = {name: tensor.cpu().contiguous().numpy() for name, tensor in self.network.state_dict().items()}
        optimizer = {
            f"{number}.{key}": tensor.cpu().contiguous().numpy()
            for number, state in self.loop.optimizer.state_dict()["state"].items()
            for key, tensor in state.items()
        }
        header = CheckpointHeader(
            snapshot=self.snapshot.hash,
            config=self.config,
            losses=tuple(self.losses),
            seconds=self.seconds,
            environment=self.environment,
        )
        Checkpoint(header, model, optimizer).save(self.folder)
        self.written = time.perf_counter()
        self.cost = self.written - start

    def _seed(self, epoch: int) -> None:
        state = np.random.SeedSequence([self.config.seed, epoch]).generate_state(1, np.uint64)
        torch.manual_seed(int(state[0]))

    def _not_finite(self) -> TrainingError:
        discard_checkpoint(self.folder)  # going on from it would end here again
        return TrainingError(
            f"{self.config.model}: not finite after epoch {len(self.losses) + 1}; nothing was saved. "
            f"Try a smaller learning rate (now {self.config.learning_rate:g}) or dimension (now {self.config.dim})"
        )


def _model(config: TrainingConfig, factory: CoreTriplesFactory) -> ERModel[Any, Any, Any]:
    """PyKEEN's model; the loss is the cross-entropy of each triple against its negatives.

    Distances of TransE and RotatE differ by little, so their scores are multiplied by 8 (temperature 1/8). ComplEx
    does not learn from PyKEEN's default start, and DistMult hardly with vectors held at length 1.
    """
    common: Any = {"triples_factory": factory, "embedding_dim": config.dim, "random_seed": NoRandomSeedNecessary}
    if config.model == "DistMult":
        return DistMult(loss=CrossEntropyLoss(), entity_constrainer=None, regularizer=None, **common)
    if config.model == "ComplEx":
        common |= {"entity_initializer": xavier_normal_, "relation_initializer": xavier_normal_}
        return ComplEx(loss=CrossEntropyLoss(), regularizer=None, **common)
    scaled = InfoNCELoss(margin=0.0, log_adversarial_temperature=-math.log(8))
    if config.model == "RotatE":
        return RotatE(loss=scaled, **common)
    return TransE(loss=scaled, scoring_fct_norm=2, **common)


def _factory(snapshot: Snapshot, relations: Sequence[str]) -> CoreTriplesFactory:
    """PyKEEN's view of the graph, in our integers: nothing renumbered, isolated entities included."""
    triples, entities = global_triples(snapshot, relations), snapshot.vocabulary.size
    if len(triples) == 0 or entities < 2:
        raise TrainingError(
            f"nothing to train on: {entities} entities, {len(triples)} triples in {len(relations)} relations; "
            "load a graph first (`whyrec load`), or exclude fewer relations"
        )
    return CoreTriplesFactory(mapped_triples=triples, num_entities=entities, num_relations=len(relations))


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
def _reproducible(device: torch.device) -> Iterator[None]:
    """Deterministic kernels and random numbers of our own; the caller's are put back afterwards."""
    logger, deterministic = logging.getLogger("pykeen"), torch.are_deterministic_algorithms_enabled()
    level = logger.level
    gc.collect()
    gc.freeze()  # PyKEEN collects garbage after every epoch: do not let it walk all of torch each time
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), warnings.catch_warnings():
            # PyKEEN's loop always passes the argument that PyKEEN's instances warn about
            warnings.filterwarnings("ignore", "Training instances are always shuffled", DeprecationWarning)
            logger.setLevel(logging.CRITICAL)  # it announces errors that reach us anyway
            torch.use_deterministic_algorithms(device.type == "cpu")
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        logger.setLevel(level)
        gc.unfreeze()
