"""Explanation metrics: whether explanations are real and matter, how recent, known, varied and long they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from kg.progress import Progress, no_progress
from recommender.explanation.explainer import PATHS_SHOWN, Explainer
from recommender.explanation.phrasing import Phrasing
from recommender.reasons.groups import SMALLER, UNTOLD, Group
from recommender.reasons.path_quality import PathQuality, mean_known, type_diversity
from recommender.reasons.reasons import CHOICES, Reason, ReasonChoice, Reasons
from recommender.results.account import Part, Path
from recommender.results.explanation_quality import ExplanationReport, PathQualityReport
from recommender.rules.rule_set import Rules
from recommender.scoring.ranking import rank_of, top_n
from recommender.serving.recommender import Recommender, Request

REMOVED = (1, 3)
"""How many of the largest paths are taken away, against as many at random."""
POOL = 3
"""Items that are ranked anew by what is shown of them, for each one of a list."""
ALL = 1_000_000
"""Paths of a metapath, when all are wanted."""


@dataclass
class _Seen:
    """What was seen over all lists."""

    items: int = 0
    with_path: int = 0
    paths: int = 0
    existing: int = 0
    drops: dict[int, list[tuple[int, int]]] = field(default_factory=lambda: {n: [] for n in REMOVED})
    sufficient: list[float] = field(default_factory=list)
    characters: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    quality: dict[str, list[tuple[float | None, float | None, float]]] = field(default_factory=dict)
    types: Counter[str] = field(default_factory=Counter)


class ExplanationMetrics:
    """Measures the explanations of the lists of some users.

    A path is taken away by taking its share from the score of its item, which is exact, since scores are sums of
    shares; what is left is ranked again. *Necessity*: by how many ranks the item falls without its largest paths,
    beside as many of its paths, drawn at random. *Sufficiency*: whether it stays in the list where of all items only
    what an account shows counts, of those that are among the best ``POOL`` times k. LIR, SEP and ETD are those of the
    sentence that ``recommend`` prints, and of the other choices of reasons.

    :param k: length of the lists.
    """

    def __init__(self, recommender: Recommender, k: int, rules: Rules, seed: int = 0) -> None:
        self.recommender, self.k, self.seed = recommender, k, seed
        self.snapshot, self.rules = recommender.snapshot, rules
        self.quality = PathQuality(self.snapshot)
        self.phrasing = Phrasing(self.snapshot)

    def measure(self, users: Sequence[str], progress: Progress = no_progress) -> ExplanationReport:
        """The metrics over the lists of users of the graph."""
        seen, random = _Seen(), np.random.default_rng(self.seed)
        for number, user in enumerate(users, start=1):
            self._list(user, seen, random)
            progress("Explaining", number, len(users))
        return ExplanationReport(
            users=len(users),
            k=self.k,
            items=seen.items,
            with_path=_ratio(seen.with_path, seen.items),
            paths=seen.paths,
            existing=_ratio(seen.existing, seen.paths),
            necessity={str(n): _drops(pairs) for n, pairs in seen.drops.items()},
            sufficiency=mean_known(seen.sufficient),
            quality={name: _quality(rows) for name, rows in seen.quality.items()},
            path_types=dict(seen.types.most_common()),
            characters=fmean(seen.characters) if seen.characters else 0.0,
            words=fmean(seen.words) if seen.words else 0.0,
            steps=fmean(seen.steps) if seen.steps else 0.0,
        )

    def _list(self, user: str, seen: _Seen, random: np.random.Generator) -> None:
        request = Request(user, rules=self.rules, n=self.k)
        profile, rules = self.recommender.profile(request), self.recommender.rule_set(self.rules)
        scorer = self.recommender.cold_start.of(profile)
        scored, allowed = scorer.score([profile]), rules.candidates(profile).allowed
        scores, slots = scored.total[0], self.recommender.slots(self.rules, profile, self.k)
        if slots is not None and slots.led is not None:
            allowed = allowed & slots.open_to(scored.paths[0] > 0)
        explainer = Explainer(scorer, profile, self.phrasing, rules.forbidden(profile), ALL)
        positions = top_n(scores, allowed, POOL * self.k).tolist()
        reasons = Reasons(scorer, profile, self.phrasing, rules.forbidden(profile))
        reasons.expect(positions)
        parts = [explainer.parts(position) for position in positions[: self.k]]
        for position, some in zip(positions[: self.k], parts, strict=True):
            self._item(explainer, some, seen)
            self._necessary(some, (scores, allowed, position), seen, random)
        if positions:
            left = np.argsort([-_told(reasons.groups(one)) for one in positions], kind="stable")[: self.k]
            seen.sufficient.append(float(np.mean(left < self.k)))
        self._of_list(reasons, positions[: self.k], seen)

    def _item(self, explainer: Explainer, parts: Sequence[Part], seen: _Seen) -> None:
        shown = [path for part in parts for path in (part.paths or ())[:PATHS_SHOWN]]
        seen.items += 1
        seen.with_path += bool(shown)
        seen.paths += len(shown)
        seen.existing += sum(path_exists(explainer, path) for path in shown)

    def _necessary(
        self,
        parts: Sequence[Part],
        ranking: tuple[NDArray[np.float64], NDArray[np.bool_], int],
        seen: _Seen,
        random: np.random.Generator,
    ) -> None:
        scores, allowed, position = ranking
        every = np.sort([path.share for part in parts for path in part.paths or () if path.share > 0])[::-1]
        before = _rank(scores, allowed, position, float(scores[position]))
        for count in REMOVED:
            if len(every) > 2 * count:  # else random ones are the same
                own = _rank(scores, allowed, position, float(scores[position] - every[:count].sum()))
                others = random.choice(every, count, replace=False)
                control = _rank(scores, allowed, position, float(scores[position] - others.sum()))
                seen.drops[count].append((own - before, control - before))

    def _of_list(self, of: Reasons, positions: Sequence[int], seen: _Seen) -> None:
        recency, reasons = self.quality.recency(of.profile), [of.of(position) for position in positions]
        for name in CHOICES:
            choice, told = ReasonChoice(self.quality, recency, name), list[Reason]()
            for some in reasons:
                best = choice.best(some, told)
                told += [] if best is None else [best]
            if told:
                row = (
                    mean_known([recency.get(one.anchor) for one in told if one.anchor]),
                    mean_known([self.quality.sep(one.shared) for one in told if one.shared]),
                    type_diversity([one.type for one in told], len(reasons), of.types),
                )
                seen.quality.setdefault(name, []).append(row)
            if name == CHOICES[0]:
                texts = [of.text(one) for one in told]
                seen.types.update(one.type for one in told)
                seen.steps += [len(one.group.strands[0].source.tail) + 1 for one in told if one.group.strands]
                seen.characters += [len(text) for text in texts]
                seen.words += [len(text.split()) for text in texts]


def path_exists(explainer: Explainer, path: Path) -> bool:
    """Whether every step of a path is a triple of the snapshot; over people, whether as many as it counts lead on."""
    snapshot, steps = explainer.snapshot, zip(path.relations, path.nodes[1:], strict=True)
    start = explainer.profile.user_idx
    at = np.array([] if start is None else [start], dtype=np.int64)
    if start is None:
        first = path.nodes[1]
        at, steps = _index(explainer, first.type, first.id), zip(path.relations[1:], path.nodes[2:], strict=True)
    for step, node in steps:
        found = [snapshot.neighbours(step, int(idx))[0].astype(np.int64) for idx in at]
        reached = np.unique(np.concatenate(found or [at]))
        if node.id is not None:
            reached = reached[np.isin(reached, _index(explainer, node.type, node.id))]
        at = reached
        if not len(at):
            return False
    return path.people is None or path.people >= 1


def _told(groups: Sequence[Group]) -> float:
    """What the account of an item tells of its score: the groups that have a sentence of their own."""
    return sum(group.share for group in groups if group.kind not in (SMALLER, UNTOLD))


def _index(explainer: Explainer, entity_type: str, entity_id: str | None) -> NDArray[np.int64]:
    found = None if entity_id is None else explainer.snapshot.vocabulary.get(entity_type, entity_id)
    return np.array([] if found is None else [found], dtype=np.int64)


def _rank(scores: NDArray[np.float64], allowed: NDArray[np.bool_], position: int, score: float) -> int:
    """Rank of an item if it had another score."""
    changed = scores.copy()
    changed[position] = score
    rank = rank_of(changed, allowed, position)
    assert rank is not None
    return rank


def _drops(pairs: Sequence[tuple[int, int]]) -> dict[str, float | int | None]:
    own, control = (fmean(one) if pairs else 0.0 for one in (list(zip(*pairs, strict=True)) or [(), ()]))
    return {"items": len(pairs), "shown": own, "random": control, "ratio": own / control if control > 0 else None}


def _quality(rows: Sequence[tuple[float | None, float | None, float]]) -> PathQualityReport:
    lir, sep, etd = zip(*rows, strict=True)
    return PathQualityReport(lir=mean_known(lir), sep=mean_known(sep), etd=fmean(etd))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
