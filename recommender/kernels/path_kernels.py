"""The kernels of a snapshot: made, scaled, cached on disk; those of metapaths and the learned ones."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from pathlib import Path
from threading import Lock
from typing import Any, Self

import numpy as np
from pydantic import Field
from scipy.sparse import csr_array

from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.change import Change
from recommender.catalogue.interactions import Interactions
from recommender.kernels.degree_damping import DampingConfig
from recommender.kernels.item_column import ItemColumn
from recommender.kernels.kernel import Idxs, Kept, Kernel, KernelInputs, LearnedKernel, Tail, Values
from recommender.kernels.learned.association import AssociationConfig, association_means
from recommender.kernels.learned.union import Union, UnionConfig, union_pairs, union_weight
from recommender.kernels.metapath_kernel import MetapathKernel
from recommender.kernels.metapaths import Metapath
from recommender.kernels.narrowing import Narrowing, narrowing_of
from recommender.kernels.registry import learned_steps, scored_paths
from recommender.kernels.stored_factors import StoredFactors, digest, file_name
from recommender.kernels.trained_graph import AsTrained, TrainedGraph, fit_name
from recommender.kernels.transition import Transitions
from recommender.linalg.csr_file import has_csr, link_csr, open_csr, save_blocks, save_csr
from recommender.linalg.sparse_matrix import row_lengths

ROWS = 8192
"""Rows of a block in which kernels are written."""
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
    scales: dict[str, float] = Field(default_factory=dict)
    """Tail as it is written → the factor of its kernel since the training that learned what it weighs; else rows have
    length 1 on average, so that one more triple changes every entry."""

    def with_means(self, snapshot: Snapshot) -> Self:
        """The same with the means of a graph, so that they stay when it changes: one more triple would otherwise change
        every entry of the kernels that use them."""
        means = association_means(snapshot, Interactions(snapshot))
        pairs = [union_pairs(snapshot.schema, *ends) for ends in product(snapshot.schema.item_types, repeat=2)]
        steps = sorted({step for some in pairs for pair in some for step in pair})
        union = UnionConfig(weights={step: union_weight(snapshot, step) for step in steps})
        association = self.association.model_copy(update={"means": means})
        learned = {**self.learned, Union.name: union.model_dump()}
        return self.model_copy(update={"association": association, "learned": learned})


FORMULA = 3
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

    :param graph: what is kept of the graph that a model was trained on; nothing where absent.
    """

    def __init__(
        self, snapshot: Snapshot, config: KernelConfig, parent: Path, graph: TrainedGraph | None = None
    ) -> None:
        self.snapshot, self.config, self.graph = snapshot, config, graph
        self.parent = parent
        self._change: Change | None = None
        self.earlier: Kernels | None = None
        """Those of the graph before a change, from which what stays the same is taken over."""
        damping = config.model_dump(exclude={"association", "learned", "narrowing", "scales"})
        self.folder = parent / digest([FORMULA, snapshot.manifest.canonical, damping])
        trained = AsTrained(snapshot, graph)
        self.transitions = Transitions(snapshot, config, trained)
        settings: dict[str, Any] = {"association": config.association, **config.learned}
        keep = self._keep_beside if graph is None else None
        store = StoredFactors(snapshot, self.folder, self.take_over)
        self._inputs = KernelInputs(snapshot, config.top, settings, trained=trained, keep=keep, store=store)
        self.left_out = self._inputs.left_out
        """What kernels that were made do without, because it would have taken too long: notices, each once."""
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
        for tail in (taken := [tail for tail in missing if self.take_over(self.file(tail))]):
            if (learned := self.learned(tail)) is not None:
                learned.make_stored()  # it is there to take over as well, and later it may not be
        missing = [tail for tail in missing if tail not in taken]
        for number, tail in enumerate(missing, start=1):
            progress("Kernels", number - 1, len(missing), written(tail))
            blocks, scale = self._updated(tail) or self._made(tail)
            save_blocks(blocks, self.folder, self.file(tail), scale)
            del blocks
            if number == len(missing) or type(self.of(tail)) is not type(self.of(missing[number])):
                self._inputs.shared.clear()  # what several kernels of a kind share may be large
        return len(missing)

    def _made(self, tail: Tail) -> tuple[Iterator[csr_array], float]:
        matrix = self.of(tail).matrix()
        scale = self.config.scales.get(written(tail)) or _scale(matrix)
        parts = (matrix[start : start + ROWS] for start in range(0, max(matrix.shape[0], 1), ROWS))
        return (csr_array((one.data * scale, one.indices, one.indptr), shape=one.shape) for one in parts), scale

    def file(self, tail: Tail) -> str:
        """Name of a kernel's files: another one where anything that its entries come from is."""
        kernel, ends = self.of(tail), self.ends(tail)
        content = [*self.snapshot.content(*kernel.reads), *(self.snapshot.vocabulary.count(end) for end in ends)]
        content += self.transitions.trained.decided_by
        return f"{file_name(kernel.key)}+{digest([*content, self.config.scales.get(written(tail))])}"

    def frozen(self, folder: Path) -> KernelConfig:
        """The configuration with the scales of the kernels that are open or on disk, each under its new name too: the
        graph may change and they stay.

        :param folder: where the degrees of the graph, and what was learned of it, are kept.
        """
        graph = self._kept_graph(folder)
        scales = dict[str, float]()
        for path in self.scored:
            if has_csr(self.folder, self.file(path.tail)):
                scales[written(path.tail)] = open_csr(self.folder, self.file(path.tail))[1]
        config = self.config.model_copy(update={"scales": scales})
        after = Kernels(self.snapshot, config, self.parent, graph)
        for path in self.scored:
            if written(path.tail) in scales:
                link_csr(self.folder, after.folder, self.file(path.tail), after.file(path.tail))
        return config

    def _kept_graph(self, folder: Path) -> TrainedGraph:
        """Write what kernels keep of the graph, and of what they learned of it."""
        walked = [MetapathKernel(self.transitions, one.tail, self.config.top) for one in self.scored if not one.learned]
        graph = TrainedGraph.keep(folder, self.snapshot, sorted({step for path in walked for step in path.carriers}))
        for path in self.scored:
            learned = self.learned(path.tail)
            if learned is None or not has_csr(self.folder, self.file(path.tail)):
                continue
            files = {fit_name(learned.name, name): self._beside(learned, name) for name in learned.beside}
            if not all(has_csr(self.folder, file) for file in files.values()):
                learned.matrix()  # a process that was cut off had left the matrix alone
            for name, file in files.items():
                if has_csr(self.folder, file):
                    link_csr(self.folder, folder, file, name)
        return graph

    def then(self) -> tuple["Kernels", Change] | None:
        """The kernels before a change, and where everything is since; ``None`` where that is not known."""
        before = self.earlier
        if before is None or before.folder.name != self.folder.name:
            return None
        if self._change is None:
            self._change = Change(self.snapshot.vocabulary, before.snapshot.vocabulary)
        return before, self._change

    def _updated(self, tail: Tail) -> tuple[Iterable[csr_array], float] | None:
        """Blocks of a kernel from what it was, and its scale; ``None`` where it has to be made anew."""
        then, scale = self.then(), self.config.scales.get(written(tail))
        if then is None or scale is None:
            return None
        before, change = then
        if not has_csr(before.folder, before.file(tail)):
            return None
        kernel, ends = open_csr(before.folder, before.file(tail))[0], self.ends(tail)
        kept = Kept(change.moved(kernel, *ends), scale, change.lost(kernel, *ends))
        found = self.of(tail).updated(before.of(tail), change, kept)
        return None if found is None else ([found], scale)

    def take_over(self, name: str) -> bool:
        """Give files of the graph before a change, where there are some of this name, a second name here."""
        before = self.earlier
        if before is None or before.folder.name != self.folder.name or not has_csr(before.folder, name):
            return False
        link_csr(before.folder, self.folder, name, name)
        return True

    def _beside(self, kernel: LearnedKernel, name: str) -> str:
        """Name of the files of what a kind of learned kernel keeps, for all types of items."""
        counts = [self.snapshot.vocabulary.count(one) for one in self.snapshot.schema.item_types]
        return f"{kernel.name}.{name}+{digest([kernel.decided_by, *self.snapshot.content(*kernel.reads), *counts])}"

    def _keep_beside(self, kernel: LearnedKernel, name: str, matrix: csr_array) -> None:
        save_csr(matrix, self.folder, self._beside(kernel, name), 1.0)

    def ends(self, tail: Tail) -> tuple[str, str]:
        """The types of the anchors and of the items."""
        if tail[0] in self._learned_steps:
            return self._learned_steps[tail[0]][1:]
        ends = self.snapshot.schema.ends
        return ends(tail[0])[0], ends(tail[-1])[1]

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


def written(tail: Tail) -> str:
    """A tail as a person reads it, in one string."""
    return " > ".join(tail)


def _scale(matrix: csr_array) -> float:
    """The factor with which the rows that have entries are of length 1 on average."""
    lengths = row_lengths(matrix)
    return 1.0 / float(lengths[lengths > 0].mean()) if (lengths > 0).any() else 1.0
