"""Counterfactual: the smallest change of what somebody has, or of the rules, that brings an item into the first n."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recommender.anchor_changes import AnchorChanges, Cosines, Weighted
from recommender.changes import Change, Changed, joined, lifted
from recommender.own_anchors import Anchor
from recommender.ranking import rank_of, top_n
from recommender.recommend import Recommender, Request
from recommender.scorer import Scorer

MOST_CHANGES = 10
TRIED = 48
"""Changes that are ranked anew in each round, the most promising first."""
RIVALS = 20
"""Items behind the n-th that are looked at, since a change may bring them before it."""
MOST_REMOVED = 200
"""Anchors of a user that are thought away, one at a time."""
USED = ("interacted", "disliked")
"""Names in the audit of what goes with the triples between the user and the item."""


@dataclass(frozen=True)
class Ranked:
    """A change with the rank it leads to, and how far the item is above the n-th best of the others then."""

    change: Change
    rank: int | None
    margin: float


class Counterfactual:
    """Looks for the smallest change: single ones first, then greedily one more at a time, each ranked anew.

    What others did stays as it is: a change is one of the profile and of the rules, not of the kernels.

    :param position: the item that is to be among the first ``n``.
    """

    def __init__(self, recommender: Recommender, request: Request, position: int, n: int) -> None:
        self.recommender, self.position, self.n = recommender, position, n
        self.scorer, self.schema = recommender.scorer, recommender.snapshot.schema
        self.changed = Changed(recommender, request)
        self._cosines: dict[int, Cosines] = {}
        self._known: dict[Change, Ranked] = {}

    def smallest(self) -> Ranked | None:
        """The smallest change that was found to work, ``None`` where none was.

        What is taken away comes back as a rival, so that a second search, which only adds, may end where the first
        does not.
        """
        found = self._greedy(taking=True)
        if found is None or found.change.size > 1:
            other = self._greedy(taking=False)
            found = min((one for one in (found, other) if one), key=lambda one: one.change.size, default=None)
        return found

    def _greedy(self, *, taking: bool) -> Ranked | None:
        """One thing more at a time, each time the one that brings the item nearest, until it is in the list."""
        change = self.unblocked()
        best = None if change is None else self.ranked(change)
        while best is not None and not self._enough(best):
            best = self._next(best.change, taking) if best.change.size < MOST_CHANGES else None
        return None if best is None else self._pruned(best)

    def unblocked(self) -> Change | None:
        """What has to go so that no rule keeps the item out; ``None`` where a rule stands whatever changes."""
        whom, request = self.changed.whom, self.changed.request
        chosen = self.recommender.rule_set(request.rules).candidates(whom)
        removed, gone = list[Anchor](), list[str]()
        for name in (name for name, positions in chosen.removals if (positions == self.position).any()):
            if name in USED:
                removed += self.used()
            elif name.partition(":")[0] in self.schema.rules:
                removed += self._forbidding(name.partition(":")[0])
            elif lifted(request.rules, name) is None:
                return None
            else:
                gone.append(name)
        change = Change(remove=tuple(dict.fromkeys(removed)), lift=tuple(dict.fromkeys(gone)))
        return None if self.ranked(change).rank is None else change

    def ranked(self, change: Change) -> Ranked:
        """A change, ranked anew."""
        self._rank([change])
        return self._known[change]

    def _enough(self, one: Ranked) -> bool:
        return one.rank is not None and one.rank <= self.n

    def _next(self, change: Change, taking: bool) -> Ranked | None:
        """The best of the most promising changes with one thing more."""
        candidates = [joined((change, one)) for one in self._promising(change, taking)]
        self._rank(candidates)
        found = (self._known[one] for one in candidates)
        return max(found, key=lambda one: (self._enough(one), one.margin), default=None)

    def _pruned(self, best: Ranked) -> Ranked:
        """Without what turns out not to be needed."""
        parts = best.change.parts()
        for one in parts if len(parts) > 1 else ():
            fewer = self.ranked(joined(part for part in parts if part != one))
            if self._enough(fewer):
                return self._pruned(fewer)
        return best

    def _rank(self, changes: Sequence[Change]) -> None:
        new = [change for change in changes if change not in self._known]
        profiles = [self.changed.profile(change) for change in new]
        totals = self.recommender.cold_start.totals(profiles)
        for change, profile, scores in zip(new, profiles, totals, strict=True):
            allowed = self.recommender.rule_set(self.changed.rules(change)).candidates(profile).allowed
            rank = rank_of(scores, allowed, self.position)
            ahead = scores[top_n(scores, self._others(allowed), self.n)]
            margin = float(scores[self.position] - ahead[-1]) if len(ahead) == self.n else float("inf")
            self._known[change] = Ranked(change, rank, margin)

    def _others(self, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        others = allowed.copy()
        others[self.position] = False
        return others

    def reaching(self, most: int) -> list[Anchor]:
        """Anchors that the user does not have and from which paths lead to the item, the best first."""
        effects, allowed = self._effects(Change())
        found = list[tuple[float, Anchor]]()
        for step in self._steps():
            idx, values = effects.leading(step)
            new = self._new(step, idx, allowed, Change())
            found += [(-value, (step, one)) for one, value in zip(idx[new].tolist(), values[new].tolist(), strict=True)]
        return [anchor for _, anchor in sorted(found)[:most]]

    def _effects(self, change: Change) -> tuple[AnchorChanges, NDArray[np.bool_]]:
        """What more changes would do on top of one; and which other items may be recommended."""
        profile = self.changed.profile(change)
        allowed = self._others(self.recommender.rule_set(self.changed.rules(change)).candidates(profile).allowed)
        scorer = self.recommender.cold_start.of(profile)
        rivals = top_n(scorer.score([profile]).total[0], allowed, self.n + RIVALS)
        lengths = {step: float(np.linalg.norm(weight)) for step, (_, weight) in self.changed.raw(change).items()}
        return AnchorChanges(self._cosines_of(scorer), profile, lengths, self.position, rivals), allowed

    def _cosines_of(self, scorer: Scorer) -> Cosines:
        return self._cosines.setdefault(id(scorer), Cosines(scorer))

    def _promising(self, change: Change, taking: bool) -> list[Change]:
        """Single changes on top of another, by what they would do to the item and the items around rank n."""
        effects, allowed = self._effects(change)
        found: list[tuple[float, Change]] = []
        removals = self._removals(change) if taking else ()
        for some in chain(self._additions(effects, allowed, change), removals):
            anchors = [(some.step, idx) for idx in some.idx.tolist()]
            single = [Change(add=(one,)) if some.added else Change(remove=(one,)) for one in anchors]
            found += zip(effects.margins(some, self.n).tolist(), single, strict=True)
        ordered = sorted(found, key=lambda one: (-one[0], one[1].remove, one[1].add))
        return [one for _, one in ordered[:TRIED]]

    def _additions(self, effects: AnchorChanges, allowed: NDArray[np.bool_], change: Change) -> Iterator[Weighted]:
        """Anchors that might be had: what says most for the item, and what is ahead, which she would have used then."""
        slices = self.recommender.catalogue.slices
        for step in self._steps():
            idx, tail = effects.promising(step), self.schema.ends(step)[1]
            if step in self.schema.interactions:
                ahead, part = effects.columns[:-1], slices[tail]
                idx = np.union1d(idx, ahead[(ahead >= part.start) & (ahead < part.stop)] - part.start)
            idx = idx[self._new(step, idx, allowed, change)]
            if len(idx):
                yield Weighted(step, idx, np.ones(len(idx)), added=True)

    def _steps(self) -> list[str]:
        """Steps to what somebody might have: not to people, and neither dislikes nor rules."""
        schema, found = self.schema, list[str]()
        for step in self.scorer.starts:
            head, tail = schema.ends(step)
            said = step in (*schema.negatives, *schema.rules)
            if head == self.changed.whom.user_type and not schema.entity[tail].sensitive and not said:
                found.append(step)
        return found

    def _new(self, step: str, idx: NDArray[np.int64], allowed: NDArray[np.bool_], change: Change) -> NDArray[np.bool_]:
        """Which anchors she does not have, no rule forbids, and were not just taken away."""
        tail, slices = self.schema.ends(step)[1], self.recommender.catalogue.slices
        had = [one for name, one in (*self.changed.removed(change), *change.add) if name == step]
        if step in self.changed.whom.anchors:
            had += self.changed.whom.anchors[step].idx.tolist()
        new = ~np.isin(idx, had)
        return np.asarray(new & allowed[slices[tail]][idx]) if tail in slices else new

    def _removals(self, change: Change) -> Iterator[Weighted]:
        """Anchors that might not be had, the heaviest, but for those that were just added."""
        for step, (idx, weight) in self.changed.raw(change).items():
            kept = np.flatnonzero(~np.isin(idx, [found for name, found in change.add if name == step]))
            if step in self.scorer.starts and len(kept):
                kept = kept[np.argsort(-np.abs(weight[kept]), kind="stable")[:MOST_REMOVED]]
                yield Weighted(step, idx[kept], weight[kept], added=False)

    def used(self) -> list[Anchor]:
        """The user's anchors that are the item itself."""
        item_type, item = self.recommender.catalogue.item(self.position)
        anchors = self.changed.whom.anchors
        same = [step for step in anchors if self.schema.ends(step)[1] == item_type]
        return [(step, item) for step in same if (anchors[step].idx == item).any()]

    def _forbidding(self, step: str) -> list[Anchor]:
        """What of a user's rule ``step`` forbids the item."""
        avoidance = self.recommender.rule_set(self.changed.request.rules).avoidance
        found, tail = self.changed.whom.anchors[step].idx.tolist(), self.schema.ends(step)[1]
        return [(step, idx) for idx in found if (avoidance.items(tail, idx) == self.position).any()]
