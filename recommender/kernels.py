"""Metapath kernels: sparse anchor × item matrices, damped by degree, pruned per row, cached on disk."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.sparse import csr_array, diags_array, vstack

from kg.document import Document
from kg.schema import inverse_of
from kg.snapshot import Snapshot
from recommender.association import association
from recommender.catalogue import Catalogue
from recommender.csr_file import has_csr, open_csr, save_csr
from recommender.metapaths import ASSOCIATION
from recommender.sparse_matrix import damping, row_lengths, top_per_row, without_diagonal

Tail = tuple[str, ...]
Progress = Callable[[str, int, int], None]
ROWS = 2048


class KernelConfig(Document):
    """How kernels are damped and pruned."""

    start: float = Field(default=0.5, ge=0, le=1)
    """Exponent of the degree of the anchor."""
    middle: float = Field(default=0.25, ge=0, le=1)
    """Exponent of the degree of a node between two steps, once for each of the two steps."""
    end: float = Field(default=0.2, ge=0, le=1)
    """Exponent of the degree of the item: 0 favours popular items, 1 rare ones."""
    top: int = Field(default=300, ge=1)
    """Entries kept per row, the largest; a kept entry is whole."""


class Kernels:
    """The kernels of one snapshot.

    For the steps r1 … rk from an anchor to an item::

        K = T_r1 · … · T_rk,   T_r = D_head^-α · A_r · D_tail^-β

    with A_r the weights of step r, D the weighted degrees of its ends, α = ``start`` for the first step and
    ``middle`` otherwise, β = ``end`` for the last step and ``middle`` otherwise. RP3β (Paudel et al., 2017) is the
    case of two steps. Ways that turn back at once (a step, then its inverse to where it came from), or that end at
    their own anchor, are left out. Rows keep their ``top`` largest entries; each kernel is scaled so that the Euclidean
    lengths of its rows average 1: weights are comparable, and a kernel that spreads over half the catalogue says less
    about each item than one that points to a few.
    """

    def __init__(self, snapshot: Snapshot, config: KernelConfig, parent: Path) -> None:
        self.snapshot, self.config = snapshot, config
        key = json.dumps([snapshot.hash, config.model_dump()], sort_keys=True)
        self.parent = parent
        self.folder = parent / hashlib.blake2b(key.encode(), digest_size=8).hexdigest()
        self._open: dict[Tail, tuple[csr_array, float]] = {}
        self._weights: NDArray[np.float64] | None = None
        self._transitions: dict[tuple[str, float, float], csr_array] = {}

    def build(self, tails: Sequence[Tail], progress: Progress | None = None) -> int:
        """Make and save those kernels that are not on disk yet.

        :param progress: called with the name of a kernel, its number and the number of kernels, before each.
        :returns: how many were made.
        """
        missing = [
            tail for tail in sorted(set(tails), key=lambda t: (len(t), t)) if not has_csr(self.folder, "+".join(tail))
        ]
        if missing:
            self._drop_others()
        for number, tail in enumerate(missing, start=1):
            if progress:
                progress(" > ".join(tail), number, len(missing))
            product = self._association(tail) if tail[0].startswith(ASSOCIATION) else self._product(tail)
            lengths = row_lengths(product)
            scale = 1.0 / float(lengths[lengths > 0].mean()) if (lengths > 0).any() else 1.0
            save_csr(csr_array(product * scale), self.folder, "+".join(tail), scale)
        self._weights = None
        return len(missing)

    def _association(self, tail: Tail) -> csr_array:
        """One block of the association, positive entries only, pruned like a kernel."""
        if self._weights is None:
            self._weights = association(self.snapshot)
        slices = Catalogue(self.snapshot).slices
        anchor_type, item_type = tail[0].removeprefix(ASSOCIATION).split("-")
        block = csr_array(np.maximum(self._weights[slices[anchor_type], slices[item_type]], 0.0))
        return top_per_row(block, self.config.top)

    def kernel(self, tail: Tail) -> csr_array:
        """One kernel, shape (anchors, items), float64; made first where ``build`` has not made it."""
        if tail not in self._open:
            self.build([tail])
            self._open[tail] = open_csr(self.folder, "+".join(tail))
        return self._open[tail][0]

    def scale(self, tail: Tail) -> float:
        """The factor that ``kernel`` contains: an entry is ``scale`` times the sum of its paths' products."""
        self.kernel(tail)
        return self._open[tail][1]

    def exponents(self, tail: Tail, place: int) -> tuple[float, float]:
        """α and β of the step at a place in a tail."""
        alpha = self.config.start if place == 0 else self.config.middle
        return alpha, self.config.end if place == len(tail) - 1 else self.config.middle

    def transition(self, tail: Tail, place: int) -> csr_array:
        """T_r of the step at a place in a tail: shape (heads, tails), float64."""
        alpha, beta = self.exponents(tail, place)
        key = (tail[place], alpha, beta)
        if key not in self._transitions:
            before = diags_array(damping(self.snapshot.degrees(tail[place]), alpha))
            after = diags_array(damping(self.snapshot.degrees(inverse_of(tail[place])), beta))
            self._transitions[key] = csr_array(before @ self.snapshot.adjacency(tail[place]) @ after)
        return self._transitions[key]

    def _product(self, tail: Tail) -> csr_array:
        """The pruned kernel before scaling, made in blocks of rows to bound the memory."""
        head, item = self.snapshot.schema.ends(tail[0])[0], self.snapshot.schema.ends(tail[-1])[1]
        first, rest = self._factors(tail)
        blocks = []
        for start in range(0, max(first.shape[0], 1), ROWS):
            block = csr_array(first[start : start + ROWS])
            for factor in rest:
                block = csr_array(block @ factor)
            if head == item:
                block = without_diagonal(block, start)
            blocks.append(top_per_row(block, self.config.top))
        product = csr_array(vstack(blocks, format="csr"))
        product.sort_indices()
        return product

    def _factors(self, tail: Tail) -> tuple[csr_array, list[csr_array]]:
        """The matrices to multiply; a step and its inverse are one factor, without the ways back to their start."""
        factors, place = [], 0
        while place < len(tail):
            factor = self.transition(tail, place)
            if place + 1 < len(tail) and tail[place + 1] == inverse_of(tail[place]):
                place += 1
                factor = without_diagonal(csr_array(factor @ self.transition(tail, place)))
            factors.append(factor)
            place += 1
        return factors[0], factors[1:]

    def _drop_others(self) -> None:
        """Kernels of other snapshots or configurations are never read again."""
        if self.parent.exists():
            for other in self.parent.iterdir():
                if other != self.folder:
                    shutil.rmtree(other, ignore_errors=True)
