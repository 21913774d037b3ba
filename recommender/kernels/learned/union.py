"""Union kernel: what two items share over any relation, summed before it is damped."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csc_array, csr_array, diags_array, hstack, vstack

from kg.document import Document
from kg.schema import Schema, inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.change import Change
from recommender.kernels.item_column import ItemColumn, ItemDegree
from recommender.kernels.kernel import Idxs, Kept, LearnedKernel, Values, relation_parts
from recommender.linalg.moved_rows import GONE, Move, lost_rows, moved, reaching, touched_rows
from recommender.linalg.pruned_product import Factor, Product, kernel_product
from recommender.linalg.sparse_matrix import binary, damping, times_columns, times_rows, top_per_row
from recommender.linalg.updated_product import updated_product
from recommender.texts.language import Notice

PEOPLE, ATTRIBUTES = 4.0, 3.0
START, END = 0.5, 0.2
MOST_WORK = 2e10
"""Multiplications beyond which the kernel stays empty: hours, in a graph where everything shares something."""


class UnionConfig(Document):
    """What the relations of the union count."""

    weights: dict[str, float] = Field(default_factory=dict)
    """Step → w_r as it was when the blend was learned; else that of the graph, which one more triple changes."""


class Union(LearnedKernel):
    """What the items of two types share over any relation::

        K = D_a^-½ (Σ_r w_r A_r D_t^-½ A_r'ᵀ) D_i^-0.2

    over all relations r, r' that lead from both types to the same nodes (from one type: r = r'). A: 1 where there is a
    triple; D_t: degrees of the nodes; w_r: 4 for what people used, 3 / √(mean number of tails) for attributes;
    D_a, D_i: Σ_r w_r times the degrees of anchors and items. Evidence of several relations adds up before it is damped,
    where separate kernels damp each of its own. Own recipe, after RP3β (Paudel et al., 2017).
    """

    name, symbol = "union", "∪"

    @property
    def reads(self) -> tuple[str, ...]:
        """All relations that lead from both types to the same nodes."""
        pairs = union_pairs(self.inputs.snapshot.schema, self.anchor_type, self.item_type)
        return relation_parts(step for pair in pairs for step in pair)

    @property
    def decided_by(self) -> str:
        """The weights, where they are not those of the graph."""
        return "" if self._config == UnionConfig() else self._config.model_dump_json()

    def matrix(self) -> csr_array:
        """K, see :class:`Union`; empty where that would take too long."""
        factors = self._factors()
        if factors is None or self._too_much(factors):
            return self._empty()
        return kernel_product(factors, self.inputs.top, closed=self._closed)

    def by_attributes(self) -> Callable[[Idxs], csr_array]:
        """Makes some rows of the kernel that would be without what people did, not scaled."""
        factors, top = self._factors(people=False), self.inputs.top
        if factors is None or self._too_much(factors):
            empty = self._empty()
            return lambda rows: csr_array(empty[rows])
        product = Product.of(factors, closed=self._closed)
        return lambda rows: top_per_row(product.rows(rows), top)

    def updated(self, before: "Union", change: Change, kept: Kept) -> csr_array | None:
        """Rows and columns that reach nothing that changed are taken over."""
        pair = self._factors_both(before, change)
        if pair is None or any(_work(one) > MOST_WORK for one in pair):
            return None
        return updated_product(pair[0], self.inputs.top, kept.earlier(pair[1]), closed=self._closed)

    def touched(self, before: Any, change: Change, *, people: bool) -> NDArray[np.bool_]:
        """Which rows can differ from what they were: shape (anchors,), bool."""
        pair = self._factors_both(before, change, people=people)
        if pair is None:
            return np.ones(self.inputs.snapshot.vocabulary.count(self.anchor_type), dtype=bool)
        now, then = ([matrix for factor in one for matrix in factor] for one in pair)
        return touched_rows(now, then) | self._bereft(before, change, (now[0], then[0]), people=people)

    def _bereft(
        self, before: "Union", change: Change, lefts: tuple[csr_array, csr_array], *, people: bool
    ) -> NDArray[np.bool_]:
        """Which rows reached an item that is gone, so that a pruned one has room for another: shape (anchors,)."""
        found, move = np.zeros(lefts[0].shape[0], dtype=bool), change.move(self.item_type)
        factors = before._factors(people=people) if move is not None and (move == GONE).any() else None
        if factors is None:
            return found
        lost = lost_rows(factors[1][0], self._nodes(change, people=people), move, lefts[0].shape[1])
        return reaching(lefts[0], lost) | reaching(lefts[1], lost)

    def _nodes(self, change: Change, *, people: bool) -> Move:
        """Where the nodes in the middle are after a change."""
        schema = self.inputs.snapshot.schema
        return change.joined([schema.ends(there)[1] for there, _ in self._pairs(people=people)])

    def _factors_both(
        self, before: "Union", change: Change, *, people: bool = True
    ) -> tuple[list[Factor], list[Factor]] | None:
        """The factors now and then, with the entities where they are now."""
        now, then = self._factors(people=people), before._factors(people=people)
        if now is None or then is None:
            return None
        nodes = self._nodes(change, people=people)
        moves = ((change.move(self.anchor_type), nodes), (nodes, change.move(self.item_type)))
        pairs = zip(then, moves, now, strict=True)
        return now, [(moved(one[0], *move, like[0].shape),) for one, move, like in pairs]

    def _pairs(self, *, people: bool) -> list[tuple[str, str]]:
        schema = self.inputs.snapshot.schema
        personal = {name for name, one in schema.entity.items() if one.sensitive} | {*schema.user_types}
        pairs = union_pairs(schema, self.anchor_type, self.item_type)
        return [pair for pair in pairs if people or schema.ends(pair[0])[1] not in personal]

    def _factors(self, *, people: bool = True) -> list[Factor] | None:
        """The two matrices whose product the kernel is; ``None`` where nothing leads from both types to one node.

        :param people: whether what people did counts too, or attributes alone.
        """
        snapshot, links, left, right = self.inputs.snapshot, self._links, list[csr_array](), list[csr_array]()
        anchors, items = (np.zeros(snapshot.vocabulary.count(end)) for end in (self.anchor_type, self.item_type))
        for there, back in self._pairs(people=people):
            one, other = self._weight(there), self._weight(back)
            left.append(self._half(there) * np.sqrt(one * other))
            right.append(csr_array(self._half(back).T))
            anchors += one * links(there)
            items += other * links(back)
        if not left:
            return None
        start, end = diags_array(damping(anchors, START)), diags_array(damping(items, END))
        return [(csr_array(start @ hstack(left, format="csr")),), (csr_array(vstack(right, format="csr") @ end),)]

    def _half(self, step: str) -> csr_array:
        """A D_t^-¼ of a step."""
        damped = diags_array(damping(self._links(inverse_of(step)), 0.25))
        return csr_array(binary(self.inputs.snapshot.adjacency(step)) @ damped)

    def _links(self, step: str) -> Values:
        """How many links each node has that a step starts from."""
        return self.inputs.as_trained.links(step)

    def _weight(self, step: str) -> float:
        found = self._config.weights.get(step)
        return union_weight(self.inputs.snapshot, step) if found is None else found

    def _too_much(self, factors: list[Factor]) -> bool:
        """Whether the kernel is left empty, which is told then."""
        work = _work(factors)
        if work > MOST_WORK:
            told = {"work": f"{work:.1e}", "most": f"{MOST_WORK:.0e}"}
            notice = Notice.of("union_left_out", anchors=self.anchor_type, items=self.item_type, **told)
            self.inputs.left_out[notice] = None
        return work > MOST_WORK

    def _empty(self) -> csr_array:
        count = self.inputs.snapshot.vocabulary.count
        return csr_array((count(self.anchor_type), count(self.item_type)))

    @property
    def _closed(self) -> bool:
        return self.anchor_type == self.item_type

    @property
    def _config(self) -> "UnionConfig":
        return self.inputs.config(self.name, UnionConfig)

    def column(self, anchors: Idxs, item: int, steps: Sequence[str]) -> ItemColumn:
        """The weights w_r stay as they are."""
        snapshot, same = self.inputs.snapshot, self.anchor_type == self.item_type
        own, fixed, degree, weights = np.zeros(len(anchors)), np.zeros(len(anchors)), 0.0, dict[str, float]()
        ways, added = dict[str, csr_array](), dict[str, csr_array]()
        for there, back in union_pairs(snapshot.schema, self.anchor_type, self.item_type):
            one, other = self._weight(there), self._weight(back)
            links = binary(csr_array(snapshot.adjacency(there)[anchors]))
            own += one * self._links(there)[anchors]
            degrees = self._links(inverse_of(back))
            known = np.where(degrees > 0, damping(degrees, 0.25), 1.0)
            before = damping(self._links(inverse_of(there)), 0.25) * np.sqrt(one * other)
            grown = np.divide(degrees + 1, degrees, out=np.ones(len(degrees)), where=degrees > 0)
            idx, counted = snapshot.neighbours(back, item)[0], self._links(back)[item]
            if back in steps:
                degree += other * (counted - len(idx))
                ways[back] = ways.get(back, 0) + times_columns(links, before * known)
                more = grown ** -(0.5 if same else 0.25)
                added[back] = added.get(back, 0) + times_columns(links, before * known * more)
                weights[back] = weights.get(back, 0.0) + other
            else:
                fixed += np.asarray(times_columns(links, before * known)[:, idx].sum(axis=1)).ravel()
                degree += other * counted
        start = damping(own, START) * (1.0 if not same else anchors != item)
        return ItemColumn(
            {step: csc_array(times_rows(matrix, start)) for step, matrix in ways.items()},
            {step: csc_array(times_rows(matrix, start)) for step, matrix in added.items()},
            fixed * start,
            np.full(len(anchors), -np.inf),
            ItemDegree(END, 0, tuple(weights.items()), degree),
        )


def union_pairs(schema: Schema, anchor_type: str, item_type: str) -> list[tuple[str, str]]:
    """Steps from the two types that lead to the same type of node, no item; from one type, each with itself."""
    steps = [step for name in schema.relation for step in (name, inverse_of(name)) if name not in schema.rules]
    ends = {step: schema.ends(step) for step in steps}
    first = [step for step in steps if ends[step][0] == anchor_type and ends[step][1] not in schema.item_types]
    second = [step for step in steps if ends[step][0] == item_type and ends[step][1] not in schema.item_types]
    if anchor_type == item_type:
        return [(step, step) for step in first]
    return [(one, other) for one in first for other in second if ends[one][1] == ends[other][1]]


def union_weight(snapshot: Snapshot, step: str) -> float:
    """w_r of a step."""
    if snapshot.schema.ends(step)[1] in snapshot.schema.user_types:
        return PEOPLE
    matrix = snapshot.adjacency(step)
    mean = matrix.nnz / max(np.count_nonzero(np.diff(matrix.indptr)), 1)
    return float(ATTRIBUTES / np.sqrt(max(mean, 1.0)))


def _work(factors: list[Factor]) -> float:
    """Multiplications of the product."""
    left, right = factors[0][0], factors[1][0]
    return float(np.bincount(left.indices, minlength=left.shape[1]) @ np.diff(right.indptr))
