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
from recommender.kernels.kernel import LearnedKernel, relation_parts
from recommender.kernels.trained_graph import AsTrained, fit_name
from recommender.linalg.local_ridge import nearness, regressions
from recommender.linalg.moved_rows import with_rows
from recommender.linalg.pruned_product import kernel_product
from recommender.linalg.sparse_matrix import damping, times_rows, top_per_row

INTERACTIONS = "interactions"
SOLVED, LINKS = "solved", "links"
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
        """What was solved, and of how many links."""
        return SOLVED, LINKS

    def matrix(self) -> csr_array:
        """B between the items of the two types."""
        return self._cut(self._solved())

    def _cut(self, solved: csr_array) -> csr_array:
        """The part of the two types: clipped, by popularity, pruned."""
        slices, config = self._interactions().catalogue.slices, self._config
        counts = 1.0 + self.inputs.as_trained.items(self._interactions())
        heads, tails = slices[self.anchor_type], slices[self.item_type]
        part = csr_array(csr_array(solved[tails])[:, heads])
        found = csr_array((np.maximum(part.data, 0.0), part.indices, part.indptr), shape=part.shape)
        found = csr_array(times_rows(found, counts[tails] ** config.popularity).T)
        found.eliminate_zeros()
        return top_per_row(times_rows(found, counts[heads] ** -config.anchors), self.inputs.top)

    def _solved(self) -> csr_array:
        """b_j of each item on the axis of the catalogue: of what was trained as it was learned, unless the item has
        grown or shrunk by more than half since; of what is new, of what is near it now."""

        def _solved() -> csr_array:
            since = self._solved_since()
            return self._solved_anew() if since is None else since

        return self.inputs.once(self.name, _solved)

    def _regressed(self) -> csr_array:
        """b_j of each item, of the graph as it is."""
        features = self._features()
        near = nearest(features, list(self._interactions().catalogue.slices.values()), self._config.neighbours)
        return regressions(features, near, self._config.ridge, np.arange(features.shape[0]))

    def _solved_anew(self) -> csr_array:
        solved = self._regressed()
        if self.inputs.keep is not None:
            self.inputs.keep(self, SOLVED, solved)
            self.inputs.keep(self, LINKS, csr_array(self._linked()[:, None]))
        return solved

    def _solved_since(self) -> csr_array | None:
        trained, catalogue = self.inputs.as_trained, self._interactions().catalogue
        kept = trained.fitted(fit_name(self.name, SOLVED), catalogue.types, catalogue.types)
        if kept is None:
            return None
        rows = np.flatnonzero(trained.renewed(fit_name(self.name, LINKS), catalogue.types, self._linked()))
        if not len(rows):
            return kept
        features, parts = self._features(), list(catalogue.slices.values())
        near = nearest(features, parts, self._config.neighbours, rows)
        return with_rows(kept, rows, regressions(features, near, self._config.ridge, rows))

    def _linked(self) -> Values:
        """How many people used each item, and how many attributes it has: shape (catalogue.size,)."""
        snapshot, catalogue = self.inputs.snapshot, self._interactions().catalogue
        found = self._interactions().counts.copy()
        for step in attribute_steps_of(snapshot):
            found[catalogue.slices[snapshot.schema.ends(step)[0]]] += snapshot.link_counts(step)
        return found

    def _features(self) -> csr_array:
        terms = terms_of(self.inputs.as_trained, self._interactions(), self._config.means)
        return weighed(terms, self._config)

    @property
    def _config(self) -> AssociationConfig:
        return self.inputs.config(self.name, AssociationConfig)


def nearest(
    features: csr_array, parts: Sequence[slice], neighbours: int, items: NDArray[np.integer] | None = None
) -> csr_array:
    """The items of each part that are nearest to each item, itself left out: shape (items, items), sorted.

    :param parts: where the items of each type are.
    :param items: those that are asked for; the rows of the others are empty; all where absent.
    """
    size, found = features.shape[0], csr_array((features.shape[0],) * 2)
    for part in parts:
        near = kernel_product(nearness(features, part), neighbours, closed=True, rows=items)
        found = found + (near if items is None else with_rows(csr_array((size, size)), items, near))
    found = csr_array(found)
    found.sort_indices()
    return found


def weighed(terms: Mapping[str, csr_array], config: AssociationConfig) -> csr_array:
    """F: the features of all terms beside each other, by what each counts: shape (items of the catalogue, users and
    the tails of each attribute step), float64, sorted."""
    found = csr_array(hstack([one * np.sqrt(config.weights.get(name, 1.0)) for name, one in terms.items()]))
    found.eliminate_zeros()
    found.sort_indices()
    return found


def terms_of(trained: AsTrained, interactions: Interactions, means: Mapping[str, float]) -> dict[str, csr_array]:
    """The features of each term before they are weighed, √c · D_u^-¼ Xᵀ and A_r D_t^-¼ / √√d_r by the name of the
    step: shape (items of the catalogue, users or tails).

    :param means: c and √d_r where they are not those of the graph.
    """
    snapshot, size = trained.snapshot, interactions.catalogue.size
    if not {INTERACTIONS, *attribute_steps_of(snapshot)} <= means.keys():
        means = {**association_means(snapshot, interactions), **means}
    used = times_rows(interactions.matrix, damping(trained.people(interactions), 0.25))
    found = {INTERACTIONS: csr_array((used * np.sqrt(means[INTERACTIONS])).T)}
    for step in attribute_steps_of(snapshot):
        matrix, part = snapshot.adjacency(step), interactions.catalogue.slices[snapshot.schema.ends(step)[0]]
        degrees = trained.links(inverse_of(step))
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
