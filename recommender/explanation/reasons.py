"""Reasons: which of the paths behind an item is the one that is told."""

from collections.abc import Mapping, Sequence

from recommender.explanation.explainer import Explainer
from recommender.explanation.path_quality import Anchor, PathQuality, Reason
from recommender.results.account import Part, Path

CHOICES = ("strongest", "recent", "popular", "varied", "balanced")
WIDE = 20
"""Paths of each metapath to choose from."""
EVENLY = 1 / 3


def reasons_of(explainer: Explainer, position: int) -> list[Reason]:
    """The paths that speak for an item and may be told: those of the strongest metapath first, by share."""
    return reasons_in(explainer, explainer.parts(position))


def reasons_in(explainer: Explainer, parts: Sequence[Part]) -> list[Reason]:
    """The same from the parts of a score."""
    return [_reason(explainer, part, path) for part in parts for path in part.paths or () if path.share > 0]


class ReasonChoice:
    """Chooses one path for each item of a list, all of them real, by what it is to be told for.

    ``recent``: the newest interaction (LIR); ``popular``: the best known shared entity (SEP); ``varied``: a type that
    the list has not had yet (ETD); ``balanced``: all three alike. Ties, and ``strongest``, go by the order of
    ``reasons_of``.

    :param recency: LIR of the interactions of the user.
    """

    def __init__(self, quality: PathQuality, recency: Mapping[Anchor, float], choice: str) -> None:
        self.quality, self.recency, self.choice = quality, recency, choice

    def value(self, reason: Reason, told: Sequence[Reason]) -> float:
        """How good a reason is after those told already: in [0, 1]."""
        if self.choice == "strongest":
            return 0.0
        recent = self.recency.get(reason.anchor, 0.0)
        known = self.quality.sep(reason) or 0.0
        new = float(reason.metapath not in {one.metapath for one in told})
        if self.choice == "balanced":
            return EVENLY * (recent + known + new)
        return {"recent": recent, "popular": known, "varied": new}[self.choice]

    def best(self, reasons: Sequence[Reason], told: Sequence[Reason]) -> Reason | None:
        """The best of the reasons of one item, ``None`` where it has none."""
        return max(reasons, key=lambda one: self.value(one, told), default=None)

    def best_value(self, reasons: Sequence[Reason], told: Sequence[Reason]) -> float:
        """The value of the best, 0 where there is none."""
        return max((self.value(one, told) for one in reasons), default=0.0)


def _reason(explainer: Explainer, part: Part, path: Path) -> Reason:
    vocabulary = explainer.snapshot.vocabulary
    first, before = path.nodes[1], path.nodes[-2]
    anchor = vocabulary.get(first.type, first.id) if first.id is not None else None
    shared = None
    used = path.relations[0] in explainer.snapshot.schema.interactions
    if before.id is not None and (len(path.nodes) > 3 or not used):
        found = vocabulary.get(before.type, before.id)
        shared = None if found is None else (before.type, found)
    idx = -1 if anchor is None else anchor
    return Reason(part.metapath or "", path.share, (path.relations[0], idx), shared, path.text)
