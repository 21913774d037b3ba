"""Remaining cells: what of the score of an item no group has told yet."""

from collections.abc import Iterator, Sequence

from recommender.reasons.cells import LEARNED, SHARED, Pool, Strand
from recommender.reasons.groups import Group, Way, share_of
from recommender.reasons.layout import Key, Layout

Strands = Sequence[Strand]


class RemainingCells:
    """The cells of an item that no group has told yet. They are only ever taken out.

    ``strands``: by the number of their source. ``share``: their sum; ``whole``: what it was before any was taken.
    """

    def __init__(self, layout: Layout, cells: Pool) -> None:
        self.layout, self.strands = layout, dict(cells)
        self.whole = self.share = share_of(cells.values())
        self._well: dict[str, dict[int, float]] | None = None
        self._shares_well: dict[int, tuple[Strand, float]] = {}
        self._beside: dict[str, Strand | None] = {}

    def take(self, group: Group) -> None:
        """Take the cells of a group out."""
        strands = self.strands
        self.share -= group.share
        for one in group.strands:
            source = one.source
            before = strands[source.own].anchors
            if len(one.anchors) == len(before):
                del strands[source.own]
            else:
                left = {idx: share for idx, share in before.items() if idx not in one.anchors}
                strands[source.own] = Strand.of(source, left)
            if source.together:
                self._well, self._shares_well = None, {}
            elif source.alongside:
                self._beside.pop(source.start, None)

    def of(self, key: Key) -> list[Strand]:
        """What is left of the sources of a key."""
        strands = self.strands
        return [strands[own] for own in self.layout.by_key[key] if own in strands]

    def hold(self, strands: Strands) -> bool:
        """Whether nothing of some strands was taken since they were made."""
        for one in strands:
            left = self.strands.get(one.source.own)
            if left is None or not one.anchors.keys() <= left.anchors.keys():
                return False
        return True

    def sharing_anchors(self) -> Iterator[tuple[str, dict[int, float]]]:
        """By the step to them, the anchors that share something with the item, and all they have to do with it."""
        for start, owns in self.layout.anchored.items():
            strands = [self.strands[own] for own in owns if own in self.strands]
            found: dict[int, float] = {}
            for one in strands:
                if one.source.kind == SHARED:
                    found.update(one.anchors)
            if not found:
                continue
            found = dict.fromkeys(found, 0.0)
            for one in strands:
                for idx, share in one.anchors.items():
                    if idx in found:
                        found[idx] += share
            yield start, found

    def ways(self, start: str, idx: int) -> list[Way]:
        """The ways from an anchor to the item, the largest first."""
        ways, learned = list[Way](), Way(0.0, [])
        for own in self.layout.anchored[start]:
            strand = self.strands.get(own)
            share = None if strand is None else strand.anchors.get(idx)
            if strand is None or share is None:
                continue
            if strand.source.kind != LEARNED:
                ways.append(Way(share, [(strand.source, share)]))
                continue
            if not learned.cells:
                ways.append(learned)
            learned.cells.append((strand.source, share))
            learned.share += share
        if len(ways) > 1:
            ways.sort(key=lambda way: -way.share)
        return ways

    def going_well(self, of: Strand) -> list[Strand]:
        """What learned kernels that say no more than that things go together say of the anchors of a strand."""
        return [part for one in self._together() if (part := _part(one, of)) is not None]

    def people_beside(self, of: Strand) -> Strand | None:
        """What others did who have some of what stands where the anchors of a strand do, over the metapath with the
        most: all of it, since few people may be behind what were left."""
        start = of.source.start
        if start not in self._beside:
            found = [self.strands[own] for own in self.layout.people.get(start, ()) if own in self.strands]
            self._beside[start] = max(found, key=lambda one: one.share) if found else None
        return self._beside[start]

    def share_going_well(self, of: Strand) -> float:
        """The share of what goes well with the anchors of a strand, but for rounding, without making it."""
        if not self.layout.together:
            return 0.0
        if self._well is None:
            self._well = {}
            for one in self._together():
                found = self._well.setdefault(one.source.start, {})
                for anchor, share in one.anchors.items():
                    found[anchor] = found.get(anchor, 0.0) + share
        known, share = self._shares_well.get(of.source.own, (None, 0.0))
        if known is not of:
            learned = self._well.get(of.source.start, {})
            share = sum([learned[anchor] for anchor in of.anchors if anchor in learned])
            self._shares_well[of.source.own] = of, share
        return share

    def _together(self) -> list[Strand]:
        """What is left of learned kernels that say no more than that things go together."""
        return [self.strands[own] for own in self.layout.together if own in self.strands]


def _part(one: Strand, of: Strand) -> Strand | None:
    """A strand as far as it is of the anchors of another; ``None`` where it is of none."""
    if one.source.start != of.source.start:
        return None
    if one.anchors.keys() <= of.anchors.keys():
        return one
    mine = {anchor: share for anchor, share in one.anchors.items() if anchor in of.anchors}
    return Strand.of(one.source, mine) if mine else None
