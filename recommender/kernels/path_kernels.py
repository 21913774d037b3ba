"""Metapath kernels: sparse anchor × item matrices, damped by degree, pruned per row, cached on disk."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.association import AssociationConfig
from recommender.kernels.learned import LearnedKernels
from recommender.kernels.metapaths import is_learned
from recommender.kernels.transition import DampingConfig, Tail, Transitions
from recommender.linalg.csr_file import has_csr, open_csr, save_csr
from recommender.linalg.pruned_product import Factor, kernel_product
from recommender.linalg.sparse_matrix import row_lengths


class KernelConfig(DampingConfig):
    """How kernels are damped and pruned."""

    top: int = Field(default=300, ge=1)
    """Entries kept per row, the largest; a kept entry is whole."""
    association: AssociationConfig = Field(default_factory=AssociationConfig)
    """The regression behind the association kernels."""


class Kernels:
    """The kernels of one snapshot.

    For the steps r1 … rk from an anchor to an item::

        K = T_r1 · … · T_rk,   T_r = D_head^-α · A_r · D_tail^-β

    with A_r the weights of step r, D the degrees of its ends (:mod:`recommender.kernels.transition`). RP3β (Paudel et
    al., 2017) is the case of two steps. Ways that turn back at once (a step, then its inverse to where it came from),
    or that end at their own anchor, are left out. Rows keep their ``top`` largest entries; each kernel is scaled so
    that the Euclidean lengths of its rows average 1: weights are comparable, and a kernel that spreads over half the
    catalogue says less about each item than one that points to a few.
    """

    def __init__(self, snapshot: Snapshot, config: KernelConfig, parent: Path) -> None:
        self.snapshot, self.config = snapshot, config
        self.parent = parent
        self.folder = parent / _digest([snapshot.hash, config.model_dump(exclude={"association"})])
        self._open: dict[Tail, tuple[csr_array, float]] = {}
        self._learned = LearnedKernels(snapshot, config.association, config.top)
        self.transitions = Transitions(snapshot, config)

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
            product = self._learned.kernel(tail[0]) if is_learned(tail[0]) else self._product(tail)
            lengths = row_lengths(product)
            scale = 1.0 / float(lengths[lengths > 0].mean()) if (lengths > 0).any() else 1.0
            save_csr(csr_array(product * scale), self.folder, self.file(tail), scale)
        self._learned.forget()
        return len(missing)

    def file(self, tail: Tail) -> str:
        """Name of a kernel's files."""
        return self._learned.name(tail[0]) if is_learned(tail[0]) else "+".join(tail)

    def kernel(self, tail: Tail) -> csr_array:
        """One kernel, shape (anchors, items), float64; made first where ``build`` has not made it."""
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

    def _product(self, tail: Tail) -> csr_array:
        """The pruned kernel before scaling."""
        ends = self.snapshot.schema.ends
        closed = ends(tail[0])[0] == ends(tail[-1])[1]
        return kernel_product(self._factors(tail), self.config.top, closed=closed)

    def _factors(self, tail: Tail) -> list[Factor]:
        """The matrices to multiply; a step and its inverse are one factor, without the ways back to their start."""
        factors: list[Factor] = []
        place = 0
        while place < len(tail):
            turns = place + 1 < len(tail) and tail[place + 1] == inverse_of(tail[place])
            factors.append(tuple(self.transitions.matrix(tail, place + n) for n in range(2 if turns else 1)))
            place += len(factors[-1])
        return factors

    def _drop_others(self) -> None:
        """Kernels of other snapshots or configurations are never read again."""
        if self.parent.exists():
            for other in self.parent.iterdir():
                if other != self.folder:
                    shutil.rmtree(other, ignore_errors=True)


def _digest(key: object) -> str:
    return hashlib.blake2b(json.dumps(key, sort_keys=True).encode(), digest_size=8).hexdigest()
