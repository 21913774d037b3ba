"""Shown paths: the paths between anchors and an item, without those that run through what is forbidden."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.kernels.path_instances import Instances
from recommender.reasons.cells import LEARNED, Pool, Source, Sources, Strand
from recommender.rules.avoidance import Forbidden


class ShownPaths:
    """The paths of one profile that may be shown.

    :param forbidden: what may not be named, and what no path that is told may run through.
    """

    def __init__(self, sources: Sources, forbidden: Forbidden) -> None:
        self.sources, self.forbidden = sources, forbidden
        self.scorer, self.snapshot = sources.scorer, sources.snapshot
        self._sensitive = {one.own for one in sources.all if self.snapshot.schema.entity[one.anchor_type].sensitive}
        self._limits = bool(forbidden.named or forbidden.beyond)
        self._instances: dict[tuple[int, int], Instances] = {}
        self._crossed: dict[tuple[int, int], bool] = {}
        self._masked: dict[tuple[str, int], bool] = {}

    def telling(self, position: int, cells: Pool) -> tuple[Pool, Pool]:
        """The cells without what runs through what is avoided, and that; of people nothing is named at all."""
        if not self._sensitive and not self._limits:
            return cells, {}
        hidden = {own: some for own, some in cells.items() if own in self._sensitive}
        told = {own: some for own, some in cells.items() if own not in self._sensitive}
        for own, one in tuple(told.items() if self._limits else ()):
            away = {anchor: share for anchor, share in self._forbidden(one, position) if share}
            if away:
                hidden[own] = Strand.of(one.source, away)
                left = {anchor: share - away.get(anchor, 0.0) for anchor, share in one.anchors.items()}
                told[own] = Strand.of(one.source, {idx: share for idx, share in left.items() if abs(share) > 1e-15})
        return {own: one for own, one in told.items() if one.anchors}, hidden

    def instances(self, position: int, strand: Strand) -> Instances:
        """The paths of a strand that may be told."""
        key = (position, strand.source.own)
        if key not in self._instances:
            found, shown = self._enumerated(position, strand.source)
            self._instances[key] = found.part(shown) if self._limits else found
        found = self._instances[key]
        mine = [anchor in strand.anchors for anchor in found.nodes[:, 0].tolist()]
        return found if all(mine) else found.part(np.array(mine))

    def _enumerated(self, position: int, source: Source) -> tuple[Instances, NDArray[np.bool_]]:
        """All paths of a source to an item, and which of them may be shown."""
        assert source.metapath is not None
        found = self.sources.known.instances(source.metapath.path, self.scorer.catalogue.item(position)[1])
        return found, self.forbidden.shown(source.metapath.node_types, found.nodes)

    def _forbidden(self, strand: Strand, position: int) -> Iterable[tuple[int, float]]:
        """Of the anchors of a strand, the share that may not be told."""
        source, cells = strand.source, strand.anchors
        if source.kind == LEARNED:
            if source.anchor_type not in self.forbidden.named:
                return ()
            return [one for one in cells.items() if not self.forbidden.names(source.anchor_type, one[0])]
        if source.metapath is None or not self.through_forbidden(position, source):
            return ()
        found, shown = self._enumerated(position, source)
        shares: dict[int, float] = {}
        rows = found.product[~shown] * source.metapath.weight
        for anchor, share in zip(found.nodes[~shown, 0].tolist(), rows.tolist(), strict=True):
            shares[anchor] = shares.get(anchor, 0.0) + share
        return [(anchor, share) for anchor, share in shares.items() if anchor in cells]

    def through_forbidden(self, position: int, source: Source) -> bool:
        """Whether a path of a source to an item may run through what is forbidden: looked at from both ends."""
        if not self._limits:
            return False
        key = (position, source.own)
        if key not in self._crossed:
            anchors, item = self.sources.kept(position, source), self.scorer.catalogue.item(position)[1]
            types = (source.anchor_type, *source.between)
            self._crossed[key] = any(
                self._may_cross(source, step, (anchors, item))
                for step, name in enumerate(types)
                if name in self.forbidden.named or (step and name in self.forbidden.beyond)
            )
        return self._crossed[key]

    def _may_cross(self, source: Source, step: int, ends: tuple[Mapping[int, float], int]) -> bool:
        """Whether what is forbidden may stand at a place of the paths of a source between some anchors and an item."""
        anchors, item = ends
        if step == 0:
            return any(not self.forbidden.names(source.anchor_type, one) for one in anchors)
        if step == len(source.tail) - 1:
            return self._leads_to_forbidden(inverse_of(source.last), item)
        return step != 1 or any(self._leads_to_forbidden(source.tail[0], one) for one in anchors)

    def _leads_to_forbidden(self, step: str, idx: int) -> bool:
        """Whether any of what is next to an entity may not be named."""
        key = step, idx
        if key not in self._masked:
            nodes = self.snapshot.neighbours(step, idx)[0]
            self._masked[key] = not self.may_name(self.snapshot.schema.ends(step)[1], nodes).all()
        return self._masked[key]

    def may_name(self, entity_type: str, nodes: NDArray[np.integer], *, own: bool = False) -> NDArray[np.bool_]:
        """Which of some entities may be named; ``own``: they are what she has herself."""
        keep = np.ones(len(nodes), dtype=bool)
        if entity_type in self.forbidden.named:
            keep &= ~self.forbidden.named[entity_type][nodes]
        if entity_type in self.forbidden.beyond and not own:
            keep &= ~self.forbidden.beyond[entity_type][nodes]
        return keep
