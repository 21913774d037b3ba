"""Anchors that somebody might have besides hers or instead of them, the most promising for an item first."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from recommender.counterfactual.anchor_changes import AnchorChanges, Cosines, Weighted
from recommender.counterfactual.changes import Change, Changed
from recommender.profiles.anchors import Anchor
from recommender.scoring.ranking import top_n
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender

TRIED = 48
"""Changes that are ranked anew in each round, the most promising first."""
RIVALS = 20
"""Items behind the n-th that are looked at, since a change may bring them before it."""
MOST_REMOVED = 200
"""Anchors of a user that are thought away, one at a time."""


class AnchorCandidates:
    """Changes of what somebody has, by what each would do to an item and to the items around rank n.

    :param position: the item that is to be among the first ``n``.
    """

    def __init__(self, recommender: Recommender, changed: Changed, position: int, n: int) -> None:
        self._recommender, self._changed, self._position, self._n = recommender, changed, position, n
        self._schema = recommender.snapshot.schema
        self._cosines: dict[int, Cosines] = {}

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
        profile = self._changed.profile(change)
        rules = self._changed.rules(change)
        allowed = without(self._recommender.rule_set(rules).candidates(profile).allowed, self._position)
        slots = self._recommender.slots(rules, profile, self._n)
        competing = allowed if slots is None else allowed & slots.rivals(self._position)[0]
        scorer = self._recommender.cold_start.of(profile)
        scores = self._recommender.rule_set(rules).soft.total(scorer.score([profile]).total[0])
        rivals = top_n(scores, competing, self._n + RIVALS)
        lengths = {step: float(np.linalg.norm(weight)) for step, (_, weight) in self._changed.raw(change).items()}
        return AnchorChanges(
            self._cosines_of(scorer.anonymous), profile, lengths, scores, self._position, rivals
        ), allowed

    def _cosines_of(self, scorer: Scorer) -> Cosines:
        return self._cosines.setdefault(id(scorer), Cosines(scorer))

    def promising(self, change: Change, taking: bool) -> list[Change]:
        """Single changes on top of another, by what they would do to the item and the items around rank n."""
        effects, allowed = self._effects(change)
        found: list[tuple[float, Change]] = []
        removals = self._removals(change) if taking else ()
        for some in chain(self._additions(effects, allowed, change), removals):
            anchors = [(some.step, idx) for idx in some.idx.tolist()]
            single = [Change(add=(one,)) if some.added else Change(remove=(one,)) for one in anchors]
            found += zip(effects.margins(some, self._n).tolist(), single, strict=True)
        ordered = sorted(found, key=lambda one: (-one[0], one[1].remove, one[1].add))
        return [one for _, one in ordered[:TRIED]]

    def _additions(self, effects: AnchorChanges, allowed: NDArray[np.bool_], change: Change) -> Iterator[Weighted]:
        """Anchors that might be had: what says most for the item, and what is ahead, which she would have used then."""
        slices = self._recommender.catalogue.slices
        for step in self._steps():
            idx, tail = effects.promising(step), self._schema.ends(step)[1]
            if step in self._schema.interactions:
                ahead, part = effects.columns[:-1], slices[tail]
                idx = np.union1d(idx, ahead[(ahead >= part.start) & (ahead < part.stop)] - part.start)
            idx = idx[self._new(step, idx, allowed, change)]
            if len(idx):
                yield Weighted(step, idx, np.ones(len(idx)), added=True)

    def _steps(self) -> list[str]:
        """Steps to what somebody might have: not to people, and neither dislikes nor rules."""
        schema, found = self._schema, list[str]()
        for step in self._recommender.scorer.starts:
            head, tail = schema.ends(step)
            said = step in (*schema.negatives, *schema.rules)
            if head == self._changed.whom.user_type and not schema.entity[tail].sensitive and not said:
                found.append(step)
        return found

    def _new(self, step: str, idx: NDArray[np.int64], allowed: NDArray[np.bool_], change: Change) -> NDArray[np.bool_]:
        """Which anchors she does not have, no rule forbids, and were not just taken away."""
        tail, slices = self._schema.ends(step)[1], self._recommender.catalogue.slices
        had = [one for name, one in (*self._changed.removed(change), *change.add) if name == step]
        if step in self._changed.whom.anchors:
            had += self._changed.whom.anchors[step].idx.tolist()
        new = ~np.isin(idx, had)
        return np.asarray(new & allowed[slices[tail]][idx]) if tail in slices else new

    def _removals(self, change: Change) -> Iterator[Weighted]:
        """Anchors that might not be had, the heaviest, but for those that were just added."""
        for step, (idx, weight) in self._changed.raw(change).items():
            kept = np.flatnonzero(~np.isin(idx, [found for name, found in change.add if name == step]))
            if step in self._recommender.scorer.starts and len(kept):
                kept = kept[np.argsort(-np.abs(weight[kept]), kind="stable")[:MOST_REMOVED]]
                yield Weighted(step, idx[kept], weight[kept], added=False)


def without(allowed: NDArray[np.bool_], position: int) -> NDArray[np.bool_]:
    """The items that may be recommended, but for one."""
    others = allowed.copy()
    others[position] = False
    return others
