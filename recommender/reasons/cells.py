"""Cells: what each anchor gives an item over each metapath. They are what groups are made of; they sum to the score."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from kg.schema import inverse_of
from recommender.kernels.kernel import LearnedKernel
from recommender.kernels.metapaths import Metapath
from recommender.profiles.profile import Anchors, Profile
from recommender.scoring.anchor_shares import ProfileMetapath
from recommender.scoring.scorer import Scorer

DIRECT, SHARED, CHAIN, PEOPLE, LEARNED = "direct", "shared", "chain", "people", "learned"
TOGETHER = "association"
"""Sentence of learned kernels that say no more than that anchors and item go together; the embedding does likewise."""
Cell = tuple[int, int]
"""Number of the source, index of the anchor."""


@dataclass(frozen=True, eq=False)
class Source:
    """A weighed metapath, or the embedding at a step, as groups see it.

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
    metapath: ProfileMetapath | None = None
    kernel: LearnedKernel | None = None

    @property
    def last(self) -> str:
        """The step to the item, empty where it is learned."""
        return self.tail[-1] if self.tail else ""

    @property
    def alike(self) -> bool:
        """Whether what is before the item is related to the item as it is to what is before that."""
        return len(self.tail) > 1 and self.tail[-2] == inverse_of(self.tail[-1])


class Sources:
    """All that gives the scores of one profile."""

    def __init__(self, scorer: Scorer, profile: Profile) -> None:
        self.scorer, self.profile, self.snapshot = scorer, profile, scorer.snapshot
        self.all = [self._of_path(number, path) for number, path in enumerate(scorer.metapaths_of(profile))]
        self._by_item: dict[str, list[Source]] = {}
        self._coming: dict[str, list[int]] = {}
        self._cells: dict[int, dict[Cell, float]] = {}
        self._embedded = self._of_embedding(len(self.all)) if scorer.embeds else []

    def __getitem__(self, number: int) -> Source:
        return self.all[number] if number < len(self.all) else self._embedded[number - len(self.all)]

    def expect(self, positions: Iterable[int]) -> None:
        """Name items that will be asked for: their cells are then made together."""
        self._coming = {}
        for position in positions:
            item_type, item = self.scorer.catalogue.item(position)
            self._coming.setdefault(item_type, []).append(item)

    def cells(self, position: int) -> dict[Cell, float]:
        """The cells of an item that are not 0: they sum to its score but for popularity."""
        if position not in self._cells:
            item_type, item = self.scorer.catalogue.item(position)
            coming = self._coming.get(item_type, ())
            self._make(item_type, coming if item in coming else (item,))
        found = self._cells[position].copy()
        for source in self._embedded:
            anchors = self._near[source.start]
            shares = self.scorer.cosines(source.start, anchors, position) * anchors.weight
            shares = shares * float(self.scorer.embedding_weight[position])
            found |= {(source.own, i): s for i, s in zip(anchors.idx.tolist(), shares.tolist(), strict=True) if s}
        return found

    def _make(self, item_type: str, items: Sequence[int]) -> None:
        start = self.scorer.catalogue.position(item_type, 0)
        found: dict[int, dict[Cell, float]] = {item: {} for item in items}
        for source in self._ending_at(item_type):
            assert source.metapath is not None
            weight, own = source.metapath.weight, source.own
            for item, idx, share in source.metapath.anchors.of_all(items):
                if share:
                    found[item][own, idx] = share * weight
        self._cells |= {start + item: cells for item, cells in found.items()}

    @cached_property
    def _near(self) -> dict[str, Anchors]:
        return self.scorer.embedding_anchors(self.profile)

    def _ending_at(self, item_type: str) -> list[Source]:
        if item_type not in self._by_item:
            self._by_item[item_type] = [one for one in self.all if one.metapath and one.metapath.item_type == item_type]
        return self._by_item[item_type]

    def _of_path(self, number: int, path: Metapath) -> Source:
        metapath = ProfileMetapath(self.scorer, path, self.profile.anchors[path.start])
        kernel = self.scorer.kernels.learned(metapath.path.tail)
        start, schema = metapath.path.start, self.snapshot.schema
        anchor_type = schema.ends(start)[1]
        if kernel is not None:
            return Source(number, start, anchor_type, LEARNED, (), kernel.text, metapath, kernel)
        between = [schema.entity[name].sensitive for name in metapath.node_types[1:-1]]
        kind = PEOPLE if any(between) else (DIRECT, SHARED, CHAIN)[min(len(between), 2)]
        return Source(number, start, anchor_type, kind, metapath.path.tail, metapath=metapath)

    def _of_embedding(self, first: int) -> list[Source]:
        ends = self.snapshot.schema.ends
        return [Source(first + n, start, ends(start)[1], LEARNED) for n, start in enumerate(self._near)]
