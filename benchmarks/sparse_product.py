"""TransE as SparseTransX trains it (Anik & Azad, MLSys 2025): h + r − t of a batch is one sparse-dense product.

Each row of the incidence matrix holds +1 at head and relation and −1 at the tail, of true and false triples alike; the
gradient of the table is the transposed product. Both matrices are given as CSR, which is the fastest that torch has.
"""

from typing import Any

import torch
from torch import Tensor

from embeddings.vectors.triples import TripleSet

RATE, MARGIN = 0.1, 0.5


class _Product(torch.autograd.Function):
    """``matrix @ table`` with the transposed matrix at hand."""

    @staticmethod
    def forward(context: Any, table: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
        """The product."""
        context.save_for_backward(transposed)
        return matrix @ table

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """The gradient of the table."""
        (transposed,) = context.saved_tensors
        return transposed @ gradients[0], None, None


class SparseTransE:
    """Epochs of TransE with random negatives, margin loss and Adagrad."""

    def __init__(self, triples: TripleSet, dim: int, negatives: int, batch: int) -> None:
        self.rows, self.entities, self.negatives, self.batch = (
            torch.from_numpy(triples.rows),
            triples.entities,
            negatives,
            batch,
        )
        self.size = triples.entities + triples.relations
        start = torch.nn.functional.normalize(torch.randn(self.size, dim), dim=1)
        self.table = torch.nn.Parameter(start)
        self.optimizer = torch.optim.Adagrad([self.table], lr=RATE)

    def epoch(self) -> None:
        """Train on every triple once."""
        for some in torch.split(torch.randperm(len(self.rows)), self.batch):
            true = self.rows[some]
            false = true.repeat(self.negatives, 1)
            side = 2 * torch.randint(2, (len(false),))
            false[torch.arange(len(false)), side] = torch.randint(self.entities, (len(false),))
            matrix = self._incidence(torch.cat([true, false]))
            distance = _Product.apply(self.table, matrix.to_sparse_csr(), matrix.t().coalesce().to_sparse_csr()).norm(
                dim=1
            )
            near, far = distance[: len(true)].repeat(self.negatives), distance[len(true) :]
            self.optimizer.zero_grad()
            torch.autograd.backward(torch.relu(MARGIN + near - far).sum())
            self.optimizer.step()

    def _incidence(self, triples: Tensor) -> Tensor:
        rows = torch.arange(len(triples)).repeat_interleave(3)
        columns = triples.clone()
        columns[:, 1] += self.entities
        signs = torch.tensor([1.0, 1.0, -1.0]).repeat(len(triples))
        found = torch.sparse_coo_tensor(torch.stack([rows, columns.reshape(-1)]), signs, (len(triples), self.size))
        return found.coalesce()
