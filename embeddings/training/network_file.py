"""Networks on disk: what scores need besides vectors, of models whose score is no one matrix product."""

from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from embeddings.training.network import Network, NetworkScorer, factory_of, make_network, parameters_of
from embeddings.vectors.triples import TripleSet
from embeddings.vectors.vectors import NETWORK, VectorsManifest
from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot


def save_network(network: Network, folder: Path) -> None:
    """Write the parameters beside the vectors, in one step.

    :raises ModelError: where the folder cannot be written.
    """
    pending = folder / f"{NETWORK}.part"
    try:
        save_file(parameters_of(network), pending)
        pending.replace(folder / NETWORK)
    except (OSError, SafetensorError) as problem:
        raise ModelError(f"{folder}: the network cannot be written: {problem}") from problem


def open_network(folder: Path, manifest: VectorsManifest, snapshot: Snapshot) -> NetworkScorer:
    """Scores of a trained network; one that passes messages passes them along all triples of the snapshot.

    :raises ModelError: where it is missing, damaged or of other entities.
    """
    told = f"{folder / NETWORK}: missing or damaged; run `whyrec train` to make the model anew"
    try:
        arrays = load_file(folder / NETWORK)
    except (OSError, SafetensorError):
        raise ModelError(told) from None
    network = make_network(manifest.config, factory_of(TripleSet.of(snapshot, manifest.relations), manifest.config))
    parameters = {name for name, _ in network.named_parameters()}
    mine = {name: tensor for name, tensor in network.state_dict().items() if name in arrays}
    fits = {name for name, tensor in mine.items() if tuple(tensor.shape) == np.shape(arrays[name])}
    if not parameters <= fits:
        raise ModelError(told)
    network.load_state_dict({name: torch.tensor(arrays[name]) for name in fits}, strict=False)
    network.eval()
    return NetworkScorer(network)
