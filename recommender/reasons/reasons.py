"""Reasons: which of the groups behind an item is the one that is told in a list."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from recommender.explanation.phrasing import Phrasing
from recommender.profiles.profile import Profile
from recommender.reasons.cells import LEARNED, PEOPLE, THEME, Sources
from recommender.reasons.evidence.evidence import Evidence
from recommender.reasons.group_phrasing import GroupPhrasing
from recommender.reasons.grouping import Grouping, SoftShares, no_soft_shares
from recommender.reasons.groups import AGAINST, FEW, HALF, NEAR_BEST, POPULARITY, SMALLER, UNTOLD, Group
from recommender.reasons.path_quality import Anchor, PathQuality
from recommender.rules.avoidance import NOTHING_FORBIDDEN, Forbidden
from recommender.scoring.scorer import Scorer

CHOICES = ("varied", "strongest", "recent", "popular", "balanced")
EVENLY = 1 / 3
REST = (SMALLER, UNTOLD)
LAST = (PEOPLE, FEW, LEARNED, POPULARITY, *REST)


@dataclass(eq=False)
class Reason:
    """A group that may be told for an item: the ``position`` of the item."""

    group: Group
    position: int
    reasons: "Reasons"

    @property
    def score(self) -> float:
        """The score of the item."""
        return sum(one.share for one in self.reasons.grouping.leading(self.position))

    @property
    def share(self) -> float:
        """Its part of the score."""
        return self.group.share

    @property
    def type(self) -> str:
        """What kind of thing it says, by which reasons vary."""
        return self._named[0]

    @property
    def anchor(self) -> Anchor | None:
        """Step and index of what it names first of what the user has."""
        return self._named[1]

    @property
    def shared(self) -> tuple[str, int] | None:
        """Type and index of what it names of the item, ``None`` where it names nothing."""
        return self._named[2]

    @cached_property
    def _named(self) -> tuple[str, Anchor | None, tuple[str, int] | None]:
        return self.reasons.named(self.group, self.position)

    @property
    def ground(self) -> tuple[str, str]:
        """The kind of the group, and the metapath of its largest strand: step by step, or the learned kernel's name."""
        if not self.group.strands:
            return self.group.kind, ""
        source = self.group.strands[0].source
        return self.group.kind, " > ".join((source.start, *(source.tail or (source.text,))))


class Reasons:
    """The reasons for the items of one person: what gives the scores, so of anchors that are only told, what at least
    k people are behind.

    :param forbidden: what no path that is told runs through.
    :param reader: whom they are told.
    :param soft: what soft rules add to the score of an item.
    """

    def __init__(
        self,
        scorer: Scorer,
        profile: Profile,
        phrasing: Phrasing,
        forbidden: Forbidden = NOTHING_FORBIDDEN,
        reader: str = "customer",
        soft: SoftShares = no_soft_shares,
    ) -> None:
        rest = scorer.rest(profile)
        self._rest = None if rest is None else rest.total[0]
        self.scorer, self.profile = scorer if profile.in_graph else scorer.anonymous, profile
        self._forbidden, self._soft, self._told = forbidden, soft, (phrasing, reader)

    @cached_property
    def sources(self) -> Sources:
        """What gives the scores; made when first asked for, as all of this: a list may be told without reasons."""
        return Sources(self.scorer, self.profile)

    @cached_property
    def evidence(self) -> Evidence:
        """What is behind the scores."""
        return Evidence(self.sources, self._forbidden)

    @cached_property
    def grouping(self) -> Grouping:
        """Parts scores into groups."""
        return Grouping(self.sources, self.evidence, self._soft, self._rest)

    @cached_property
    def quality(self) -> PathQuality:
        """How good paths are as reasons; kept for all who ask, as much of it is the same for everybody."""
        found: PathQuality = self.scorer.kept.setdefault("quality", PathQuality(self.scorer.snapshot))
        return found

    @cached_property
    def recency(self) -> dict[Anchor, float]:
        """How recent what the person did is."""
        return self.quality.recency(self.profile)

    @cached_property
    def phrasing(self) -> GroupPhrasing:
        """Puts groups into words."""
        phrasing, reader = self._told
        return GroupPhrasing(phrasing, self.evidence, reader, self.recency)

    def expect(self, positions: Sequence[int]) -> None:
        """Name items that will be asked for: what they have in common is then done once."""
        self.sources.expect(positions)

    def groups(self, position: int) -> list[Group]:
        """All groups of an item, the largest first."""
        return self.grouping.groups(position)

    def of(self, position: int, *, varied: bool = False) -> list[Reason]:
        """The groups that may be the reason of an item, the largest first.

        :param varied: of these at least those that a varied list chooses from: they are often known early.
        """
        near = self.grouping.near_best(position) if varied else None
        if near is not None:
            return [Reason(one, position, self) for one in near]
        groups = self.grouping.leading(position)
        return [Reason(one, position, self) for one in fair(groups, sum([one.share for one in groups]))]

    def text(self, reason: Reason | None) -> str:
        """A reason in one sentence."""
        return self.phrasing.nothing() if reason is None else self.phrasing.text(reason.group, reason.position)

    @property
    def types(self) -> int:
        """How many types of reasons there are for this person."""
        paths = [one for one in self.sources.all if one.tail]
        people = sum(one.kind == PEOPLE for one in paths)
        return len({one.last for one in paths}) + people + 2 * len({one.start for one in self.sources.all})

    def named(self, group: Group, position: int) -> tuple[str, Anchor | None, tuple[str, int] | None]:
        """What kind of thing a group says, and what it names first of what the user has and of what the item has."""
        if not group.strands:
            return group.kind, None, None
        first, start = group.strands[0], group.strands[0].source.start
        anchor, shared = group.anchor or (start, self.phrasing.newest(start, first.largest())[0]), None
        if group.kind == THEME:
            grounds = group.grounds
            found, _ = self.evidence.named(position, grounds)
            first, shared = grounds[0], found[0] if found else None
        kind = first.source.last if group.kind == THEME else first.source.start
        return f"{group.kind} {kind}", anchor, shared


class ReasonChoice:
    """Chooses one reason for each item of a list, all of them true, by what it is to be told for.

    ``varied``: what the list has not said yet, of those that are nearly as large (ETD); ``strongest``: the largest;
    ``recent``: the newest interaction (LIR); ``popular``: the best known shared entity (SEP); ``balanced``: all three
    alike. Ties go by share.

    :param recency: LIR of the interactions of the user.
    """

    def __init__(self, quality: PathQuality, recency: Mapping[Anchor, float], choice: str) -> None:
        self.quality, self.recency, self.choice = quality, recency, choice

    def value(self, reason: Reason, told: Sequence[Reason]) -> float:
        """How good a reason is after those told already: in [0, 1]."""
        if self.choice == "strongest":
            return 0.0
        recent = 0.0 if reason.anchor is None else self.recency.get(reason.anchor, 0.0)
        known = (self.quality.sep(reason.shared) if reason.shared else None) or 0.0
        new = float(reason.type not in {one.type for one in told})
        if self.choice == "balanced":
            return EVENLY * (recent + known + new)
        return {"recent": recent, "popular": known, "varied": new}[self.choice]

    def best(self, reasons: Sequence[Reason], told: Sequence[Reason]) -> Reason | None:
        """The best of the reasons of one item, ``None`` where it has none."""
        if len(reasons) < 2:
            return reasons[0] if reasons else None
        if self.choice != "varied":
            return max(reasons, key=lambda one: self.value(one, told), default=None)
        said = {one.group.key for one in told}
        chosen = reason_of([one.group for one in reasons], said)
        return next((one for one in reasons if one.group is chosen), None)

    def best_value(self, reasons: Sequence[Reason], told: Sequence[Reason]) -> float:
        """The value of the best, 0 where there is none."""
        return max((self.value(one, told) for one in reasons), default=0.0)


def fair(groups: Sequence[Group], score: float) -> list[Group]:
    """The groups that may be the reason of an item, the largest first.

    None has less than half of the largest group's share; popularity is one where it is at least half of the score; what
    says no more than that there is more is one where there is nothing else.

    :param groups: of the item, the largest first.
    """
    able = [one for one in groups if one.share > 0 and one.kind != AGAINST]
    enough = [one for one in able if one.share >= HALF * able[0].share]
    honest = [one for one in enough if one.kind != POPULARITY or one.share >= HALF * score] or enough
    return [one for one in honest if one.kind not in REST] or honest


def reason_of(groups: Sequence[Group], said: Collection[object]) -> Group | None:
    """The group to tell first, ``None`` where nothing speaks for the item.

    :param groups: those that may be told, the largest first.
    :param said: keys of what the list has said already.
    """
    concrete = [one for one in groups if one.concrete] or list(groups)
    if not concrete:
        return None
    best = max(one.share for one in concrete)
    near = [one for one in concrete if one.share >= NEAR_BEST * best]
    return min(near, key=lambda one: (one.key in said, _rank(one), -one.share))


def _rank(group: Group) -> int:
    return LAST.index(group.kind) + 1 if group.kind in LAST else 0
