"""Training of TuckER and ConvE by matrix products: their scores are linear in the tail.

score(h, r, t) = q(h, r) · t (+ the tail's bias), so the interaction, asked for the unit vectors as tails, gives the
query q, and one product scores a whole list of candidates. These are the tails of the batch and some random entities;
log-odds are corrected for how often a candidate is drawn (log Q). Heads are the tails of the inverse relations.
"""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.training.network import Network, table_of
from embeddings.training.row_adagrad import RowTable
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.triples import TripleSet

CHUNK = 512
DENSE_RATE = 0.03
"""Step of Adam for what is no table of entities, as part of the step of Adagrad for rows."""


class TailTraining:
    """The epochs of TuckER or ConvE; the parameters of the network are changed in place."""

    def __init__(self, network: Network, triples: TripleSet, config: TrainingConfig, batch_size: int) -> None:
        self.network, self.batch_size, self.negatives = network, min(batch_size, CHUNK), config.negatives_used
        rows = torch.from_numpy(triples.rows).to(network.device)
        there, back = rows.clone(), rows.flip(1)
        there[:, 1], back[:, 1] = 2 * rows[:, 1], 2 * rows[:, 1] + 1  # PyKEEN's numbers of inverse relations
        self.rows, self.entities = torch.cat([there, back]), triples.entities
        weights = [table_of(part) for part in network.entity_representations]
        self.tables = [RowTable(weight, config.step) for weight in weights]
        dense = [part for part in network.get_grad_params() if all(part is not weight for weight in weights)]
        self.adam = torch.optim.Adam(dense, lr=DENSE_RATE * config.step)
        self.units = torch.eye(config.dim, device=network.device).unsqueeze(0)

    def state(self) -> dict[str, NDArray[Any]]:
        """The accumulators and Adam's moments."""
        found = {f"row.{number}": table.accumulator.cpu().numpy() for number, table in enumerate(self.tables)}
        for number, moments in self.adam.state_dict()["state"].items():
            found |= {f"{number}.{name}": tensor.cpu().contiguous().numpy() for name, tensor in moments.items()}
        return found

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Put accumulators and moments back."""
        moments: dict[int, dict[str, Tensor]] = {}
        for key, array in state.items():
            number, _, name = key.partition(".")
            if number == "row":
                self.tables[int(name)].accumulator.copy_(torch.tensor(array))
            else:
                moments.setdefault(int(number), {})[name] = torch.tensor(array)
        self.adam.load_state_dict({"state": moments, "param_groups": self.adam.state_dict()["param_groups"]})

    def epoch(self) -> float:
        """Train on every triple and its inverse once; the mean loss. Draws from torch's random numbers."""
        self.network.train()
        order = torch.randperm(len(self.rows), device=self.rows.device)
        total = 0.0
        for batch in torch.split(order, self.batch_size):
            if len(batch) > 1 or len(order) == 1:  # batch normalisation needs two
                total += self._step(self.rows[batch])
        return total / len(order)

    def _step(self, batch: Tensor) -> float:
        tails, classes, counts = torch.unique(batch[:, 2], return_inverse=True, return_counts=True)
        drawn = torch.randint(self.entities, (self.negatives,), device=batch.device)
        candidates = torch.cat([tails, drawn])
        taken = [table.take([batch[:, 0], candidates]) for table in self.tables]
        for _, leaf in taken:
            leaf.requires_grad_()
        vectors = [table.look_up(candidates, leaf) for table, (_, leaf) in zip(self.tables, taken, strict=True)]
        query = self._query(self.tables[0].look_up(batch[:, 0], taken[0][1]), batch[:, 1])
        scores = query @ vectors[0].T
        if len(vectors) > 1:
            scores = scores + vectors[1].squeeze(1)
        uniform = self.negatives / self.entities
        expected = torch.cat([counts + uniform, torch.full_like(drawn, uniform, dtype=torch.float32)])
        scores = scores - expected.log()
        scores = scores.masked_fill(self._hidden(batch[:, 2], candidates, len(tails)), float("-inf"))
        loss = torch.nn.functional.cross_entropy(scores, classes, reduction="sum")
        self.adam.zero_grad()
        torch.autograd.backward(loss)
        self.adam.step()
        for table, (rows, leaf) in zip(self.tables, taken, strict=True):
            table.update(rows, leaf)
        return float(loss.detach())

    @staticmethod
    def _hidden(true: Tensor, candidates: Tensor, distinct: int) -> Tensor:
        """Where a drawn entity is the true tail once more."""
        same = true.unsqueeze(1) == candidates
        same[:, :distinct] = False
        return same

    def _query(self, head: Tensor, relation: Tensor) -> Tensor:
        """q(h, r): shape (n, d)."""
        link = self.network.relation_representations[0](relation)
        tail: Any = self.units if len(self.tables) == 1 else (self.units, self.units.new_zeros(1, len(self.units[0])))
        found: Tensor = self.network.interaction(h=head.unsqueeze(1), r=link.unsqueeze(1), t=tail)
        return found
