"""Evidence: what lies between anchors and an item, how many people stand behind it, and what of it may be told."""

from collections.abc import Iterable, Sequence
from math import log1p
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.catalogue.attributes import attribute_steps
from recommender.kernels.path_instances import Instances, paths_between
from recommender.reasons.cells import DIRECT, LEARNED, PEOPLE, SHARED, TOGETHER, Cell, Source, Sources
from recommender.reasons.neighbourhoods import Neighbourhoods
from recommender.rules.avoidance import Forbidden

if TYPE_CHECKING:
    from recommender.reasons.groups import Group, Strand

NEARLY_ALL = 0.5
"""Part of the items of a type from which an attribute says nothing of any of them, like water."""
Entity = tuple[str, int]
Asked = tuple[int, int, tuple[int, ...]]
"""Position of an item, number of a source, anchors."""


class Evidence:
    """What is behind the cells of one profile.

    :param forbidden: what may not be named, and what no path that is told may run through.
    """

    def __init__(self, sources: Sources, forbidden: Forbidden) -> None:
        self.sources, self.forbidden = sources, forbidden
        self.scorer, self.snapshot = sources.scorer, sources.snapshot
        self.k = self.snapshot.k
        self._near = Neighbourhoods(self.snapshot)
        self._sensitive = {one.own for one in sources.all if self.snapshot.schema.entity[one.anchor_type].sensitive}
        self._middles: dict[Asked, set[int]] = {}
        self._ways: dict[tuple[int, int, int], bool] = {}
        self._people: dict[Asked, tuple[int, dict[int, int]]] = {}
        self._instances: dict[tuple[int, int], Instances] = {}
        self._crossed: dict[tuple[int, int], bool] = {}
        self._used: dict[tuple[int, int], dict[int, int] | None] = {}

    def telling(self, position: int, cells: dict[Cell, float]) -> tuple[dict[Cell, float], dict[Cell, float]]:
        """The cells without what runs through what is avoided, and that; of people nothing is named at all."""
        if not self._sensitive and not self.forbidden.named and not self.forbidden.beyond:
            return cells, {}
        hidden = {cell: share for cell, share in cells.items() if cell[0] in self._sensitive}
        told = {cell: share for cell, share in cells.items() if cell[0] not in self._sensitive} if hidden else cells
        if not self.forbidden.named and not self.forbidden.beyond:
            return told, hidden
        for own in dict.fromkeys(own for own, _ in told):
            source = self.sources[own]
            anchors = [anchor for number, anchor in told if number == own]
            for anchor, share in self._forbidden(source, anchors, position, told).items():
                if share:
                    hidden[own, anchor] = share
                    told[own, anchor] -= share
        return {cell: share for cell, share in told.items() if abs(share) > 1e-15}, hidden

    def tellable(self, position: int, group: "Group") -> bool:
        """Whether a group has a sentence: something to name, and enough people behind it."""
        kinds = {strand.source.kind for strand in group.strands}
        if group.kind == PEOPLE:
            return self.people(position, group.strands[0])[0] >= self.k
        if kinds == {LEARNED}:
            return group.strands[0].source.text == TOGETHER or self.together(position, group.strands)
        learned = [one for one in group.strands if one.source.kind == LEARNED]
        paths = [one for one in group.strands if one.source.kind != LEARNED]
        return self._names(position, paths) and self.together(position, learned)

    def way(self, position: int, strand: "Strand", anchor: int) -> bool:
        """Whether one way from one anchor may be told."""
        key = (position, strand.source.own, anchor)
        if key not in self._ways:
            if strand.source.kind == PEOPLE:
                self._ways[key] = self.people(position, strand)[0] >= self.k
            elif strand.source.kind == LEARNED:
                self._ways[key] = self.together(position, (strand,))
            else:
                self._ways[key] = strand.source.kind != SHARED or self._names(position, (strand,))
        return self._ways[key]

    def named(self, position: int, strands: Iterable["Strand"]) -> tuple[list[Entity], int]:
        """What is next to the item on the paths of strands that end in one relation: those that may be named, what says
        most first; and how many there are."""
        found: dict[int, float] = {}
        entity_type = ""
        for strand in strands:
            entity_type = self._next_type(strand.source)
            for idx in self.middles(position, strand):
                found[idx] = found.get(idx, 0.0) + strand.share
        counts, most = self._most(next(iter(strands)).source)
        degrees = {idx: int(counts[idx]) for idx in found}
        told = [idx for idx in found if degrees[idx] <= most]
        told.sort(key=lambda idx: (-found[idx] / log1p(degrees[idx]), idx))
        return [(entity_type, idx) for idx in told], len(found)

    def _names(self, position: int, strands: Sequence["Strand"]) -> bool:
        """Whether ``named`` names anything."""
        counts, most = self._most(strands[0].source)
        return any(counts[idx] <= most for strand in strands for idx in self.middles(position, strand))

    def _most(self, first: Source) -> tuple[NDArray[np.int64], float]:
        """How many items have what is next to them by the last step of a source, and by how many at most it is told."""
        items = self.snapshot.vocabulary.count(self.snapshot.schema.ends(first.last)[1])
        return self.snapshot.link_counts(first.last), NEARLY_ALL * items if first.kind != DIRECT else items

    def middles(self, position: int, strand: "Strand") -> set[int]:
        """Indices of the entities next to the item on the paths of a strand: anchors, where they are linked to it."""
        source = strand.source
        key = (position, source.own, tuple(sorted(strand.anchors)))
        if key not in self._middles:
            item, through = self.scorer.catalogue.item(position)[1], self._through_forbidden(position, source)
            if through or not self._near.tells(source):
                shared = set(np.unique(self.instances(position, strand).nodes[:, -2]).tolist())
            else:
                shared = self._near.before(source, key[2], item)
            if through:
                found = np.fromiter(shared, dtype=np.int64, count=len(shared))
                shared = set(found[self._may_name(self._next_type(source), found, own=source.kind == DIRECT)].tolist())
            self._middles[key] = shared
        return self._middles[key]

    def people(self, position: int, strand: "Strand") -> tuple[int, dict[int, int]]:
        """How many different people the paths of a strand run through, and those from each anchor; of a path through
        several the fewest of a step."""
        source, profile = strand.source, self.sources.profile
        key = (position, source.own, tuple(sorted(strand.anchors)))
        item, types = (
            self.scorer.catalogue.item(position)[1],
            [self.snapshot.schema.ends(one)[1] for one in source.tail],
        )
        steps = [step for step, name in enumerate(types[:-1], start=1) if self.snapshot.schema.entity[name].sensitive]
        through = len(source.tail) > 2 and self._through_forbidden(position, source)
        if key not in self._people and len(steps) == 1 and self._near.straight(source) and not through:
            hers = {profile.user_idx} if types[steps[0] - 1] == profile.user_type else set[int | None]()
            both = {one: self._near.between(source, (one, item), steps[0]) - hers for one in strand.anchors}
            self._people[key] = len(set[int]().union(*both.values())), {one: len(some) for one, some in both.items()}
        elif key not in self._people:
            instances = self.instances(position, strand)
            columns = [instances.nodes[:, step] for step in steps]
            if profile.user_idx is not None:
                mine = [types[step - 1] == profile.user_type for step in steps]
                columns = [
                    np.where(column == profile.user_idx, -1, column) if own else column
                    for column, own in zip(columns, mine, strict=True)
                ]
            each = {anchor: _fewest(columns, instances.nodes[:, 0] == anchor) for anchor in strand.anchors}
            self._people[key] = _fewest(columns, np.ones(len(instances.nodes), dtype=bool)), each
        return self._people[key]

    def attributes(self, position: int, anchor: int) -> tuple[str, list[Entity]] | None:
        """What an item of the same type has in common with another, by the relation that says most; ``None`` where
        that is nothing that may be named."""
        item_type, item = self.scorer.catalogue.item(position)
        best: tuple[float, str, list[Entity]] | None = None
        for step in attribute_steps(self.snapshot.schema, item_type):
            tail, degrees = self.snapshot.schema.ends(step)[1], self.snapshot.link_counts(inverse_of(step))
            both = self._near.of(step, item) & self._near.of(step, anchor)
            if not both:
                continue
            shared = np.fromiter(both, dtype=np.int64, count=len(both))
            shared = shared[self._may_name(tail, shared)]
            shared = shared[degrees[shared] <= NEARLY_ALL * self.snapshot.vocabulary.count(item_type)]
            rare = sorted(shared.tolist(), key=lambda one: (degrees[one], one))
            if rare and (best is None or degrees[rare[0]] < best[0]):
                best = float(degrees[rare[0]]), step, [(tail, one) for one in rare[:2]]
        return None if best is None else best[1:]

    def instances(self, position: int, strand: "Strand") -> Instances:
        """The paths of a strand that may be told."""
        key = (position, strand.source.own)
        if key not in self._instances:
            metapath, item = strand.source.metapath, self.scorer.catalogue.item(position)[1]
            assert metapath is not None
            found = paths_between(self.scorer.kernels, strand.source.tail, metapath.anchors.kept(item), item)
            self._instances[key] = found.part(self.forbidden.shown(metapath.node_types, found.nodes))
        found = self._instances[key]
        return found.part(np.isin(found.nodes[:, 0], np.fromiter(strand.anchors, dtype=np.int64)))

    def _forbidden(
        self, source: Source, anchors: list[int], position: int, cells: dict[Cell, float]
    ) -> dict[int, float]:
        """Of some anchors, the share that may not be told."""
        if source.kind == LEARNED:
            unnamed = [anchor for anchor in anchors if not self.forbidden.names(source.anchor_type, anchor)]
            return {anchor: cells[source.own, anchor] for anchor in unnamed}
        metapath, item = source.metapath, self.scorer.catalogue.item(position)[1]
        if metapath is None or not self._through_forbidden(position, source):
            return {}
        found = paths_between(self.scorer.kernels, source.tail, metapath.anchors.kept(item), item)
        hidden = ~self.forbidden.shown(metapath.node_types, found.nodes)
        if not hidden.any():
            return {}
        shares: dict[int, float] = {}
        rows = zip(found.nodes[hidden, 0].tolist(), (found.product[hidden] * metapath.weight).tolist(), strict=True)
        for anchor, share in rows:
            shares[anchor] = shares.get(anchor, 0.0) + share
        return {anchor: share for anchor, share in shares.items() if anchor in anchors}

    def _through_forbidden(self, position: int, source: Source) -> bool:
        """Whether a path of a source to an item may run through what is forbidden: looked at from both ends."""
        key, forbidden = (position, source.own), self.forbidden
        if not forbidden.named and not forbidden.beyond:
            return False
        if key not in self._crossed:
            metapath, item = source.metapath, self.scorer.catalogue.item(position)[1]
            assert metapath is not None
            anchors = metapath.anchors.kept(item).idx.tolist()
            self._crossed[key] = False
            for step, entity_type in enumerate(metapath.node_types[:-1]):
                masks = [forbidden.named.get(entity_type), forbidden.beyond.get(entity_type) if step else None]
                for mask in (one for one in masks if one is not None):
                    nodes = self._near.at(source, (anchors, item), step)
                    self._crossed[key] |= nodes is None or bool(mask[list(nodes)].any())
        return self._crossed[key]

    def together(self, position: int, strands: Iterable["Strand"]) -> bool:
        """Whether at least k people, she herself aside, are behind learned kernels, where they are learned from any."""
        for strand in strands:
            counts = self._counts(position, strand.source)
            if counts is not None and not self._enough(position, strand, [counts[one] for one in strand.anchors]):
                return False
        return True

    def _enough(self, position: int, strand: "Strand", counts: list[int]) -> bool:
        kernel, least = strand.source.kernel, self.k + self._herself(position)
        assert kernel is not None
        if len(counts) > 1 and kernel.counts_together:
            if max(counts) >= least or sum(counts) < least:  # all of them are no fewer, nor more, than these
                return max(counts) >= least
            anchors = np.fromiter(strand.anchors, dtype=np.int64)
            together = kernel.people_together(anchors, self.scorer.catalogue.item(position)[1])
            return together is not None and together >= least
        return min(counts) >= least

    def _counts(self, position: int, source: Source) -> dict[int, int] | None:
        """How many people are behind each anchor of a learned source, where that is counted."""
        key, kernel = (position, source.own), source.kernel
        if key not in self._used:
            self._used[key] = None
            if kernel is not None and source.metapath is not None:
                item = self.scorer.catalogue.item(position)[1]
                anchors = source.metapath.anchors.kept(item).idx
                counts = kernel.people(anchors, item)
                if counts is not None:
                    self._used[key] = dict(zip(anchors.tolist(), counts.tolist(), strict=True))
        return self._used[key]

    def nameable(self, position: int, strands: Iterable["Strand"]) -> set[int]:
        """The anchors of learned strands that may be named: at least k people are behind each, where any are."""
        found, least = set[int](), self.k + self._herself(position)
        for strand in strands:
            counts = self._counts(position, strand.source)
            found |= {one for one in strand.anchors if counts is None or counts[one] >= least}
        return found

    def _herself(self, position: int) -> bool:
        """Whether the user is one of those who used an item."""
        item_type, item = self.scorer.catalogue.item(position)
        anchors, ends = self.sources.profile.anchors, self.snapshot.schema.ends
        steps = [step for step in self.snapshot.schema.interactions if step in anchors and ends(step)[1] == item_type]
        return any((anchors[step].idx == item).any() for step in steps)

    def _next_type(self, source: Source) -> str:
        return self.snapshot.schema.ends(source.last)[0]

    def _may_name(self, entity_type: str, nodes: NDArray[np.integer], *, own: bool = False) -> NDArray[np.bool_]:
        """Which of some entities may be named; ``own``: they are what she has herself."""
        keep = np.ones(len(nodes), dtype=bool)
        if entity_type in self.forbidden.named:
            keep &= ~self.forbidden.named[entity_type][nodes]
        if entity_type in self.forbidden.beyond and not own:
            keep &= ~self.forbidden.beyond[entity_type][nodes]
        return keep


def _fewest(columns: list[NDArray[np.int32]], chosen: NDArray[np.bool_]) -> int:
    return min((len(np.unique(column[chosen & (column >= 0)])) for column in columns), default=0)
