"""The kernels of a snapshot: made, scaled, cached on disk; those of metapaths and the learned ones."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.degree_damping import DampingConfig
from recommender.kernels.kernel import Idxs, ItemColumn, Kernel, KernelInputs, LearnedKernel, Tail, Values
from recommender.kernels.learned.association import AssociationConfig
from recommender.kernels.metapath_kernel import MetapathKernel
from recommender.kernels.metapaths import Metapath
from recommender.kernels.narrowing import Narrowing, narrowing_of
from recommender.kernels.registry import learned_steps, scored_paths
from recommender.kernels.transition import Transitions
from recommender.linalg.csr_file import has_csr, open_csr, save_csr
from recommender.linalg.sparse_matrix import row_lengths

SAME = 1e-9
"""An entry that is smaller than the least kept one by no more than this part of it is as large."""


class KernelConfig(DampingConfig):
    """How kernels are damped and pruned, and what was learned of how the learned ones are made."""

    top: int = Field(default=300, ge=1)
    """Entries kept per row, the largest; a kept entry is whole."""
    association: AssociationConfig = Field(default_factory=AssociationConfig)
    """The regression behind the association kernels."""
    learned: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Any other learned kernel → its configuration; the default where it is missing."""
    narrowing: Narrowing | None = None
    """What metapaths leave out; what is too much for the snapshot where absent."""


FORMULA = 2
"""Raised whenever a kernel's formula changes: kernels on disk that another one made are not read."""


class Kernels:
    """The kernels of one snapshot.

    For the steps r1 … rk from an anchor to an item::

        K = T_r1 · … · T_rk,   T_r = D_head^-α · A_r · D_tail^-β

    with A_r the weights of step r, D the degrees of its ends (:mod:`recommender.kernels.transition`). RP3β (Paudel et
    al., 2017) is the case of two steps. Ways that turn back at once (a step, then its inverse to where it came from),
    or that end at their own anchor, are left out. Learned kernels: :mod:`recommender.kernels.registry`. Rows keep their
    ``top`` largest entries; each kernel is scaled so that the Euclidean lengths of its rows average 1: weights are
    comparable, and a kernel that spreads over half the catalogue says less about each item than one that points to a
    few.
    """

    def __init__(self, snapshot: Snapshot, config: KernelConfig, parent: Path) -> None:
        self.snapshot, self.config = snapshot, config
        self.parent = parent
        self.folder = parent / _digest(
            [FORMULA, snapshot.hash, config.model_dump(exclude={"association", "learned", "narrowing"})]
        )
        self.transitions = Transitions(snapshot, config)
        self._inputs = KernelInputs(snapshot, config.top, {"association": config.association, **config.learned})
        self._learned_steps = learned_steps(snapshot.schema.item_types)
        self._open: dict[Tail, tuple[csr_array, float]] = {}
        self._lock = Lock()

    def of(self, tail: Tail) -> Kernel:
        """The kernel of a tail, before it is made."""
        return self.learned(tail) or MetapathKernel(self.transitions, tail, self.config.top)

    def learned(self, tail: Tail) -> LearnedKernel | None:
        """The learned kernel that a tail stands for, ``None`` for a path."""
        if tail[0] not in self._learned_steps:
            return None
        kind, anchor_type, item_type = self._learned_steps[tail[0]]
        return kind(self._inputs, anchor_type, item_type)

    @cached_property
    def narrowing(self) -> Narrowing:
        """What its metapaths leave out."""
        return narrowing_of(self.snapshot) if self.config.narrowing is None else self.config.narrowing

    @cached_property
    def scored(self) -> tuple[Metapath, ...]:
        """All that a blend of these kernels may weigh: metapaths, then learned kernels."""
        return scored_paths(self.snapshot, self.narrowing)

    def build(self, tails: Sequence[Tail], progress: Progress = no_progress) -> int:
        """Make and save those kernels that are not on disk yet.

        :returns: how many were made.
        """
        ordered = sorted(set(tails), key=lambda t: (len(t), t))
        missing = [tail for tail in ordered if not has_csr(self.folder, self.file(tail))]
        if missing:
            self._drop_others()
        for number, tail in enumerate(missing, start=1):
            progress("Kernels", number - 1, len(missing), " > ".join(tail))
            product = self.of(tail).matrix()
            lengths = row_lengths(product)
            scale = 1.0 / float(lengths[lengths > 0].mean()) if (lengths > 0).any() else 1.0
            save_csr(csr_array(product * scale), self.folder, self.file(tail), scale)
        self._inputs.shared.clear()  # what several kernels share may be large
        return len(missing)

    def file(self, tail: Tail) -> str:
        """Name of a kernel's files."""
        return self.of(tail).key

    def kernel(self, tail: Tail) -> csr_array:
        """One kernel, shape (anchors, items), float64; made first where ``build`` has not made it."""
        if tail not in self._open:
            with self._lock:  # two threads would write the same files
                if tail not in self._open:
                    self.build([tail])
                    self._open[tail] = open_csr(self.folder, self.file(tail))
        return self._open[tail][0]

    def close(self) -> None:
        """Let go of the kernels that are open, and of their mapped memory; they open again when asked for."""
        self._open.clear()

    def scale(self, tail: Tail) -> float:
        """The factor that ``kernel`` contains: an entry is ``scale`` times the sum of its paths' products."""
        self.kernel(tail)
        return self._open[tail][1]

    def column(self, tail: Tail, anchors: Idxs, item: int, steps: Sequence[str]) -> ItemColumn | None:
        """The column of a kernel for one item, had the item other links by some steps; ``None`` where these do not
        decide it.

        :param anchors: indices of the anchors whose entries are wanted, shape (anchors,).
        """
        if self.learned(tail) and not self.kernel(tail).nnz:  # left empty, for want of work or of people
            return None
        found = self.of(tail).column(anchors, item, steps)
        return found and found.scaled(self.scale(tail), self._least_kept(tail, anchors))

    def _least_kept(self, tail: Tail, anchors: Idxs) -> Values:
        """The least entry that the row of each anchor keeps, −inf where it has room for more: shape (anchors,)."""
        kernel, least = self.kernel(tail), np.full(len(anchors), -np.inf)
        for row, anchor in enumerate(anchors.tolist()):
            start, end = kernel.indptr[anchor], kernel.indptr[anchor + 1]
            if end - start >= self.config.top:
                least[row] = kernel.data[start:end].min() * (1 - SAME)
        return least

    def _drop_others(self) -> None:
        """Kernels of other snapshots or configurations are never read again."""
        if self.parent.exists():
            for other in self.parent.iterdir():
                if other != self.folder:
                    shutil.rmtree(other, ignore_errors=True)


def _digest(key: object) -> str:
    return hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=8).hexdigest()
