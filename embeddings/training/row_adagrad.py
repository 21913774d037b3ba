"""Adagrad with one accumulator per row, for tables of which a step touches few rows."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

EPSILON = 1e-10
Constrainer = Callable[[Tensor], Tensor]


class RowTable:
    """A table of vectors that is trained row by row.

    A step takes the rows it touches as a leaf of autograd, and only those are updated: g is a row's gradient,
    A its accumulator, A ← A + mean(g²), row ← row − rate · g / √A.

    :param parameter: shape (rows, width), float32; changed in place.
    :param constrainer: applied to updated rows, such as scaling to length 1.
    """

    def __init__(self, parameter: torch.nn.Parameter, rate: float, constrainer: Constrainer | None = None) -> None:
        self.weight, self.rate, self.constrainer = parameter.data, rate, constrainer
        self.accumulator = torch.zeros(len(self.weight), device=self.weight.device)
        self._touched = torch.zeros(len(self.weight), dtype=torch.bool, device=self.weight.device)
        self._position = torch.zeros(len(self.weight), dtype=torch.int64, device=self.weight.device)

    def take(self, indices: Iterable[Tensor]) -> tuple[Tensor, Tensor]:
        """The rows that a step touches.

        :param indices: int64 of any shape.
        :returns: row numbers, shape (n,), and their values, shape (n, width): a copy that may become a leaf.
        """
        for some in indices:
            self._touched[some.reshape(-1)] = True
        rows = self._touched.nonzero().squeeze(1)
        self._touched[rows] = False
        self._position[rows] = torch.arange(len(rows), device=rows.device)
        return rows, self.weight.index_select(0, rows)

    def look_up(self, indices: Tensor, leaf: Tensor) -> Tensor:
        """Rows of the leaf: shape (*indices.shape, width)."""
        positions = self._position[indices]  # index_select's gradient is much faster than that of an embedding
        return leaf.index_select(0, positions.reshape(-1)).view(*positions.shape, leaf.shape[1])

    def add(self, gradient: Tensor, indices: Tensor, some: Tensor) -> None:
        """Add gradients of looked-up rows, shape (*indices.shape, width), to the gradient of the leaf."""
        gradient.index_add_(0, self._position[indices].reshape(-1), some.reshape(-1, some.shape[-1]))

    def update(self, rows: Tensor, leaf: Tensor) -> None:
        """One step down the gradient that the leaf has collected."""
        if leaf.grad is not None:
            self.descend(rows, leaf.detach(), leaf.grad)

    def descend(self, rows: Tensor, values: Tensor, gradient: Tensor) -> None:
        """One step down a gradient; all of shape (n, width) but the numbers of the rows, (n,)."""
        with torch.no_grad():
            sums = self.accumulator.index_select(0, rows).add_(gradient.square().mean(dim=1))
            self.accumulator.index_copy_(0, rows, sums)
            new = values - gradient * (self.rate / (sums.sqrt() + EPSILON)).unsqueeze(1)
            self.weight.index_copy_(0, rows, new if self.constrainer is None else self.constrainer(new))
