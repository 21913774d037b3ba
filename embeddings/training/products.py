"""Training by matrix products: chunks of triples share their negatives, only touched rows are updated.

For a triple with score s⁺ and negatives s⁻ the loss is the softmax cross-entropy log(1 + Σ exp(s⁻ − s⁺)), on both
sides. One product of a chunk's queries with its negatives gives all s⁻ (see ``geometry``).
"""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.training.network import Network, table_of
from embeddings.training.row_adagrad import Constrainer, RowTable
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.geometry import GEOMETRIES, Geometry
from embeddings.vectors.triples import HEAD, TAIL, TripleSet

CHUNK = 512
TYPED = 0.75
"""Part of the negatives that are of the relation's type, where candidates are; the others are any entities."""
IMPOSSIBLE = -1e9
TINY = 1e-9


class ProductTraining:
    """The epochs of TransE, RotatE, DistMult or ComplEx; the parameters of the network are changed in place."""

    def __init__(self, network: Network, triples: TripleSet, config: TrainingConfig, batch_size: int) -> None:
        device = network.device
        self.geometry, self.batch_size = GEOMETRIES[config.model], batch_size
        self.rows = torch.from_numpy(triples.rows).to(device)
        self.ranges = torch.from_numpy(triples.ranges).to(device)
        self.entities = triples.entities
        self.negatives = config.negatives_used
        self.typed = round(TYPED * self.negatives) if config.candidates == "type" else 0
        self.tables = [
            RowTable(table_of(part), config.step, _on_flat_rows(part))
            for part in (network.entity_representations[0], network.relation_representations[0])
        ]

    def state(self) -> dict[str, NDArray[Any]]:
        """The accumulators."""
        return {str(number): table.accumulator.cpu().numpy() for number, table in enumerate(self.tables)}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Put the accumulators back."""
        for number, table in enumerate(self.tables):
            table.accumulator.copy_(torch.tensor(state[str(number)]))

    def epoch(self) -> float:
        """Train on every triple once; the mean loss of a triple and side. Draws from torch's random numbers."""
        order = torch.randperm(len(self.rows), device=self.rows.device)
        total = 0.0
        for start in range(0, len(order), self.batch_size):
            total += self._step(self.rows[order[start : start + self.batch_size]])
        return total / (2 * len(order))

    def _step(self, batch: Tensor) -> float:
        if self.typed:  # most chunks then have one relation, and share negatives of its types
            batch = batch[batch[:, 1].argsort(stable=True)]
        chunks, weight = _chunks(batch)
        negatives = [self._draw(chunks[..., 1], side) for side in (HEAD, TAIL)]
        ends, links = self.tables
        entity_rows, entity = ends.take([chunks[..., 0], chunks[..., 2], *negatives])
        relation_rows, relation = links.take([chunks[..., 1]])
        both = [ends.look_up(chunks[..., 2 * side], entity) for side in (HEAD, TAIL)]
        link = self._shaped(links.look_up(chunks[..., 1], relation))
        entity_gradient, relation_gradient = torch.zeros_like(entity), torch.zeros_like(relation)
        collected = [torch.zeros_like(both[0]) for _ in both]
        total = 0.0
        for side in (TAIL, HEAD):
            known, wrong = self._shaped(both[1 - side]), negatives[side]
            same = wrong.unsqueeze(1) == chunks[..., 2 * side].unsqueeze(2)
            query = self._flat(self.geometry.query(side, known, link))
            vectors = (query, both[side], ends.look_up(wrong, entity))
            loss, (by_query, by_true, by_wrong) = softmax_gradients(self.geometry, vectors, same, weight)
            total += loss
            by_query = self._shaped(by_query)
            collected[1 - side] += self._flat(self.geometry.pulled_back(side, by_query, link))
            collected[side] += by_true
            ends.add(entity_gradient, wrong, by_wrong)
            links.add(
                relation_gradient,
                chunks[..., 1],
                self._flat(self.geometry.relation_gradient(side, by_query, known)),
            )
        for side in (HEAD, TAIL):
            ends.add(entity_gradient, chunks[..., 2 * side], collected[side])
        ends.descend(entity_rows, entity, entity_gradient)
        links.descend(relation_rows, relation, relation_gradient)
        return total

    def _draw(self, relation: Tensor, side: int) -> Tensor:
        """Negatives of each chunk: shape (chunks, negatives), int64."""
        chunks, size = relation.shape
        drawn = torch.randint(self.entities, (chunks, self.negatives), device=relation.device)
        if self.typed:
            example = torch.randint(size, (chunks, self.typed), device=relation.device)
            bounds = self.ranges[relation.gather(1, example), side]
            part = torch.rand((chunks, self.typed), device=relation.device, dtype=torch.float64)
            drawn[:, : self.typed] = bounds[..., 0] + (part * (bounds[..., 1] - bounds[..., 0])).long()
        return drawn

    def _shaped(self, flat: Tensor) -> Tensor:
        return torch.view_as_complex(flat.view(*flat.shape[:-1], -1, 2)) if self.geometry.complex else flat

    def _flat(self, shaped: Tensor) -> Tensor:
        return torch.view_as_real(shaped.resolve_conj()).flatten(-2) if self.geometry.complex else shaped


def softmax_gradients(
    geometry: Geometry, vectors: tuple[Tensor, Tensor, Tensor], same: Tensor, weight: Tensor
) -> tuple[float, tuple[Tensor, Tensor, Tensor]]:
    """The loss and its gradients by queries, true entities and negatives, written out: autograd takes much longer.

    With s = −k‖q − t‖ or q · t and p the softmax of the scores: ∂loss/∂s⁻ = p⁻, ∂loss/∂s⁺ = −Σ p⁻.

    :param vectors: queries and true entities, (chunks, size, width), and negatives, (chunks, negatives, width).
    :param same: shape (chunks, size, negatives): negatives that are the true entity and do not count.
    :param weight: shape (chunks, size): of the triples.
    """
    query, true, wrong = vectors
    if geometry.distance:
        squares = query.square().sum(dim=2, keepdim=True) + wrong.square().sum(dim=2).unsqueeze(1)
        away = torch.baddbmm(squares, query, wrong.transpose(1, 2), alpha=-2).clamp_min_(TINY).sqrt_()
        apart = query - true
        goal = apart.square().sum(dim=2).clamp_min_(TINY).sqrt_()
        scores, right = away * -geometry.sharpness, goal * -geometry.sharpness
    else:
        scores, right = torch.bmm(query, wrong.transpose(1, 2)), (query * true).sum(dim=2)
    scores.masked_fill_(same, IMPOSSIBLE)
    highest = torch.maximum(scores.amax(dim=2), right)
    share = scores.sub_(highest.unsqueeze(2)).exp_()
    total = share.sum(dim=2) + (right - highest).exp_()
    loss = float(((total.log() + highest - right) * weight).sum())
    share.mul_((weight / total).unsqueeze(2))
    missed = share.sum(dim=2, keepdim=True)
    if not geometry.distance:
        by_query = torch.bmm(share, wrong).sub_(missed * true)
        return loss, (by_query, -missed * query, torch.bmm(share.transpose(1, 2), query))
    push = share.div_(away).mul_(-geometry.sharpness)
    pull = apart.mul_(geometry.sharpness * missed / goal.unsqueeze(2))
    by_query = torch.baddbmm(pull, push, wrong, alpha=-1).add_(query * push.sum(dim=2, keepdim=True))
    by_wrong = torch.baddbmm(wrong * push.sum(dim=1).unsqueeze(2), push.transpose(1, 2), query, alpha=-1)
    return loss, (by_query, -pull, by_wrong)


def _chunks(batch: Tensor) -> tuple[Tensor, Tensor]:
    """A batch as chunks of equal size, (chunks, size, 3), and the weights of their triples, 0 for what fills up."""
    number = -(-len(batch) // CHUNK)
    size = -(-len(batch) // number)
    missing = number * size - len(batch)
    weight = torch.ones(number * size, device=batch.device)
    if missing:
        batch = torch.cat([batch, batch[-1:].expand(missing, 3)])
        weight[-missing:] = 0
    return batch.view(number, size, 3), weight.view(number, size)


def _on_flat_rows(part: Any) -> Constrainer | None:
    """The constrainer of a PyKEEN embedding, for rows that hold complex numbers as pairs of real ones."""
    constrainer = part.constrainer
    if constrainer is None or not part.is_complex:
        found: Constrainer | None = constrainer
        return found
    return lambda rows: torch.view_as_real(constrainer(torch.view_as_complex(rows.view(len(rows), -1, 2)))).flatten(-2)
