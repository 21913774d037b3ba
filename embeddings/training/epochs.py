"""Epoch after epoch of one training: the loop that fits the model, the validation curve, early stopping."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.link_prediction.held_out import HeldOut
from embeddings.link_prediction.metrics import rank_metrics
from embeddings.link_prediction.ranking import rank_triples
from embeddings.training.checkpoint import Arrays
from embeddings.training.network import (
    WITH_INVERSES,
    Network,
    NetworkScorer,
    factory_of,
    make_network,
    parameters_of,
    put_parameters,
)
from embeddings.training.products import ProductTraining
from embeddings.training.stock import StockTraining
from embeddings.training.tails import TailTraining
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.scoring import Scorer, VectorScorer
from embeddings.vectors.vectors import Judge, Until, unit_rows


class Loop(Protocol):
    """What the three loops have in common."""

    def epoch(self) -> float:
        """Train on every triple once; the mean loss."""

    def state(self) -> Arrays:
        """What the optimizer remembers."""

    def restore(self, state: Arrays) -> None:
        """Give it back."""


class Epochs:
    """The state of one training; every epoch draws its random numbers from (seed, number of the epoch).

    :param folder: an existing folder; PyKEEN's loop wants one and writes nothing there.
    :param until: a judge in place of the MRR of the validation part, or so many epochs, of which the last is taken.
    """

    def __init__(
        self,
        parts: HeldOut,
        config: TrainingConfig,
        device: torch.device,
        folder: Path,
        until: Until = None,
    ) -> None:
        self.parts, self.config = parts, config
        self.last: int | None = until if isinstance(until, int) else None
        self.judge: Judge | None = None if isinstance(until, int) else until
        self.batch_size = config.batch_size_for(len(parts.train.rows))
        self.losses: list[float] = []
        self.curve: list[float] = []
        self.best: Arrays = {}
        self._seed(0)
        factory = factory_of(parts.train, config)
        self.network: Network = make_network(config, factory).to(device)
        self.loop: Loop
        if config.loop == "products":
            self.loop = ProductTraining(self.network, parts.train, config, self.batch_size)
        elif config.loop == "tail products":
            self.loop = TailTraining(self.network, parts.train, config, self.batch_size)
        else:
            self.loop = StockTraining(self.network, (parts.train, factory), config, self.batch_size, folder)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch of the best validation, from 1, or the ``last``; ``None`` without a validation part."""
        if self.last is not None and self.curve:
            return len(self.curve)
        return int(np.argmax(self.curve)) + 1 if self.curve else None

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the last ones did not improve the validation MRR."""
        if self.last is not None:
            return len(self.losses) >= self.last
        waited = len(self.curve) - (self.best_epoch or 0)
        return len(self.losses) >= self.config.epochs or (bool(self.curve) and waited >= self.config.patience)

    def run_one(self) -> bool:
        """Run the next epoch; whether all its numbers are finite. Only then it counts."""
        self._seed(len(self.losses) + 1)
        loss = self.loop.epoch()
        tensors = [tensor for tensor in self.network.state_dict().values() if tensor.is_floating_point()]
        if not (np.isfinite(loss) and all(torch.isfinite(tensor).all() for tensor in tensors)):
            return False
        self.losses.append(loss)
        return True

    def validate(self) -> None:
        """Ask the judge, or rank the validation part, and keep the parameters where that is the best so far."""
        if self.judge is not None:
            self.curve.append(self.judge(unit_rows(self.tables()[0])))
        elif len(self.parts.validation) == 0:
            return
        else:
            scorer, parts = self.scorer(), self.parts
            ranks = rank_triples(scorer, parts.validation, parts.train, parts.known, self.config.candidates)
            self.curve.append(rank_metrics(ranks.rank, ranks.candidates).mrr)
        if self.last is None and self.best_epoch == len(self.curve):
            self.best = parameters_of(self.network)

    def take_best(self) -> None:
        """Put the parameters of the best epoch into the network."""
        if self.best:
            put_parameters(self.network, self.best)

    def scorer(self) -> Scorer:
        """Scores with the parameters as they are now."""
        if self.config.loop == "products":
            return VectorScorer(self.config.model, *self.tables())
        return NetworkScorer(self.network)

    def tables(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Entity and relation vectors as they are now: shapes (entities, d) and (relations, d)."""
        self.network.eval()
        parts = (self.network.entity_representations, self.network.relation_representations)
        with torch.inference_mode():
            none = np.zeros((self.parts.train.relations, 1), dtype=np.float32)  # UM has no relation vectors
            entity, relation = (part[0]().cpu().numpy() if len(part) else none for part in parts)
        flat = relation.reshape(len(relation), -1)
        return entity.reshape(len(entity), -1), flat[::2] if self.config.model in WITH_INVERSES else flat

    def _seed(self, epoch: int) -> None:
        state = np.random.SeedSequence([self.config.seed, epoch]).generate_state(1, np.uint64)
        torch.manual_seed(int(state[0]))
