"""The gradients that are written out are those that autograd finds for the loss as it is defined."""

import pytest
import torch
from torch import Tensor

from embeddings.training.products import softmax_gradients
from embeddings.training.row_adagrad import RowTable
from embeddings.vectors.geometry import GEOMETRIES
from embeddings.vectors.models import PRODUCTS
from embeddings.vectors.triples import HEAD, TAIL


def numbers(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    return torch.randn(shape, dtype=dtype).requires_grad_()


def flat(rows: Tensor) -> Tensor:
    return torch.view_as_real(rows.resolve_conj()).flatten(-2) if rows.is_complex() else rows


@pytest.mark.parametrize("side", [HEAD, TAIL])
@pytest.mark.parametrize("model", PRODUCTS)
def test_gradients_are_those_of_autograd(model: str, side: int) -> None:
    torch.manual_seed(0)
    geometry = GEOMETRIES[model]
    dtype = torch.complex128 if geometry.complex else torch.float64
    known, relation, true = (numbers((2, 3, 4), dtype) for _ in range(3))
    wrong, weight = numbers((2, 5, 4), dtype), torch.tensor([[1.0, 1, 1], [1, 1, 0]], dtype=torch.float64)
    same = torch.zeros((2, 3, 5), dtype=torch.bool)
    same[1, 1, 2] = True

    query = flat(geometry.query(side, known, relation))
    apart = query.unsqueeze(2) - flat(wrong).unsqueeze(1)
    if geometry.distance:
        scores = -geometry.sharpness * apart.norm(dim=3)
        right = -geometry.sharpness * (query - flat(true)).norm(dim=2)
    else:
        scores, right = query @ flat(wrong).mT, (query * flat(true)).sum(dim=2)
    every = torch.cat([right.unsqueeze(2), scores.masked_fill(same, -torch.inf)], dim=2)
    loss = ((every.logsumexp(dim=2) - right) * weight).sum()
    torch.autograd.backward(loss)

    vectors = [flat(part.detach()).clone() for part in (geometry.query(side, known, relation), true, wrong)]
    value, (by_query, by_true, by_wrong) = softmax_gradients(geometry, tuple(vectors), same, weight)
    assert value == pytest.approx(float(loss.detach()))
    if geometry.complex:
        by_query = torch.view_as_complex(by_query.view(2, 3, 4, 2))
    with torch.no_grad():
        pairs = [
            (geometry.pulled_back(side, by_query, relation), known),
            (geometry.relation_gradient(side, by_query, known), relation),
        ]
    for found, leaf in [*pairs, (by_true, true), (by_wrong, wrong)]:
        assert leaf.grad is not None
        torch.testing.assert_close(flat(found), flat(leaf.grad))


def test_only_touched_rows_change_and_steps_shrink_with_what_was_seen() -> None:
    table = RowTable(torch.nn.Parameter(torch.ones(5, 2)), rate=0.1)
    for step in (1, 2):
        rows, values = table.take([torch.tensor([3, 1]), torch.tensor([[1]])])
        assert rows.tolist() == [1, 3]
        gradient = torch.zeros_like(values)
        table.add(gradient, torch.tensor([1, 1, 3]), torch.tensor([[1.0, 2], [1, 2], [0, 4]]))
        assert gradient.tolist() == [[2, 4], [0, 4]]
        before = table.weight.clone()
        table.descend(rows, values, gradient)
        moved = (before - table.weight)[rows]
        torch.testing.assert_close(moved, 0.1 * gradient / (step * torch.tensor([[10.0], [8]])).sqrt())
    assert table.weight[[0, 2, 4]].eq(1).all()
