"""PyKEEN's models by name, unchanged, and their scores."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pykeen.losses import CrossEntropyLoss
from pykeen.models import ERModel, model_resolver
from pykeen.nn.init import xavier_normal_
from pykeen.nn.modules import ConvEShapeInformation
from pykeen.triples import CoreTriplesFactory
from pykeen.utils import NoRandomSeedNecessary

from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.models import TAIL_PRODUCTS
from embeddings.vectors.scoring import Indices
from embeddings.vectors.triples import TAIL, TripleSet
from kg.errors import TrainingError

Network = ERModel[Any, Any, Any]
XAVIER: dict[str, Any] = {"entity_initializer": xavier_normal_, "relation_initializer": xavier_normal_}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "TransE": {"scoring_fct_norm": 2},
    "DistMult": {"entity_constrainer": None, "regularizer": None},
    "ComplEx": {"regularizer": None, **XAVIER},
}
"""What differs from PyKEEN's defaults. ComplEx does not learn from its default start, and DistMult hardly with
vectors held at length 1."""

WITH_INVERSES = (*TAIL_PRODUCTS, "CompGCN")
"""Models that learn a vector for the inverse of each relation too, in every second row."""


def factory_of(triples: TripleSet, config: TrainingConfig) -> CoreTriplesFactory:
    """PyKEEN's view of the graph, in our integers: nothing renumbered, isolated entities included."""
    return CoreTriplesFactory(
        mapped_triples=torch.from_numpy(triples.rows),
        num_entities=triples.entities,
        num_relations=triples.relations,
        create_inverse_triples=config.model in WITH_INVERSES,
    )


def make_network(config: TrainingConfig, factory: CoreTriplesFactory) -> Network:
    """A new model with random parameters; its loss is the cross-entropy of each triple against its negatives.

    :raises TrainingError: where the model does not fit the dimension.
    """
    arguments: dict[str, Any] = {
        "triples_factory": factory,
        "embedding_dim": config.dim,
        "random_seed": NoRandomSeedNecessary,
    }
    if config.model == "ConvE" and ConvEShapeInformation.make(embedding_dim=config.dim).num_in_features < 1:
        raise TrainingError(
            f"ConvE of dimension {config.dim}: its picture of head and relation is smaller than its filters; "
            "try a dimension with more factors, such as 32 or 64"
        )
    try:
        network = model_resolver.lookup(config.model)(
            loss=CrossEntropyLoss(), **arguments, **ARGUMENTS.get(config.model, {})
        )
    except (ValueError, TypeError) as problem:
        raise TrainingError(f"{config.model} of dimension {config.dim}: {problem}; try another dimension") from problem
    assert isinstance(network, ERModel)
    return network


class NetworkScorer:
    """Scores of any PyKEEN model, as its own evaluator takes them."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @property
    def entities(self) -> int:
        """Number of entities."""
        return int(self._network.num_entities)

    def block(self, side: int, known: Indices, relation: Indices) -> NDArray[np.float32]:
        """Scores of all candidates: shape (n, entities)."""
        with torch.inference_mode():
            if side == TAIL:
                found = self._network.predict_t(torch.from_numpy(np.stack([known, relation], axis=1)))
            else:
                found = self._network.predict_h(torch.from_numpy(np.stack([relation, known], axis=1)))
            return np.asarray(found.cpu().numpy(), dtype=np.float32)

    def margin(self, side: int, known: Indices, relation: Indices) -> NDArray[np.float64]:
        """Zeros: the block is exact."""
        return np.zeros(len(known))

    def exact(self, side: int, known: Indices, relation: Indices, candidate: Indices) -> NDArray[np.float64]:
        """Scores of single candidates: shape (n,)."""
        ends = (known, candidate) if side == TAIL else (candidate, known)
        return self.score(np.stack([ends[0], relation, ends[1]], axis=1))

    def score(self, triples: Indices) -> NDArray[np.float64]:
        """Scores of triples: shape (n,)."""
        with torch.inference_mode():
            found = self._network.predict_hrt(torch.from_numpy(triples))
        return np.asarray(found.squeeze(1).cpu().numpy(), dtype=np.float64)


def table_of(part: Any) -> torch.nn.Parameter:
    """The parameters of a PyKEEN embedding: shape (rows, width); complex numbers are pairs of real ones."""
    found: torch.nn.Parameter = part._embeddings.weight
    return found


def parameters_of(network: Network) -> dict[str, NDArray[Any]]:
    """All parameters and buffers by name: C-contiguous arrays, copies."""
    return {name: tensor.detach().cpu().contiguous().numpy().copy() for name, tensor in network.state_dict().items()}


def put_parameters(network: Network, arrays: dict[str, NDArray[Any]]) -> None:
    """Put parameters back."""
    network.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
