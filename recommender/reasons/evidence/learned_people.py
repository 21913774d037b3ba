"""Learned people: how many people are behind what learned kernels say."""

from collections.abc import Iterable
from functools import cached_property

import numpy as np

from recommender.catalogue.flagged_accounts import flagged_users
from recommender.explanation.learned_anchors import may_be_counted
from recommender.kernels.kernel import LearnedKernel
from recommender.reasons.cells import Source, Sources, Strand


class LearnedPeople:
    """Counts the people behind the learned kernels of one profile, so that nothing is told of too few."""

    def __init__(self, sources: Sources) -> None:
        self.sources, self.scorer, self.snapshot = sources, sources.scorer, sources.snapshot
        self.k = self.snapshot.k
        self._both: dict[tuple[str, int], dict[int, int]] = {}
        self._counts: dict[tuple[int, int], dict[int, int] | None] = {}

    def together(self, position: int, strands: Iterable[Strand]) -> bool:
        """Whether at least k people, she herself aside, are behind learned kernels, where they are learned from any."""
        for strand in strands:
            counts = self.counts(position, strand.source)
            if counts is not None and not self._enough(position, strand, [counts[one] for one in strand.anchors]):
                return False
        return True

    def _enough(self, position: int, strand: Strand, counts: list[int]) -> bool:
        kernel = strand.source.kernel
        assert kernel is not None
        least = self.k + self.aside(position, kernel)
        if not kernel.counts_together:
            return min(counts) >= least
        if max(counts) >= least or sum(counts) < least:  # all of them are no fewer, nor more, than these
            return max(counts) >= least
        anchors = np.fromiter(strand.anchors, dtype=np.int64)
        together = kernel.people_together(anchors, self.scorer.catalogue.item(position)[1])
        return together is not None and len(together) >= least

    def who(self, position: int, strand: Strand) -> set[int]:
        """The people behind a learned strand, numbered over all types of users; nobody where it is not known who."""
        kernel, anchors = strand.source.kernel, np.fromiter(strand.anchors, dtype=np.int64)
        found = None if kernel is None else kernel.people_together(anchors, self.scorer.catalogue.item(position)[1])
        return found or set()

    def counts(self, position: int, source: Source) -> dict[int, int] | None:
        """How many people are behind each anchor of a learned source, where that is counted."""
        kernel = source.kernel
        if kernel is None:
            return None
        if kernel.counts_together:  # of all kernels that are learned from people alike, and all items of a list
            found = self._both.get((source.start, position))
            return self._used_both(kernel, source.start, position) if found is None else found
        key = (position, source.own)
        if key not in self._counts:
            anchors, item = list(self.sources.kept(position, source)), self.scorer.catalogue.item(position)[1]
            counts = kernel.people(np.array(anchors, dtype=np.int64), item)
            self._counts[key] = None if counts is None else dict(zip(anchors, counts.tolist(), strict=True))
        return self._counts[key]

    def _used_both(self, kernel: LearnedKernel, start: str, position: int) -> dict[int, int]:
        items, first = self.sources.beside(position), position - self.scorer.catalogue.item(position)[1]
        for item, found in zip(items, self.sources.known.used_both(kernel, start, items), strict=True):
            self._both[start, first + item] = found
        return self._both[start, position]

    def nameable(self, position: int, strands: Iterable[Strand]) -> set[int]:
        """The anchors of learned strands that may be named: at least k people are behind each, where any are."""
        found = set[int]()
        for strand in strands:
            counts = self.counts(position, strand.source)
            least = self.k + self.aside(position, strand.source.kernel)
            found |= {one for one in strand.anchors if counts is None or counts[one] >= least}
        return found

    def aside(self, position: int, kernel: LearnedKernel | None) -> int:
        """At most how many of those whom a kernel counts for an item are not told of: herself, flagged accounts."""
        return self.herself(position, kernel) + flagged_users(self.snapshot, *self.scorer.catalogue.item(position))

    def herself(self, position: int, kernel: LearnedKernel | None) -> bool:
        """Whether the user may be one of those behind what a kernel says of an item."""
        if kernel is None or kernel.counts_together:
            return position in self._hers
        item, profile = self.scorer.catalogue.item(position)[1], self.sources.profile
        return profile.user_idx is not None and may_be_counted(kernel, item, profile)

    @cached_property
    def _hers(self) -> frozenset[int]:
        """The positions of what the user used."""
        anchors, ends, first = self.sources.profile.anchors, self.snapshot.schema.ends, self.scorer.catalogue.position
        steps = [step for step in self.snapshot.schema.interactions if step in anchors]
        found = [anchors[step].idx + first(ends(step)[1], 0) for step in steps]
        return frozenset(idx for some in found for idx in some.tolist())
