"""Training by PyKEEN's own loop, for the models that have no faster one."""

from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from pykeen.training import NonFiniteLossError, SLCWATrainingLoop
from pykeen.triples import CoreTriplesFactory

from embeddings.training.network import Network
from embeddings.training.typed_negatives import TypedNegatives, bounds_of
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.triples import TripleSet
from kg.counting import by_number
from kg.errors import TrainingError

BATCH_NORMALISATION = (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)


class StockTraining:
    """The epochs of any model: random negatives for single triples, Adam on all parameters.

    :param graph: the training part, and PyKEEN's view of it.
    :raises TrainingError: where steps of one triple are asked of a model with batch normalisation.
    """

    def __init__(
        self,
        network: Network,
        graph: tuple[TripleSet, CoreTriplesFactory],
        config: TrainingConfig,
        batch_size: int,
        folder: Path,
    ) -> None:
        (triples, self.factory), self.folder, self.epochs = graph, folder, 0
        self.batch_size = min(batch_size, self.factory.num_triples)
        if self.batch_size == 1 and any(isinstance(part, BATCH_NORMALISATION) for part in network.modules()):
            got = by_number(f"{self.factory.num_triples:,} [triple|triples]")
            raise TrainingError(
                f"{config.model} normalises batches and needs at least two triples in each (got {got}, batches of 1); "
                "use more triples, or another model"
            )
        sampler: dict[str, Any] = {"negative_sampler": "basic"}
        arguments: dict[str, Any] = {"num_negs_per_pos": config.negatives_used}
        if config.candidates == "type":
            sampler = {"negative_sampler": TypedNegatives}
            arguments["bounds"] = bounds_of(triples, self.factory.create_inverse_triples)
        self.loop = SLCWATrainingLoop(
            model=network,
            triples_factory=self.factory,
            optimizer=torch.optim.Adam(network.get_grad_params(), lr=config.step, fused=True),
            automatic_memory_optimization=False,
            negative_sampler_kwargs=arguments,
            **sampler,
        )

    def state(self) -> dict[str, NDArray[Any]]:
        """Adam's moments."""
        return {
            f"{number}.{key}": tensor.cpu().contiguous().numpy()
            for number, state in self.loop.optimizer.state_dict()["state"].items()
            for key, tensor in state.items()
        }

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Put Adam's moments back."""
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, array in state.items():
            number, _, key = name.partition(".")
            moments.setdefault(int(number), {})[key] = torch.tensor(array)
        groups = self.loop.optimizer.state_dict()["param_groups"]
        self.loop.optimizer.load_state_dict({"state": moments, "param_groups": groups})

    def epoch(self) -> float:
        """One epoch of PyKEEN's loop; its mean loss, NaN where it is not finite."""
        try:
            losses = self.loop.train(
                self.factory,
                num_epochs=self.epochs + 1,
                batch_size=self.batch_size,
                drop_last=self.factory.num_triples % self.batch_size == 1,  # batch normalisation needs two
                continue_training=bool(self.loop.optimizer.state),  # else PyKEEN draws new parameters
                use_tqdm=False,
                checkpoint_directory=self.folder,  # it makes a folder and writes nothing there
                pin_memory=self.loop.model.device.type == "cuda",
            )
        except NonFiniteLossError:
            return float("nan")
        self.epochs += 1
        return float(losses[-1]) if losses else float("nan")
