"""Evidence: what lies between anchors and an item, how many people stand behind it, and what of it may be told."""

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.catalogue.attributes import attribute_steps
from recommender.kernels.path_instances import Instances, paths_between
from recommender.profiles.profile import Anchors
from recommender.reasons.cells import DIRECT, LEARNED, PEOPLE, SHARED, TOGETHER, Cell, Source, Sources
from recommender.rules.avoidance import Forbidden

if TYPE_CHECKING:
    from recommender.reasons.groups import Group, Strand

NEARLY_ALL = 0.5
"""Part of the items of a type from which an attribute says nothing of any of them, like water."""
Entity = tuple[str, int]


class Evidence:
    """What is behind the cells of one profile.

    :param forbidden: what may not be named, and what no path that is told may run through.
    """

    def __init__(self, sources: Sources, forbidden: Forbidden) -> None:
        self.sources, self.forbidden = sources, forbidden
        self.scorer, self.snapshot = sources.scorer, sources.snapshot
        self.k = self.snapshot.k
        self._middles: dict[tuple[int, int, tuple[int, ...]], NDArray[np.int32]] = {}
        self._ways: dict[tuple[int, int, int], bool] = {}
        self._people: dict[tuple[int, int, tuple[int, ...]], tuple[int, dict[int, int]]] = {}

    def telling(self, position: int, cells: dict[Cell, float]) -> tuple[dict[Cell, float], dict[Cell, float]]:
        """The cells without what runs through what is avoided, and that; of people nothing is named at all."""
        sensitive = {own for own, _ in cells if self.snapshot.schema.entity[self.sources[own].anchor_type].sensitive}
        hidden = {cell: share for cell, share in cells.items() if cell[0] in sensitive}
        told = {cell: share for cell, share in cells.items() if cell[0] not in sensitive}
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
        return bool(self.named(position, paths)[0]) and self.together(position, learned)

    def way(self, position: int, strand: "Strand", anchor: int) -> bool:
        """Whether one way from one anchor may be told."""
        key = (position, strand.source.own, anchor)
        if key not in self._ways:
            if strand.source.kind == PEOPLE:
                self._ways[key] = self.people(position, strand)[0] >= self.k
            elif strand.source.kind == LEARNED:
                self._ways[key] = self.together(position, (strand,))
            else:
                self._ways[key] = strand.source.kind != SHARED or bool(self.named(position, (strand,))[0])
        return self._ways[key]

    def named(self, position: int, strands: Iterable["Strand"]) -> tuple[list[Entity], int]:
        """What is next to the item on the paths of strands that end in one relation: those that may be named, what says
        most first; and how many there are."""
        found: dict[int, float] = {}
        entity_type = ""
        for strand in strands:
            entity_type = self._next_type(strand.source)
            for idx in self.middles(position, strand).tolist():
                found[idx] = found.get(idx, 0.0) + strand.share
        first = next(iter(strands)).source
        degrees = self._degrees(first.last)
        items = self.snapshot.vocabulary.count(self.snapshot.schema.ends(first.last)[1])
        most = NEARLY_ALL * items if first.kind != DIRECT else items
        told = [idx for idx in found if degrees[idx] <= most]
        told.sort(key=lambda idx: (-found[idx] / np.log1p(degrees[idx]), idx))
        return [(entity_type, idx) for idx in told], len(found)

    def middles(self, position: int, strand: "Strand") -> NDArray[np.int32]:
        """Indices of the entities next to the item on the paths of a strand: anchors, where they are linked to it."""
        source, item = strand.source, self.scorer.catalogue.item(position)[1]
        anchors = np.fromiter(strand.anchors, dtype=np.int64)
        key = (position, source.own, tuple(sorted(strand.anchors)))
        if key not in self._middles:
            forbidden = self.forbidden.named or self.forbidden.beyond
            turns = any(step == inverse_of(before) for before, step in pairwise(source.tail[:-1]))
            if turns or (forbidden and len(source.tail) > 1):  # not back to the anchor, nor over what is forbidden
                shared = np.unique(self.instances(position, strand).nodes[:, -2])
            else:
                back = self.snapshot.neighbours(inverse_of(source.last), item)[0]
                shared = np.intersect1d(self._next_to(source, anchors, item), back)
            own = source.kind == DIRECT
            self._middles[key] = shared[self._may_name(self._next_type(source), shared, own=own)]
        return self._middles[key]

    def people(self, position: int, strand: "Strand") -> tuple[int, dict[int, int]]:
        """How many different people the paths of a strand run through, and those from each anchor; of a path through
        several the fewest of a place."""
        key = (position, strand.source.own, tuple(sorted(strand.anchors)))
        if key not in self._people and len(strand.source.tail) == 2:
            into, out = strand.source.tail
            item = self.scorer.catalogue.item(position)[1]
            theirs = self._others(
                self.snapshot.neighbours(inverse_of(out), item)[0], self.snapshot.schema.ends(into)[1]
            )
            both = {
                anchor: np.intersect1d(self.snapshot.neighbours(into, anchor)[0], theirs) for anchor in strand.anchors
            }
            together = np.unique(np.concatenate(list(both.values())))
            self._people[key] = len(together), {anchor: len(one) for anchor, one in both.items()}
        elif key not in self._people:
            instances = self.instances(position, strand)
            types = [self.snapshot.schema.ends(step)[1] for step in strand.source.tail[:-1]]
            places = [n for n, name in enumerate(types, start=1) if self.snapshot.schema.entity[name].sensitive]
            columns = [instances.nodes[:, place] for place in places]
            if self.sources.profile.user_idx is not None:
                mine = [types[place - 1] == self.sources.profile.user_type for place in places]
                columns = [
                    np.where(column == self.sources.profile.user_idx, -1, column) if own else column
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
            tail, degrees = self.snapshot.schema.ends(step)[1], self._degrees(inverse_of(step))
            shared = np.intersect1d(self.snapshot.neighbours(step, item)[0], self.snapshot.neighbours(step, anchor)[0])
            shared = shared[self._may_name(tail, shared)]
            shared = shared[degrees[shared] <= NEARLY_ALL * self.snapshot.vocabulary.count(item_type)]
            rare = sorted(shared.tolist(), key=lambda one: (degrees[one], one))
            if rare and (best is None or degrees[rare[0]] < best[0]):
                best = float(degrees[rare[0]]), step, [(tail, one) for one in rare[:2]]
        return None if best is None else best[1:]

    def instances(self, position: int, strand: "Strand") -> Instances:
        """The paths of a strand that may be told."""
        metapath, item = strand.source.metapath, self.scorer.catalogue.item(position)[1]
        assert metapath is not None
        kept = metapath.anchors.kept(item)
        mine = np.isin(kept.idx, np.fromiter(strand.anchors, dtype=np.int64))
        found = paths_between(self.scorer.kernels, strand.source.tail, Anchors(kept.idx[mine], kept.weight[mine]), item)
        return found.part(self.forbidden.shown(metapath.node_types, found.nodes))

    def _others(self, people: NDArray[np.int32], entity_type: str) -> NDArray[np.int32]:
        """Some people but for the user."""
        profile = self.sources.profile
        return people[people != profile.user_idx] if entity_type == profile.user_type else people

    def _forbidden(
        self, source: Source, anchors: list[int], position: int, cells: dict[Cell, float]
    ) -> dict[int, float]:
        """Of some anchors, the share that may not be told."""
        if source.kind == LEARNED:
            unnamed = [anchor for anchor in anchors if not self.forbidden.names(source.anchor_type, anchor)]
            return {anchor: cells[source.own, anchor] for anchor in unnamed}
        metapath, item = source.metapath, self.scorer.catalogue.item(position)[1]
        assert metapath is not None
        found = paths_between(self.scorer.kernels, source.tail, metapath.anchors.kept(item), item)
        hidden = ~self.forbidden.shown(metapath.node_types, found.nodes)
        if not hidden.any():
            return {}
        shares: dict[int, float] = {}
        rows = zip(found.nodes[hidden, 0].tolist(), (found.product[hidden] * metapath.weight).tolist(), strict=True)
        for anchor, share in rows:
            shares[anchor] = shares.get(anchor, 0.0) + share
        return {anchor: share for anchor, share in shares.items() if anchor in anchors}

    def together(self, position: int, strands: Iterable["Strand"]) -> bool:
        """Whether at least k people, she herself aside, are behind learned kernels, where they are learned from any."""
        item = self.scorer.catalogue.item(position)[1]
        for strand in strands:
            kernel, anchors = strand.source.kernel, np.fromiter(strand.anchors, dtype=np.int64)
            counts = None if kernel is None else kernel.people(anchors, item)
            if kernel is not None and counts is not None:
                several = kernel.people_together(anchors, item) if len(anchors) > 1 else None
                people = int(counts.min()) if several is None else several
                if people - self._herself(position) < self.k:
                    return False
        return True

    def nameable(self, position: int, strands: Iterable["Strand"]) -> set[int]:
        """The anchors of learned strands that may be named: at least k people are behind each, where any are."""
        item, found = self.scorer.catalogue.item(position)[1], set[int]()
        for strand in strands:
            kernel, anchors = strand.source.kernel, np.fromiter(strand.anchors, dtype=np.int64)
            counts = None if kernel is None else kernel.people(anchors, item)
            keep = anchors if counts is None else anchors[counts - self._herself(position) >= self.k]
            found |= set(keep.tolist())
        return found

    def _herself(self, position: int) -> bool:
        """Whether the user is one of those who used an item."""
        item_type, item = self.scorer.catalogue.item(position)
        anchors, ends = self.sources.profile.anchors, self.snapshot.schema.ends
        steps = [step for step in self.snapshot.schema.interactions if step in anchors and ends(step)[1] == item_type]
        return any((anchors[step].idx == item).any() for step in steps)

    def _next_to(self, source: Source, anchors: NDArray[np.int64], item: int) -> NDArray[np.int32]:
        """Where the steps but the last lead from anchors."""
        nodes = anchors.astype(np.int32)
        for place, step in enumerate(source.tail[:-1]):
            if source.tail[place + 1] == inverse_of(step):
                nodes = nodes[nodes != item]
            nodes = np.unique(np.concatenate([self.snapshot.neighbours(step, int(one))[0] for one in nodes] or [nodes]))
        return nodes

    def _next_type(self, source: Source) -> str:
        return self.snapshot.schema.ends(source.last)[0]

    def _degrees(self, step: str) -> NDArray[np.int64]:
        """Of what is next to items by a step to them: the number of items of each."""
        return np.asarray(np.diff(self.snapshot.adjacency(step).indptr))

    def _may_name(self, entity_type: str, nodes: NDArray[np.int32], *, own: bool = False) -> NDArray[np.bool_]:
        """Which of some entities may be named; ``own``: they are what she has herself."""
        keep = np.ones(len(nodes), dtype=bool)
        if entity_type in self.forbidden.named:
            keep &= ~self.forbidden.named[entity_type][nodes]
        if entity_type in self.forbidden.beyond and not own:
            keep &= ~self.forbidden.beyond[entity_type][nodes]
        return keep


def _fewest(columns: list[NDArray[np.int32]], chosen: NDArray[np.bool_]) -> int:
    return min((len(np.unique(column[chosen & (column >= 0)])) for column in columns), default=0)
