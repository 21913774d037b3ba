"""Anchors of a learned kernel as they may be told: each with its share where at least k people are behind it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np

from kg.k_anonymity import told_count
from recommender.kernels.kernel import LearnedKernel
from recommender.profiles.profile import Profile
from recommender.scoring.anchor_shares import ProfileMetapath


@dataclass(frozen=True)
class LearnedAnchor:
    """An anchor, its share, at least how many people are behind it, 0 where that is not counted and ``None`` where they
    are too few, and whether the rules allow it to be named."""

    idx: int
    share: float
    people: int | None
    may: bool


@dataclass(frozen=True)
class LearnedAnchors:
    """The anchors of one kernel for one item: ``all`` with a share, ``named`` those that may be named, ``others`` those
    that are told together: what is avoided, and what has enough people only together. What is in neither has too few
    people. Largest share first."""

    all: list[LearnedAnchor]
    named: list[LearnedAnchor]
    others: list[LearnedAnchor]

    @property
    def share(self) -> float:
        """The sum of all shares."""
        return sum(one.share for one in self.all)

    @classmethod
    def of(
        cls,
        kernel: LearnedKernel,
        metapath: ProfileMetapath,
        item: int,
        k: int,
        aside: int,
        may: Callable[[str, int], bool],
    ) -> Self:
        """The anchors of a profile.

        :param aside: at most how many of the people who are counted are not told of: the user, flagged accounts.
        :param may: whether the rules allow an entity to be named, by its type and index.
        """
        found = metapath.anchors.of(item)
        people = metapath.people(kernel, found.idx, item)
        counts = None if people is None else [told_count(max(one - aside, 0), k) for one in people]
        rows = zip(found.idx.tolist(), (found.weight * metapath.weight).tolist(), strict=True)
        anchors = sorted(
            (
                LearnedAnchor(idx, share, counts[position] if counts else 0, may(kernel.anchor_type, idx))
                for position, (idx, share) in enumerate(rows)
                if share
            ),
            key=lambda one: (-abs(one.share), one.idx),
        )
        few = [one for one in anchors if one.people is None]
        enough = False
        if len(few) > 1 and sum([one for one in people or () if one - aside < k]) - aside >= k:  # or no sum could be
            together = kernel.people_together(np.array([one.idx for one in few], dtype=np.int64), item)
            enough = together is not None and len(together) - aside >= k
        told = [one for one in anchors if one.people is not None]
        others = [*(one for one in told if not one.may), *(few if enough else ())]
        return cls(anchors, [one for one in told if one.may], others)


def may_be_counted(kernel: LearnedKernel, item: int, profile: Profile) -> bool:
    """Whether a user may be one of those behind what a kernel says of an item, by all that she has."""
    ends, used = kernel.inputs.snapshot.schema.ends, dict[str, set[int]]()
    for some in (profile.anchors, profile.own or {}):
        for step, one in some.items():
            used.setdefault(ends(step)[1], set()).update(one.idx.tolist())
    return kernel.may_count(used, item)
