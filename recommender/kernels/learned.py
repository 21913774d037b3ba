"""Learned kernels: no products of steps, and told by anchors: association, union, latent map, text similarity."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.association import AssociationConfig, Dense, association
from recommender.kernels.latent_map import Taste, latent_map, taste
from recommender.kernels.metapaths import ASSOCIATION, LATENT_MAP, TEXT_SIMILARITY, UNION, learned_ends
from recommender.kernels.text_similarity import text_similarity, text_vectors
from recommender.kernels.union import union_kernel
from recommender.linalg.sparse_matrix import top_of_dense


class LearnedKernels:
    """Makes the learned kernels of one snapshot; the regression, which yields several, is solved once.

    :param top: entries kept per row, the largest.
    """

    def __init__(self, snapshot: Snapshot, config: AssociationConfig, top: int) -> None:
        self.snapshot, self.config, self.top = snapshot, config, top
        self._association: tuple[NDArray[np.int64], Dense] | None = None
        self._tastes: dict[str, Taste] = {}
        self._texts: dict[str, csr_array] = {}

    def name(self, step: str) -> str:
        """A name for the files of a kernel, which changes with its configuration."""
        if step[0] == ASSOCIATION:
            key = self.config.model_dump_json()
        elif step[0] == TEXT_SIMILARITY:  # a snapshot of the same hash may have been taken for other texts
            key = str([(name, entity.text) for name, entity in self.snapshot.schema.entity.items()])
        else:
            return step
        return f"{step}+{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"

    def kernel(self, step: str) -> csr_array:
        """The kernel of a step: shape (anchors, items), float64, > 0, pruned, not scaled."""
        symbol, anchor_type, item_type = learned_ends(step)
        if symbol == UNION:
            return union_kernel(self.snapshot, anchor_type, item_type, self.top)
        if symbol == LATENT_MAP:
            return latent_map(self._taste(anchor_type), self._taste(item_type), self.top)
        if symbol == TEXT_SIMILARITY:
            self._texts = self._texts or text_vectors(self.snapshot)
            return text_similarity(self._texts, anchor_type, item_type, self.top)
        if self._association is None:
            self._association = association(self.snapshot, self.config)
        slices = Catalogue(self.snapshot).slices
        return self._block(slices[anchor_type], slices[item_type], *self._association)

    def forget(self) -> None:
        """Give the memory of what several kernels share back."""
        self._association = None
        self._tastes.clear()
        self._texts.clear()

    def _taste(self, item_type: str) -> Taste:
        if item_type not in self._tastes:
            self._tastes[item_type] = taste(self.snapshot, item_type)
        return self._tastes[item_type]

    def _block(self, heads: slice, tails: slice, positions: NDArray[np.int64], weights: Dense) -> csr_array:
        """The part of the association between two item types, on the axes of all their items."""
        rows, columns = (np.flatnonzero((positions >= p.start) & (positions < p.stop)) for p in (heads, tails))
        if not len(rows) or not len(columns):
            return csr_array((heads.stop - heads.start, tails.stop - tails.start))
        block = weights[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        found = top_of_dense(len(rows), lambda some: block[some], self.top)
        counts = np.zeros(heads.stop - heads.start, dtype=np.int64)
        counts[positions[rows] - heads.start] = np.diff(found.indptr)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        indices = positions[columns][found.indices] - tails.start
        return csr_array((found.data, indices, indptr), shape=(len(counts), tails.stop - tails.start))
