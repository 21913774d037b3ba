"""Trained graph: what kernels keep of the graph their model was trained on, so that a change costs what it touches.

One more product of a large category would otherwise change the degree of the category, and with it the entries of all
its products; one more purchase what was learned of all items.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.checksums import NAME as CHECKSUMS
from kg.checksums import Checksums
from kg.errors import ModelError
from kg.mapped_array import map_array
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.vocabulary import Vocabulary
from kg.workspace.permissions import private_files
from recommender.catalogue.attribute_lift import carries
from recommender.catalogue.change import Change
from recommender.catalogue.interactions import Interactions
from recommender.linalg.csr_file import has_csr, open_csr
from recommender.linalg.moved_rows import GONE, moved

WITHIN = 1.5
"""By what factor a degree may have grown or shrunk since the training and still count as it was then."""
PEOPLE, ITEMS = "people", "items"
Values = NDArray[np.float64]


@dataclass(frozen=True)
class TrainedGraph:
    """A folder of a model: degrees of the nodes and what learned kernels learned, by names.

    ``hash``: of the snapshot that the model was trained on; ``vocabulary``: its entities.
    """

    folder: Path
    hash: str
    vocabulary: Vocabulary

    @classmethod
    @private_files()
    def keep(cls, folder: Path, snapshot: Snapshot, carriers: Sequence[str]) -> "TrainedGraph":
        """Write the degrees of a graph.

        :param carriers: steps from items to attributes of which some may not lead into another domain.
        """
        folder.mkdir(parents=True, exist_ok=True)
        interactions, arrays = Interactions(snapshot), dict[str, NDArray[np.generic]]()
        for name in snapshot.schema.relation:
            for step in (name, inverse_of(name)):
                arrays |= {f"{step}.degree": snapshot.degrees(step), f"{step}.links": snapshot.link_counts(step)}
        arrays |= {PEOPLE: np.diff(interactions.matrix.indptr), ITEMS: interactions.counts}
        arrays |= {f"{step}.carries": carries(snapshot, step) for step in carriers}
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array.astype(np.float64), allow_pickle=False)
        Checksums.write(folder / CHECKSUMS, (folder / f"{name}.npy" for name in arrays))
        return cls(folder, snapshot.hash, snapshot.vocabulary)

    def array(self, name: str) -> Values:
        """The numbers of a name.

        :raises ModelError: where they are missing or damaged.
        """
        try:
            checksums = Checksums.open(self.folder / CHECKSUMS)
            if checksums is None:
                raise ValueError(CHECKSUMS)
            checksums.check(f"{name}.npy")
            return map_array(str(self.folder / f"{name}.npy"))
        except (OSError, ValueError):
            raise ModelError(f"{self.folder}: {name} is damaged; run `whyrec train` to make it anew") from None

    def fitted(self, name: str) -> csr_array | None:
        """What a learned kernel keeps by a name, ``None`` where it kept nothing."""
        return open_csr(self.folder, name)[0] if has_csr(self.folder, name) else None


class AsTrained:
    """A graph with the degrees that it had when the model was trained, as long as each has not grown or shrunk by more
    than half; what is new since has its own. Without a training all are those of the graph.

    It is decided node by node, from the graph then and the graph now alone: whatever happened in between, the bits are
    the same.
    """

    def __init__(self, snapshot: Snapshot, graph: TrainedGraph | None = None) -> None:
        self.snapshot, self.graph = snapshot, graph
        self._known: dict[str, Values] = {}

    @property
    def decided_by(self) -> list[str]:
        """What else than the graph decides what is returned here."""
        return [] if self.graph is None else [self.graph.hash]

    @cached_property
    def change(self) -> Change:
        """From the graph that the model was trained on to this one."""
        return Change(self.snapshot.vocabulary, (self.snapshot if self.graph is None else self.graph).vocabulary)

    def degrees(self, step: str) -> Values:
        """Sum of the absolute weights of each head of a step: shape (heads,)."""
        return self._kept(f"{step}.degree", self._heads(step), self.snapshot.degrees(step))

    def links(self, step: str) -> Values:
        """How many triples each head of a step has: shape (heads,)."""
        return self._kept(f"{step}.links", self._heads(step), self.snapshot.link_counts(step))

    def people(self, interactions: Interactions) -> Values:
        """How many items each person used: shape (users of all types,)."""
        now = np.diff(interactions.matrix.indptr)
        return self._kept(PEOPLE, self.snapshot.schema.user_types, now)

    def items(self, interactions: Interactions) -> Values:
        """How many people used each item: shape (catalogue.size,)."""
        return self._kept(ITEMS, interactions.catalogue.types, interactions.counts)

    def carries(self, step: str) -> NDArray[np.bool_]:
        """Which attributes that a step leads to may lead into another domain: shape (attributes,), bool; new ones are
        believed."""
        if self.graph is None:
            return carries(self.snapshot, step)
        return self._moved(f"{step}.carries", [self.snapshot.schema.ends(step)[1]], 1.0) > 0

    def drift(self) -> dict[str, float]:
        """Relation → by how much the numbers of links of its heads, or of its tails, differ from those of the training,
        as a part of these; nothing without a training."""
        found = dict[str, float]()
        for name in self.snapshot.schema.relation if self.graph is not None else ():
            parts = list[float]()
            for step in (name, inverse_of(name)):
                now, then = self.snapshot.link_counts(step), self._moved(f"{step}.links", self._heads(step), 0.0)
                parts.append(float(np.abs(now - then).sum() / max(then.sum(), 1.0)))
            found[name] = max(parts)
        return found

    def renewed(self, name: str, entity_types: Sequence[str], now: Values) -> NDArray[np.bool_]:
        """Which entities are new, or have grown or shrunk by more than half by a number that a learned kernel kept:
        shape (entities,), bool."""
        kept = None if self.graph is None else self.graph.fitted(name)
        if kept is None:
            return np.ones(len(now), dtype=bool)
        then = self._placed(kept.toarray().ravel(), entity_types, 0.0)
        return ~_within(now, then)

    def fitted(self, name: str, rows: Sequence[str] | None, columns: Sequence[str] | None) -> csr_array | None:
        """What a learned kernel kept, with its entities where they are now; ``None`` where it kept nothing.

        :param rows: the types of its rows; ``columns``: of its columns; ``None`` where these are no entities.
        """
        kept = None if self.graph is None else self.graph.fitted(name)
        if kept is None:
            return None
        moves, shape = list[NDArray[np.int64] | None](), list[int]()
        for types, size in ((rows, kept.shape[0]), (columns, kept.shape[1])):
            moves.append(None if types is None else self.change.joined(types))
            shape.append(size if types is None else sum(self.snapshot.vocabulary.count(one) for one in types))
        return moved(kept, moves[0], moves[1], (shape[0], shape[1]))

    def _heads(self, step: str) -> list[str]:
        return [self.snapshot.schema.ends(step)[0]]

    def _kept(self, name: str, entity_types: Sequence[str], now: NDArray[np.number]) -> Values:
        if name not in self._known:
            if self.graph is None or self.graph.hash == self.snapshot.hash:
                self._known[name] = now.astype(np.float64, copy=False)
            else:
                then = self._moved(name, entity_types, 0.0)
                self._known[name] = np.where(_within(now, then), then, now)
        return self._known[name]

    def _moved(self, name: str, entity_types: Sequence[str], new: float) -> Values:
        """The numbers of the graph then at the places of now."""
        assert self.graph is not None, "nothing was trained"
        return self._placed(self.graph.array(name), entity_types, new)

    def _placed(self, then: Values, entity_types: Sequence[str], new: float) -> Values:
        move = self.change.joined(entity_types)
        if move is None:
            return then
        found, there = np.full(sum(self.snapshot.vocabulary.count(one) for one in entity_types), new), move != GONE
        found[move[there]] = then[there]
        return found


def _within(now: NDArray[np.number], then: Values) -> NDArray[np.bool_]:
    """Where a number is what it was, but for half of it."""
    return np.asarray((now <= WITHIN * then) & (then <= WITHIN * now))


def fit_name(kernel: str, name: str) -> str:
    """The name of what a kind of learned kernel keeps of its training."""
    return f"{kernel}.{name}"
