"""Association: a ridge regression of every item on those near it, from interactions and attributes together."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, hstack

from kg.document import Document
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions
from recommender.kernels.kernel import Change, Kept, LearnedKernel, relation_parts
from recommender.linalg.local_ridge import nearness, regressions
from recommender.linalg.moved_rows import changed_rows, lost_rows, moved, reaching, with_rows
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import damping, times_rows, top_per_row
from recommender.linalg.updated_product import Earlier, updated_product

INTERACTIONS = "interactions"
NEAR, SOLVED = "near", "solved"
Values = NDArray[np.float64]


class AssociationConfig(Document):
    """How interactions and attributes count in the regression; ``train`` learns it on a validation part."""

    ridge: float = Field(default=100.0, gt=0)
    """λ: larger, and only what many people or many attributes say survives."""
    weights: dict[str, float] = Field(default_factory=dict)
    """Attribute step → w_r ≥ 0; 1 where it is missing."""
    popularity: float = Field(default=0.0, ge=0, le=1)
    """γ: each entry is multiplied by ``(1 + n_j)^γ``, n_j the interactions of the item it leads to; the ridge shrinks
    everything towards nothing, popular items too much."""
    anchors: float = Field(default=0.0, ge=0, le=1)
    """α: each entry is divided by ``(1 + n_i)^α``, n_i the interactions of the anchor: what everybody uses says little
    of anybody."""
    neighbours: int = Field(default=100, ge=1)
    """K: on how many items of each type an item is regressed."""
    means: dict[str, float] = Field(default_factory=dict)
    """``interactions`` → c, attribute step → √d_r as they were when this was learned; else those of the graph, which
    one more triple changes."""


class Association(LearnedKernel):
    """The part of the regression between two item types; it is solved once for all of them.

    EASE (Steck, 2019) with the attributes of the items as further, fictitious users, and in place of the inverse of an
    items × items matrix one small system for each item j and the K items of each type that are nearest to it, N::

        F = [√c · D_u^-¼ Xᵀ | √(w_r / √d_r) · A_r D_t^-¼ …],   G = F Fᵀ,   b_j = (G_NN + λ I)^-1 G_Nj
        B_ij = max(0, b_j[i]) · (1 + n_j)^γ / (1 + n_i)^α

    X: users × items, 1 where used; A_r: items × tails of an attribute relation r, nodes of degree 1 dropped; D: degrees
    of users and tails; d_r: mean number of tails per item; c: keeps the trace of the first term at the number of
    interactions. Nearest by :func:`recommender.linalg.local_ridge.nearness`.
    """

    name, symbol = "association", "≈"

    @property
    def decided_by(self) -> str:
        """The configuration."""
        return self._config.model_dump_json()

    @property
    def reads(self) -> tuple[str, ...]:
        """What people use, and the attributes of all items."""
        snapshot = self.inputs.snapshot
        return relation_parts((*snapshot.schema.interactions, *attribute_steps_of(snapshot)))

    @property
    def beside(self) -> tuple[str, ...]:
        """Which items are near, and what was solved."""
        return NEAR, SOLVED

    def matrix(self) -> csr_array:
        """B between the items of the two types."""
        return self._cut(self._solved()[1])

    def updated(self, before: "Association", change: Change, kept: Kept) -> csr_array | None:
        """Only items to which something near has changed are solved again."""
        if self.inputs.open is None or before.inputs.open is None:
            return None
        solved = self.inputs.once(self.name, lambda: self._solved_again(before, change))
        return csr_array(self._cut(solved[1]) * kept.scale)

    def _cut(self, solved: csr_array) -> csr_array:
        """The part of the two types: clipped, by popularity, pruned."""
        slices, config = self._interactions().catalogue.slices, self._config
        counts = 1.0 + self._interactions().counts
        heads, tails = slices[self.anchor_type], slices[self.item_type]
        part = csr_array(csr_array(solved[tails])[:, heads])
        found = csr_array((np.maximum(part.data, 0.0), part.indices, part.indptr), shape=part.shape)
        found = csr_array(times_rows(found, counts[tails] ** config.popularity).T)
        found.eliminate_zeros()
        return top_per_row(times_rows(found, counts[heads] ** -config.anchors), self.inputs.top)

    def _solved(self) -> tuple[csr_array, csr_array]:
        """Which items are near, and b_j of each, on the axis of the catalogue; read where it is on disk."""
        return self.inputs.once(self.name, lambda: self._open() or self._kept(*self._solved_anew()))

    def _solved_anew(self) -> tuple[csr_array, csr_array]:
        features = self._features()
        near = nearest(features, list(self._interactions().catalogue.slices.values()), self._config.neighbours)
        return near, regressions(features, near, self._config.ridge, np.arange(features.shape[0]))

    def _solved_again(self, before: "Association", change: Change) -> tuple[csr_array, csr_array]:
        known, top = before._open(), self._config.neighbours
        if known is None:
            return self._kept(*self._solved_anew())
        catalogue, features = self._interactions().catalogue, self._features()
        items, columns = change.joined(catalogue.types), change.joined(_feature_types(change.now))
        then = moved(before._features(), items, columns, features.shape)
        shape = (catalogue.size, catalogue.size)
        near_then, solved_then = (moved(one, items, items, shape) for one in known)
        lost, near = lost_rows(known[0], items, items, catalogue.size), []
        for part in catalogue.slices.values():
            earlier = Earlier(nearness(then, part), _within(near_then, part), lost)
            near.append(updated_product(nearness(features, part), top, earlier, closed=True))
        found = _together(near, catalogue.size)
        changed = changed_rows(features, then)
        again = changed_rows(found, near_then) | changed | reaching(found, changed)
        rows = np.flatnonzero(again)
        parts = regressions(features, found, self._config.ridge, rows)
        return self._kept(found, with_rows(solved_then, rows, parts))

    def _features(self) -> csr_array:
        return self.inputs.once(
            f"{self.name}.features", lambda: features_of(self.inputs.snapshot, self._interactions(), self._config)
        )

    def _open(self) -> tuple[csr_array, csr_array] | None:
        found = [self.inputs.open(self, name) for name in (NEAR, SOLVED)] if self.inputs.open else [None]
        near, solved = found[0], found[-1]
        return None if near is None or solved is None else (near, solved)

    def _kept(self, near: csr_array, solved: csr_array) -> tuple[csr_array, csr_array]:
        if self.inputs.keep is not None:
            self.inputs.keep(self, NEAR, near)
            self.inputs.keep(self, SOLVED, solved)
        return near, solved

    @property
    def _config(self) -> AssociationConfig:
        return self.inputs.config(self.name, AssociationConfig)


def nearest(features: csr_array, parts: Sequence[slice], neighbours: int) -> csr_array:
    """The items of each part that are nearest to each item, itself left out: shape (items, items), sorted.

    :param parts: where the items of each type are.
    """
    found = [kernel_product(nearness(features, part), neighbours, closed=True) for part in parts]
    return _together(found, features.shape[0])


def features_of(snapshot: Snapshot, interactions: Interactions, config: AssociationConfig) -> csr_array:
    """F: shape (items of the catalogue, users and the tails of each attribute step), float64, sorted."""
    return weighed(terms_of(snapshot, interactions, config.means), config)


def weighed(terms: Mapping[str, csr_array], config: AssociationConfig) -> csr_array:
    """The features of all terms beside each other, by what each counts."""
    found = csr_array(hstack([one * np.sqrt(config.weights.get(name, 1.0)) for name, one in terms.items()]))
    found.eliminate_zeros()
    found.sort_indices()
    return found


def terms_of(snapshot: Snapshot, interactions: Interactions, means: Mapping[str, float]) -> dict[str, csr_array]:
    """The features of each term before they are weighed, √c · D_u^-¼ Xᵀ and A_r D_t^-¼ / √√d_r by the name of the
    step: shape (items of the catalogue, users or tails).

    :param means: c and √d_r where they are not those of the graph.
    """
    means, size = {**association_means(snapshot, interactions), **means}, interactions.catalogue.size
    found = {INTERACTIONS: csr_array((_damped(interactions) * np.sqrt(means[INTERACTIONS])).T)}
    for step in attribute_steps_of(snapshot):
        matrix, part = snapshot.adjacency(step), interactions.catalogue.slices[snapshot.schema.ends(step)[0]]
        degrees = np.diff(snapshot.adjacency(inverse_of(step)).indptr).astype(np.float64)
        factors = np.where(degrees >= 2, damping(degrees, 0.25), 0.0) / np.sqrt(means[step])
        indptr = np.zeros(size + 1, dtype=np.int64)
        indptr[part.start : part.stop + 1] = matrix.indptr
        indptr[part.stop + 1 :] = matrix.nnz
        found[step] = csr_array((factors[matrix.indices], matrix.indices, indptr), shape=(size, matrix.shape[1]))
    return found


def association_means(snapshot: Snapshot, interactions: Interactions) -> dict[str, float]:
    """c and the √d_r of a graph, by the names of the terms."""
    trace = float(_damped(interactions).power(2).sum())
    found = {INTERACTIONS: interactions.matrix.nnz / trace if trace > 0 else 1.0}
    for step in attribute_steps_of(snapshot):
        matrix = snapshot.adjacency(step)
        used = max(np.count_nonzero(np.diff(matrix.indptr)), 1)
        found[step] = float(np.sqrt(max(matrix.nnz / used, 1.0)))
    return found


def attribute_steps_of(snapshot: Snapshot) -> list[str]:
    """Steps from an item type to what is neither an item nor a person."""
    schema, steps = snapshot.schema, []
    for name in schema.relation:
        for step in (name, inverse_of(name)):
            head, tail = schema.ends(step)
            if head in schema.item_types and tail not in schema.item_types and not schema.entity[tail].sensitive:
                steps.append(step)
    return steps


def _damped(interactions: Interactions) -> csr_array:
    """D_u^-¼ X: shape (users, items)."""
    return times_rows(interactions.matrix, damping(np.diff(interactions.matrix.indptr).astype(np.float64), 0.25))


def _together(parts: Sequence[csr_array], items: int) -> csr_array:
    """The sum of matrices that have entries in different columns."""
    found = csr_array(sum(parts, csr_array((items, items))))
    found.sort_indices()
    return found


def _within(matrix: csr_array, part: slice) -> csr_array:
    """The entries in the columns of a part."""
    data = np.where((matrix.indices >= part.start) & (matrix.indices < part.stop), matrix.data, 0.0)
    found = csr_array((data, matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape)
    found.eliminate_zeros()
    return found


def _feature_types(snapshot: Snapshot) -> list[str]:
    """The types of the columns of F, in their order."""
    return [*snapshot.schema.user_types, *(snapshot.schema.ends(step)[1] for step in attribute_steps_of(snapshot))]
