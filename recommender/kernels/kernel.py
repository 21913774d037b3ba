"""Kernel: an anchor × item matrix, and its words."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.document import Document
from kg.snapshot.snapshot import Snapshot, part_of
from recommender.catalogue.change import Change
from recommender.catalogue.interactions import Interactions
from recommender.catalogue.item_users import ItemUsers
from recommender.kernels.item_column import ItemColumn
from recommender.kernels.trained_graph import AsTrained
from recommender.linalg.pruned_product import Factor
from recommender.linalg.sparse_matrix import stacked
from recommender.linalg.updated_product import Earlier
from recommender.texts.language import Notice

Tail = tuple[str, ...]
"""The steps of a kernel, from an anchor to an item; of a learned one the step that stands for it."""
Values = NDArray[np.float64]
Idxs = NDArray[np.integer]
Config = TypeVar("Config", bound=Document)
Shared = TypeVar("Shared")
Steps = Callable[[], Sequence[str]]
"""Names steps."""
Factors = Callable[[], Iterable[Sequence[csr_array]]]
"""Makes matrices that learned kernels are products of: blocks of the rows of all of them, or one of all rows."""


@dataclass(frozen=True)
class NamedAnchors:
    """What a sentence about a learned kernel names: the step from the user to the anchors, the anchors (type, index),
    at least one, largest share first, of each how many people are behind it, none where that is not counted, and the
    entity (type, index) over which the first leads to the item, where there is one that may be named."""

    step: str
    anchors: Sequence[tuple[str, int]]
    people: Sequence[int] = ()
    about: tuple[str, int] | None = None

    def first(self) -> "NamedAnchors":
        """The first of the anchors alone."""
        return replace(self, anchors=self.anchors[:1])


class Phrases(Protocol):
    """A language: ``recommender.explanation.phrasing.Phrasing``."""

    def learned(self, text: str, named: NamedAnchors, people: int = 0) -> str:
        """The text with this key, about a learned kernel."""


@dataclass(frozen=True)
class KernelInputs:
    """What kernels are made of.

    ``top``: entries kept per row, the largest; ``settings``: kernel → its configuration where it is not the default;
    ``shared``: what several kernels of one kind need, made once; ``left_out``: what kernels that were made do without,
    because it would have taken too long; ``trained``: what counts as it was when the model was trained; ``keep``:
    writes what a kernel learned and keeps beside its matrix, by name, where anything is kept; ``store``: as of
    :class:`recommender.kernels.stored_factors.StoredFactors`.
    """

    snapshot: Snapshot
    top: int
    settings: Mapping[str, Document | Mapping[str, Any]]
    shared: dict[str, Any] = field(default_factory=dict)
    left_out: dict[Notice, None] = field(default_factory=dict)
    trained: AsTrained | None = None
    keep: "Callable[[LearnedKernel, str, csr_array], None] | None" = None
    store: Callable[[str, Sequence[str], Factors, int], Sequence[csr_array]] | None = None

    def config(self, name: str, kind: type[Config]) -> Config:
        """The configuration of a kernel.

        :raises pydantic.ValidationError: where it is none.
        """
        found = self.settings.get(name, {})
        return found if isinstance(found, kind) else kind.model_validate(found)

    @cached_property
    def as_trained(self) -> AsTrained:
        """The graph with what counts as it was at the training; of itself where there was none."""
        return AsTrained(self.snapshot) if self.trained is None else self.trained

    def once(self, name: str, make: Callable[[], Shared]) -> Shared:
        """What ``make`` returns, made when first asked for under this name."""
        found: Shared | None = self.shared.get(name)
        return self.shared.setdefault(name, make()) if found is None else found  # of two threads one is kept

    def stored(self, name: str, steps: Steps, make: Factors, count: int) -> Sequence[csr_array]:
        """What ``make`` makes, ``count`` matrices, made once for all processes where factors are stored.

        :param steps: those whose links decide it; looked up where it is not open yet, as whoever explains asks often.
        """
        store = self.store
        return self.once(name, lambda: _whole(make()) if store is None else store(name, steps(), make, count))


def _whole(blocks: Iterable[Sequence[csr_array]]) -> list[csr_array]:
    found = list(blocks)
    return list(found[0]) if len(found) == 1 else [stacked(some) for some in zip(*found, strict=True)]


@dataclass(frozen=True)
class Kept:
    """A kernel's matrix before a change, pruned, times ``scale``, with the entities where they are now; ``lost``: rows
    of which an entry is gone with its item, shape (anchors,), bool."""

    kernel: csr_array
    scale: float
    lost: NDArray[np.bool_]

    def earlier(self, factors: Sequence[Factor]) -> Earlier:
        """It as the product of factors."""
        return Earlier(factors, self.kernel, self.lost, self.scale)


def relation_parts(steps: Iterable[str]) -> tuple[str, ...]:
    """The parts of a snapshot that some steps, forwards or backwards, read."""
    return tuple(sorted({part_of("relation", step.removeprefix("~")) for step in steps}))


class Kernel(ABC):
    """One kernel. Non-negative, finite, and the same every time; a score is ``Σ_a x[a] · K[a, item]``."""

    name: ClassVar[str]
    """Which kind of kernel it is; the field ``kernel`` of a part of an account."""

    @property
    @abstractmethod
    def key(self) -> str:
        """A name for its files, which changes with whatever decides its entries but for the content of the snapshot and
        the configuration of the damping."""

    @property
    @abstractmethod
    def reads(self) -> tuple[str, ...]:
        """The relations, and for texts the types of entities, whose content decides its entries, as
        :func:`kg.snapshot.snapshot.part_of` names them: as long as these stay, so does the kernel."""

    @abstractmethod
    def matrix(self) -> csr_array:
        """Shape (anchors, items), float64, ≥ 0, at most ``top`` entries per row, the largest, whole; not scaled."""

    def updated(self, before: Any, change: Change, kept: Kept) -> csr_array | None:
        """The matrix, times its scale, made from what it was before a change, to the bit; ``None`` where a kernel of
        this kind is made anew.

        :param before: the kernel of the graph then, of the same kind.
        :param kept: what there was of it.
        """
        return None

    def column(self, anchors: Idxs, item: int, steps: Sequence[str]) -> ItemColumn | None:
        """Its column for one item as a function of the item's links by some steps, not scaled and not pruned; ``None``
        where these do not decide it.

        :param anchors: indices of the anchors whose entries are wanted, shape (anchors,).
        """
        return None


class LearnedKernel(Kernel):
    """A kernel between two item types that is no product of steps; its shares are told by anchors."""

    symbol: ClassVar[str]
    """How the step that stands for it begins: ``≈Course-Product``; no relation has such a name."""
    text: ClassVar[str] = "goes_with"
    """Key of the sentence that tells it."""
    grid: ClassVar[Mapping[str, tuple[float, ...]]] = {}
    """Field of its configuration → values that ``train`` tries on a validation part; nothing to choose where empty."""
    silent: ClassVar[tuple[Mapping[str, float], Mapping[str, float]] | None] = None
    """Changes of a configuration after which the kernel no longer says what only it says; and the configuration with
    which it is empty, which is chosen unless the best of the grid is surely better than those changes make it."""
    from_people: ClassVar[bool] = True
    """Whether it is learned from what people use."""

    def __init__(self, inputs: KernelInputs, anchor_type: str, item_type: str) -> None:
        self.inputs, self.anchor_type, self.item_type = inputs, anchor_type, item_type

    @classmethod
    def exists(cls, snapshot: Snapshot, anchor_type: str, item_type: str) -> bool:
        """Whether there is such a kernel between two item types of a graph."""
        return True

    @classmethod
    def start(cls, snapshot: Snapshot, relation: str) -> str | None:
        """The step from a user to its anchors: an interaction itself, unless a kind says otherwise; ``None`` where it
        begins at nothing of it."""
        return relation

    @classmethod
    def step(cls, anchor_type: str, item_type: str) -> str:
        """The step that stands for the kernel in the tail of a metapath."""
        return f"{cls.symbol}{anchor_type}-{item_type}"

    @property
    def decided_by(self) -> str:
        """What decides its entries beside the snapshot's hash, such as its configuration; empty where nothing does."""
        return ""

    @property
    def reads(self) -> tuple[str, ...]:
        """What people use, unless a kind says otherwise."""
        return relation_parts(self.inputs.snapshot.schema.interactions)

    @property
    def beside(self) -> tuple[str, ...]:
        """The names of what it keeps of its training, so that a change of the graph leaves what it learned."""
        return ()

    @property
    def key(self) -> str:
        """Its name and ends in ASCII, which every file system and locale can write, and what decides the entries."""
        step, decided_by = f"{self.name}-{self.anchor_type}-{self.item_type}", self.decided_by
        return f"{step}+{hashlib.blake2b(decided_by.encode(), digest_size=8).hexdigest()}" if decided_by else step

    def people(self, anchors: Idxs, item: int) -> NDArray[np.int64] | None:
        """How many are behind the entry of each anchor for an item, shape (anchors,), where that is counted: where the
        kernel is learned from people, those who used both. Anchors with too few are not named."""
        if not self.from_people:
            return None
        return self._users(self.anchor_type).both(anchors, self._users(self.item_type).of(item))

    def may_count(self, used: Mapping[str, Collection[int]], item: int) -> bool:
        """Whether ``people`` may count who used some things, by their type; if nothing else is said, the item too."""
        return item in used.get(self.item_type, ())

    def people_behind(self, kernel: csr_array, rows: Idxs) -> NDArray[np.int64] | None:
        """``people`` of all entries of the kernel's rows of some anchors, shape (rows,), or of as many of its shape, in
        their order: shape (entries,)."""
        by_item, found = entries_by_item(kernel), np.zeros(kernel.nnz, dtype=np.int64)
        for item in np.flatnonzero(np.diff(by_item.indptr)).tolist():
            part = slice(by_item.indptr[item], by_item.indptr[item + 1])
            counts = self.people(rows[by_item.indices[part]], item)
            if counts is None:
                return None
            found[by_item.data[part]] = counts
        return found

    def people_of_all(self, anchors: Idxs, items: Sequence[int]) -> NDArray[np.int64]:
        """``people`` of several items at once, where ``counts_together``: shape (items, anchors)."""
        of_item, users = self._users(self.item_type).of_each(np.array(items, dtype=np.int64))
        return self._users(self.anchor_type).pairs(anchors, of_item, users, len(items))

    @property
    def counts_together(self) -> bool:
        """Whether it is counted how many different people are behind several anchors together."""
        return self.from_people and type(self).people is LearnedKernel.people

    def people_together(self, anchors: Idxs, item: int) -> set[int] | None:
        """Who is behind the entries of all anchors for an item, numbered over all user types, where that is counted."""
        users = self._users
        return users(self.anchor_type).any(anchors, users(self.item_type).of(item)) if self.counts_together else None

    def about(self, anchor: int, item: int) -> tuple[str, int] | None:
        """The entity, type and index, over which most of an entry runs; ``None`` where it runs over none."""
        return None

    def with_rows_of(self, anchors: Idxs) -> csr_array:
        """The matrix, of which no other rows than those of some anchors are asked for: others may be empty.

        :param anchors: rising, shape (anchors,).
        """
        return self.matrix()

    def make_stored(self) -> None:
        """Make what answers need of it beside its matrix, where it is not stored yet."""

    def _interactions(self) -> Interactions:
        return self.inputs.once("interactions", lambda: Interactions(self.inputs.snapshot))

    def _users(self, item_type: str) -> ItemUsers:
        return self.inputs.once(f"users.{item_type}", lambda: ItemUsers(self.inputs.snapshot, item_type))

    def sentence(self, phrases: Phrases, named: NamedAnchors) -> str:
        """The kernel in words, without a full stop."""
        return phrases.learned(self.text, named)


def entries_by_item(kernel: csr_array) -> csr_array:
    """Items × anchors: of each entry of a kernel its number among them."""
    return csr_array(csr_array((np.arange(kernel.nnz), kernel.indices, kernel.indptr), shape=kernel.shape).T)


class CountedKernel(LearnedKernel):
    """A learned kernel told by the first of its anchors, with the number of people: “14 people who bought A …”."""

    def sentence(self, phrases: Phrases, named: NamedAnchors) -> str:
        """The first of the anchors, with the number of people."""
        return phrases.learned(self.text, named.first(), named.people[0])
