"""Scores of triples from vectors alone: numpy, no torch."""

from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from embeddings.vectors.geometry import GEOMETRIES, Geometry
from embeddings.vectors.triples import TAIL
from embeddings.vectors.vectors import Vectors
from kg.errors import ModelError

Indices = NDArray[np.int64]
ROUNDING = 2 * float(np.finfo(np.float32).eps)


class Scorer(Protocol):
    """What link prediction needs of a model. ``side`` is the missing side, ``known`` the entity on the other one."""

    @property
    def entities(self) -> int:
        """Number of entities."""

    def block(self, side: int, known: Indices, relation: Indices) -> NDArray[np.float32]:
        """Values that order all candidates of each query, higher is better: shape (n, entities)."""

    def margin(self, side: int, known: Indices, relation: Indices) -> NDArray[np.float64]:
        """How far a value of the block may be from ``exact``: shape (n,); 0 where the block itself is exact."""

    def exact(self, side: int, known: Indices, relation: Indices, candidate: Indices) -> NDArray[np.float64]:
        """The same values for single candidates: shape (n,); one known entity and relation fit all of them."""

    def score(self, triples: Indices) -> NDArray[np.float64]:
        """The model's own score of triples: shape (n,), higher is more plausible."""


class VectorScorer:
    """TransE, RotatE, DistMult and ComplEx by matrix products.

    Distances are ordered by 2 q·e − ‖e‖², which is ‖q‖² − ‖q − e‖². A block is computed in single precision;
    ``exact`` repeats single values in double precision, so that ranks do not depend on the rounding of a product.

    :param entity: shape (entities, d), float32 or complex64.
    :param relation: shape (relations, d), of the same dtype.
    """

    def __init__(self, model: str, entity: NDArray[Any], relation: NDArray[Any]) -> None:
        self._geometry: Geometry = GEOMETRIES[model]
        self._relation, self._complex = relation, entity
        self._entity = real_rows(entity)
        self._squares = np.square(self._entity, dtype=np.float64).sum(axis=1)
        self._subtracted = self._squares.astype(np.float32)
        self._longest = float(np.sqrt(self._squares.max(initial=0)))

    @classmethod
    def of(cls, vectors: Vectors) -> Self:
        """The scorer of saved vectors.

        :raises ModelError: where the model's scores need more than vectors.
        """
        model = vectors.manifest.config.model
        if model not in GEOMETRIES:
            raise ModelError(
                f"{model}: its scores need its whole network, not only vectors; "
                f"train one of {', '.join(GEOMETRIES)} (`whyrec train --model TransE`)"
            )
        return cls(model, vectors.entity, vectors.relation)

    @property
    def entities(self) -> int:
        """Number of entities."""
        return len(self._entity)

    def block(self, side: int, known: Indices, relation: Indices) -> NDArray[np.float32]:
        """Dot products, or 2 q·e − ‖e‖²: shape (n, entities), float32."""
        query = real_rows(self._query(side, known, relation))
        if not self._geometry.distance:
            return np.asarray(query @ self._entity.T)
        found = (2 * query) @ self._entity.T
        found -= self._subtracted
        return np.asarray(found)

    def margin(self, side: int, known: Indices, relation: Indices) -> NDArray[np.float64]:
        """Rounding of the block: shape (n,), float64."""
        query = real_rows(self._query(side, known, relation))
        lengths = np.linalg.norm(query.astype(np.float64), axis=1)
        size = lengths + (self._longest if self._geometry.distance else 0)
        return np.asarray(
            ROUNDING * np.sqrt(query.shape[1]) * (1 + self._geometry.distance) * size * self._longest, dtype=np.float64
        )

    def exact(self, side: int, known: Indices, relation: Indices, candidate: Indices) -> NDArray[np.float64]:
        """The values of the block in double precision: shape (n,)."""
        query = real_rows(self._query(side, known, relation)).astype(np.float64)
        products = (query * self._entity[candidate]).sum(axis=1)
        return np.asarray(2 * products - self._squares[candidate] if self._geometry.distance else products)

    def score(self, triples: Indices) -> NDArray[np.float64]:
        """PyKEEN's score: shape (n,)."""
        query = real_rows(self._query(TAIL, triples[:, 0], triples[:, 1])).astype(np.float64)
        tail = self._entity[triples[:, 2]]
        found = -np.linalg.norm(query - tail, axis=1) if self._geometry.distance else (query * tail).sum(axis=1)
        return np.asarray(found, dtype=np.float64)

    def _query(self, side: int, known: Indices, relation: Indices) -> NDArray[Any]:
        return np.asarray(self._geometry.query(side, self._complex[known], self._relation[relation]))


def real_rows(array: NDArray[Any]) -> NDArray[np.float32]:
    """Complex rows as real ones of twice the length, real and imaginary parts by turns."""
    contiguous = np.ascontiguousarray(array)
    return contiguous.view(np.float32) if np.iscomplexobj(contiguous) else contiguous
