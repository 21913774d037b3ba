"""Transition: one step of a path kernel, T_r = D_head^-α · A_r · D_tail^-β. Nothing else writes this formula."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, diags_array

from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.degree_damping import DampingConfig
from recommender.kernels.kernel import Tail, Values
from recommender.kernels.trained_graph import AsTrained
from recommender.linalg.sparse_matrix import damping, row_lengths


@dataclass(frozen=True)
class Transition:
    """One step at a place in a tail: an edge from h to t weighs ``before[h] · edges[h, t] · after[t]``.

    ``edges``: shape (heads, tails), weights as they are in the graph; ``before`` = D_head^-α, shape (heads,); ``after``
    = D_tail^-β, shape (tails,); ``undoes``: whether the step is the inverse of the one before it, so that ways back to
    where that came from are left out.
    """

    edges: csr_array
    before: Values
    after: Values
    undoes: bool

    def matrix(self) -> csr_array:
        """T_r: shape (heads, tails), float64."""
        return csr_array(diags_array(self.before) @ self.edges @ diags_array(self.after))

    def rows(self, nodes: NDArray[np.integer]) -> csr_array:
        """The rows of some nodes in T_r: shape (nodes, tails), float64."""
        part = csr_array(self.edges[nodes])
        data = part.data * np.repeat(self.before[nodes], np.diff(part.indptr)) * self.after[part.indices]
        return csr_array((data, part.indices, part.indptr), shape=part.shape)

    def lengthened(
        self, products: Values, heads: NDArray[np.integer], weights: Values, tails: NDArray[np.integer] | int
    ) -> Values:
        """Products of paths, each longer by one edge from its head to its tail: shape (paths,)."""
        return np.asarray(products * (self.before[heads] * weights * self.after[tails]))


class Transitions:
    """The transitions of one snapshot; powers of degrees are taken once, matrices are kept.

    α = ``start`` for the first step of a tail and ``middle`` otherwise; β = ``end`` (or ``crossing``) for the last step
    and ``middle`` otherwise. An attribute that people do not come back to within a domain does not lead from its items
    into another domain, nor from another domain to them.

    :param trained: which degrees count as they were when the model was trained; none where absent.
    """

    def __init__(self, snapshot: Snapshot, config: DampingConfig, trained: AsTrained | None = None) -> None:
        self.snapshot, self.config = snapshot, config
        self.trained = AsTrained(snapshot) if trained is None else trained
        self._damped: dict[tuple[str, float], Values] = {}
        self._steps: dict[Tail, tuple[Transition, ...]] = {}
        self._matrices: dict[tuple[str, float, float, tuple[str, ...]], csr_array] = {}
        self._carries: dict[str, NDArray[np.bool_]] = {}

    def of(self, tail: Tail) -> tuple[Transition, ...]:
        """The transitions of all steps of a tail."""
        if tail not in self._steps:
            self._steps[tail] = tuple(self._transition(tail, position) for position in range(len(tail)))
        return self._steps[tail]

    def matrix(self, tail: Tail, position: int) -> csr_array:
        """T_r of the step at a place in a tail: shape (heads, tails), float64."""
        key = (tail[position], *self.exponents(tail, position), self.carriers(tail, position))
        if key not in self._matrices:
            self._matrices[key] = self.of(tail)[position].matrix()
        return self._matrices[key]

    def exponents(self, tail: Tail, position: int) -> tuple[float, float]:
        """α and β of the step at a place in a tail."""
        alpha = self.config.start if position == 0 else self.config.middle
        if position < len(tail) - 1:
            return alpha, self.config.middle
        return alpha, self.config.crossing if self._crosses(tail) else self.config.end

    def degrees(self, step: str) -> Values:
        """Degrees of the heads of a step, as the configuration counts them: shape (heads,)."""
        if self.config.degree == "sum":
            return self.trained.degrees(step)
        return row_lengths(self.snapshot.adjacency(step))

    def degrees_now(self, step: str) -> Values:
        """The same of the graph as it is now."""
        return self.snapshot.degrees(step) if self.config.degree == "sum" else self.degrees(step)

    def _transition(self, tail: Tail, position: int) -> Transition:
        step = tail[position]
        alpha, beta = self.exponents(tail, position)
        undoes = position > 0 and step == inverse_of(tail[position - 1])
        before, after = self._power(step, alpha), self._power(inverse_of(step), beta)
        for carrier in self.carriers(tail, position):
            after = after * self._carry(carrier)
        return Transition(self.snapshot.adjacency(step), before, after, undoes)

    def carriers(self, tail: Tail, position: int) -> tuple[str, ...]:
        """The steps from items to the attributes that a step leads to, where the tail leads from domain to domain by
        attributes alone."""
        schema = self.snapshot.schema
        nodes = [schema.ends(step)[0] for step in tail]
        source, target = schema.entity[nodes[0]].domain, schema.entity[schema.ends(tail[-1])[1]].domain
        if source in (None, target) or position == len(tail) - 1 or {*nodes} & {*schema.user_types}:
            return ()
        found = (tail[position], inverse_of(tail[position + 1]))
        return tuple(step for step in found if schema.ends(step)[0] in schema.item_types)

    def _carry(self, step: str) -> NDArray[np.bool_]:
        if step not in self._carries:
            self._carries[step] = self.trained.carries(step)
        return self._carries[step]

    def _power(self, step: str, exponent: float) -> Values:
        key = (step, exponent)
        if key not in self._damped:
            self._damped[key] = damping(self.degrees(step), exponent)
        return self._damped[key]

    def _crosses(self, tail: Tail) -> bool:
        """Whether people lead from an item of one domain to one of another."""
        schema = self.snapshot.schema
        domains = [schema.entity[name].domain for name in (schema.ends(tail[0])[0], schema.ends(tail[-1])[1])]
        return tail[-1] in schema.interactions and domains[0] is not None and domains[0] != domains[1]
