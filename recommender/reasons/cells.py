"""Cells: what each anchor gives an item over each metapath. They are what groups are made of; they sum to the score."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.kernels.kernel import LearnedKernel
from recommender.kernels.learned.renewal import RenewalKernel
from recommender.kernels.metapaths import Metapath
from recommender.profiles.profile import Anchors, Profile
from recommender.reasons.layout import Key, Layout
from recommender.scoring.anchor_shares import AnchorShares, ItemShares, ProfilePaths, WeighedMetapath
from recommender.scoring.scorer import Scorer

DIRECT, SHARED, CHAIN, PEOPLE, LEARNED = "direct", "shared", "chain", "people", "learned"
THEME = "shared"
"""The kind of groups of what leads to an item by one relation."""
TOGETHER = LearnedKernel.text
"""Sentence of learned kernels that say no more than that anchors and item go together; the embedding does likewise."""


@dataclass(frozen=True, eq=False)
class Source:
    """A weighed metapath, or the embedding at a step, as groups see it; the same whoever asks.

    ``own``: place of the source among all. ``kind``: ``direct``: an anchor is linked to the item itself; ``shared``:
    both are linked to the same; ``chain``: over more steps; ``people``: over people; ``learned``: no path. ``tail``:
    the steps from an anchor to the item, empty where it is learned. ``text``: which sentence tells a learned one.
    """

    own: int
    start: str
    anchor_type: str
    kind: str
    tail: tuple[str, ...] = ()
    text: str = TOGETHER
    metapath: WeighedMetapath | None = None
    kernel: LearnedKernel | None = None
    people: tuple[int, ...] = ()
    """The steps of the tail that lead to people on the way."""

    @cached_property
    def last(self) -> str:
        """The step to the item, empty where it is learned."""
        return self.tail[-1] if self.tail else ""

    @property
    def between(self) -> tuple[str, ...]:
        """The types of what is between an anchor and the item."""
        return () if self.metapath is None else self.metapath.node_types[1:-1]

    @cached_property
    def alike(self) -> bool:
        """Whether what is before the item is related to the item as it is to what is before that."""
        return len(self.tail) > 1 and self.tail[-2] == inverse_of(self.tail[-1])

    @cached_property
    def together(self) -> bool:
        """Whether it is learned and says no more than that anchors and item go together."""
        return self.kind == LEARNED and self.text == TOGETHER

    @cached_property
    def again(self) -> bool:
        """Whether the item is its own anchor, since it was used before."""
        return self.kind == LEARNED and self.text == RenewalKernel.text

    @cached_property
    def anchored(self) -> bool:
        """Whether what an anchor has to do with an item may be told by it."""
        return self.kind == SHARED or self.alongside

    @cached_property
    def alongside(self) -> bool:
        """Whether what it says of some anchors may be told beside what else they have to do with an item: that others
        who have them too used it, or that they go well with it."""
        return self.together or (self.kind == PEOPLE and len(self.tail) == 2)

    @cached_property
    def key(self) -> Key:
        """The candidate that its cells are in, but for those of anchors."""
        if self.kind == LEARNED:
            return LEARNED, self.start, self.text
        return (PEOPLE, self.own, 0) if self.kind == PEOPLE else (THEME, self.last, 0)


@dataclass(slots=True, eq=False)
class Strand:
    """The cells of one source, in an item or in a group: anchor → share."""

    source: Source
    anchors: Mapping[int, float]
    share: float
    """Their sum."""

    @classmethod
    def of(cls, source: Source, anchors: Mapping[int, float]) -> "Strand":
        """A strand with its share."""
        return cls(source, anchors, sum(anchors.values()))

    def largest(self) -> list[int]:
        """The anchors, the largest share first."""
        if len(self.anchors) == 1:
            return list(self.anchors)
        return sorted(self.anchors, key=lambda anchor: (-self.anchors[anchor], anchor))


Pool = dict[int, Strand]
"""Cells by the number of their source. Those of an item are not to be changed."""


class Sources:
    """All that gives the scores of one profile."""

    def __init__(self, scorer: Scorer, profile: Profile) -> None:
        self.scorer, self.profile, self.snapshot = scorer, profile, scorer.snapshot
        self.all, self._ending_at = _path_sources(scorer, profile)
        self._coming: dict[str, list[int]] = {}
        self._cells: dict[int, Pool] = {}
        self._anchors: dict[int, AnchorShares] = {}
        self.known = ProfilePaths(scorer, profile)
        self._layouts: dict[str, Layout] = {}
        self._embedded = self._of_embedding(len(self.all)) if scorer.embeds else []

    def __getitem__(self, number: int) -> Source:
        return self.all[number] if number < len(self.all) else self._embedded[number - len(self.all)]

    def anchors(self, source: Source) -> AnchorShares:
        """The anchors of a source that is no embedding, with their rows of its kernel."""
        if source.own not in self._anchors:
            assert source.metapath is not None
            self._anchors[source.own] = self.known.anchors(source.metapath.path)
        return self._anchors[source.own]

    def layout(self, position: int) -> Layout:
        """What leads to an item."""
        item_type = self.scorer.catalogue.item(position)[0]
        if item_type not in self._layouts:
            sources = [*self._ending_at.get(item_type, ()), *self._embedded]
            key = "layout", item_type, tuple(sources)
            if key not in self.scorer.kept:
                self.scorer.kept[key] = Layout.of(sources, self.snapshot.schema.negatives)
            self._layouts[item_type] = self.scorer.kept[key]
        return self._layouts[item_type]

    def expect(self, positions: Iterable[int]) -> None:
        """Name items that will be asked for: their cells are then made together."""
        self._coming = {}
        for position in positions:
            item_type, item = self.scorer.catalogue.item(position)
            self._coming.setdefault(item_type, []).append(item)

    def beside(self, position: int) -> list[int]:
        """The items of the type of an item that were named with it, by their indices; at least itself."""
        item_type, item = self.scorer.catalogue.item(position)
        coming = self._coming.get(item_type, [])
        return coming if item in coming else [item]

    def cells(self, position: int) -> Pool:
        """The cells of an item that are not 0: they sum to its score but for popularity."""
        if position not in self._cells:
            self._make(self.scorer.catalogue.item(position)[0], self.beside(position))
        return self._cells[position]

    def kept(self, position: int, source: Source) -> Mapping[int, float]:
        """All anchors of a source with a share in an item."""
        strand = self.cells(position).get(source.own)
        return {} if strand is None else strand.anchors

    def _make(self, item_type: str, items: list[int]) -> None:
        start, wanted = self._first(item_type), np.zeros(self.snapshot.vocabulary.count(item_type), dtype=bool)
        wanted[items] = True
        found: dict[int, Pool] = {item: {} for item in items}
        sources = self._ending_at.get(item_type, ())
        if len(items) == 1:
            found[items[0]].update(self._of_one(sources, items[0]))
        elif sources:
            self._gather(found, sources, ItemShares.of([self.anchors(source) for source in sources], wanted))
        for number, cells in found.items():
            if self._embedded:
                self._embed(cells, item_type, number)
            self._cells[start + number] = cells

    def _of_one(self, sources: Iterable[Source], item: int) -> Iterator[tuple[int, Strand]]:
        """The cells of one item, the same bits as of several."""
        for source in sources:
            assert source.metapath is not None
            found = self.anchors(source).of(item)
            shares = (found.weight * source.metapath.weight).tolist()
            if some := {idx: share for idx, share in zip(found.idx.tolist(), shares, strict=True) if share}:
                yield source.own, Strand.of(source, some)

    def _embed(self, cells: Pool, item_type: str, item: int) -> None:
        """Put what the embedding gives an item into its pool."""
        vector, weight = (
            self.scorer.unit(item_type, item),
            float(self.scorer.embedding_weight[self._first(item_type) + item]),
        )
        for source in self._embedded:
            anchors, rows, idx = self._near[source.start]
            shares = ((rows @ vector) * anchors.weight * weight).tolist()
            if some := {i: share for i, share in zip(idx, shares, strict=True) if share}:
                cells[source.own] = Strand.of(source, some)

    @staticmethod
    def _gather(found: dict[int, Pool], sources: Sequence[Source], shares: ItemShares) -> None:
        """Put cells into the pools of their items, source by source and each in its order.

        :param shares: without the weights of the sources.
        """
        weights = np.array([one.metapath.weight for one in sources if one.metapath])
        entries = shares.item.tolist(), shares.part.tolist(), shares.anchor.tolist()
        pools: dict[int, dict[int, dict[int, float]]] = {item: {} for item in found}
        for item, part, anchor, share in zip(*entries, (shares.share * weights[shares.part]).tolist(), strict=True):
            cells = pools[item].get(part)
            if cells is None:
                pools[item][part] = {anchor: share}
            else:
                cells[anchor] = share
        for item, parts in pools.items():
            for part, some in parts.items():
                found[item][sources[part].own] = Strand.of(sources[part], some)

    def _first(self, item_type: str) -> int:
        return self.scorer.catalogue.position(item_type, 0)

    @cached_property
    def _near(self) -> dict[str, tuple[Anchors, NDArray[np.float64], list[int]]]:
        """The anchors that the embedding compares with, their vectors and their indices."""
        ends, found = self.snapshot.schema.ends, self.scorer.embedding_anchors(self.profile)
        return {step: (one, self.scorer.unit(ends(step)[1], one.idx), one.idx.tolist()) for step, one in found.items()}

    def _of_embedding(self, first: int) -> list[Source]:
        key, ends = ("embedded", first, *self._near), self.snapshot.schema.ends
        if key not in self.scorer.kept:
            found = [Source(first + n, start, ends(start)[1], LEARNED) for n, start in enumerate(self._near)]
            self.scorer.kept[key] = found
        kept: list[Source] = self.scorer.kept[key]
        return kept


def _path_sources(scorer: Scorer, profile: Profile) -> tuple[list[Source], dict[str, list[Source]]]:
    """The sources of a profile that are metapaths, and the same by the type of items where they end; made once for all
    who have anchors of the same kinds."""
    key = "sources", profile.user_type, frozenset(profile.anchors)
    if key not in scorer.kept:
        found = [_source(scorer, number, path) for number, path in enumerate(scorer.metapaths_of(profile))]
        by_item: dict[str, list[Source]] = {}
        for one in found:
            assert one.metapath is not None
            by_item.setdefault(one.metapath.item_type, []).append(one)
        scorer.kept[key] = found, by_item
    kept: tuple[list[Source], dict[str, list[Source]]] = scorer.kept[key]
    return kept


def _source(scorer: Scorer, number: int, path: Metapath) -> Source:
    schema, metapath = scorer.snapshot.schema, WeighedMetapath.of(scorer, path)
    kernel, anchor_type = scorer.kernels.learned(path.tail), schema.ends(path.start)[1]
    if kernel is not None:
        return Source(number, path.start, anchor_type, LEARNED, (), kernel.text, metapath, kernel)
    between = [schema.entity[name].sensitive for name in metapath.node_types[1:-1]]
    kind = PEOPLE if any(between) else (DIRECT, SHARED, CHAIN)[min(len(between), 2)]
    people = tuple(step for step, sensitive in enumerate(between, start=1) if sensitive)
    return Source(number, path.start, anchor_type, kind, path.tail, metapath=metapath, people=people)
