"""Negatives for PyKEEN's own loop: most false heads and tails are of the relation's type, where candidates are."""

from typing import Any

import torch
from pykeen.sampling import NegativeSampler
from torch import Tensor

from embeddings.training.products import TYPED
from embeddings.vectors.triples import TripleSet


class TypedNegatives(NegativeSampler):
    """Replaces heads and tails by turns.

    :param bounds: shape (relations, 2, 2), int64: first entity and end of the head type and of the tail type; a row
        for the inverse of each relation too, where the model has those.
    """

    def __init__(self, *, bounds: Tensor, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.bounds = bounds

    def corrupt_batch(self, positive_batch: Tensor) -> Tensor:
        """False triples: shape (*batch, negatives, 3), int64; three of four of the right type."""
        number, device = self.num_negs_per_pos, positive_batch.device
        found = positive_batch.unsqueeze(-2).repeat_interleave(number, dim=-2)
        side = torch.arange(number, device=device) % 2
        bounds = self.bounds.to(device)[found[..., 1], side]
        bounds[..., round(TYPED * number) :, :] = torch.tensor([0, self.num_entities], device=device)
        part = torch.rand(found.shape[:-1], device=device, dtype=torch.float64)
        drawn = bounds[..., 0] + (part * (bounds[..., 1] - bounds[..., 0])).long()
        column = (2 * side).expand(found.shape[:-1]).unsqueeze(-1)
        return found.scatter(-1, column, drawn.unsqueeze(-1))


def bounds_of(triples: TripleSet, with_inverses: bool) -> Tensor:
    """The types of PyKEEN's relations: those of ours, each followed by that of its inverse where there are inverses."""
    there = torch.from_numpy(triples.ranges)
    return torch.stack([there, there.flip(1)], dim=1).flatten(0, 1) if with_inverses else there
