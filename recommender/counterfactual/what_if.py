"""What if: a list before and after a change of what somebody has, and why each item moved."""

from collections.abc import Sequence
from dataclasses import replace

from kg.document import nearest
from kg.errors import UsageError
from recommender.counterfactual.phrasing import CounterfactualPhrasing
from recommender.explanation.explainer import Explainer
from recommender.profiles.anchors import anchor_text, own_anchors
from recommender.profiles.profile import Profile, find_anchor
from recommender.reasons.account_groups import with_soft_parts
from recommender.results.account import Part
from recommender.results.counterfactual import Move, WhatIf
from recommender.results.document import Item
from recommender.results.recommendation import RankedItem
from recommender.rules.rule_set import RuleSet
from recommender.scoring.mixed_ranking import mixed_rank
from recommender.serving.recommender import Recommender, Request

SAME = 1e-12
"""Up to this difference a score is the same."""
STANDS_OUT = 0.25
"""Least part of the change of a score that is told as its reason."""


def what_if(recommender: Recommender, request: Request, add: Sequence[str], remove: Sequence[str]) -> WhatIf:
    """The lists of a request before and after a change.

    :param add: anchors to have, ``relation:ID``.
    :param remove: anchors not to have: ``relation:ID``, ``Type:ID`` or an id alone.
    :raises UnknownEntityError: for an unknown user or anchor, naming the nearest ids.
    :raises UsageError: for an unknown relation, or something the user does not have.
    """
    gone = _gone(recommender, request, remove)
    added = [anchor_text(recommender.snapshot, find_anchor(recommender.snapshot, text)[1:]) for text in add]
    told = [one for one in request.anchors if request.user_id is None or one not in gone]
    left = [one for one in gone if one not in request.anchors or request.user_id is None]
    changed = replace(request, anchors=(*told, *added), without=(*request.without, *left))
    before, after = recommender.recommend(request), recommender.recommend(changed)
    moved = _Moves(recommender, request, changed).of(before.items, after.items)
    phrasing = CounterfactualPhrasing(recommender.snapshot, request.lang)
    listed = {(row.type, row.id) for row in before.items}
    new = sum((row.type, row.id) not in listed for row in after.items)
    return WhatIf(
        user=before.user,
        n=request.n,
        add=added,
        remove=gone,
        before=before.items,
        after=after.items,
        moved=moved,
        model=before.model,
        text=phrasing.moves(len(moved), new),
        notices=before.notices,
    )


def _gone(recommender: Recommender, request: Request, remove: Sequence[str]) -> list[str]:
    """The anchors that texts name, ``relation:ID``: those that were told, else those that the user has.

    :raises UsageError: for something that she does not have, with the nearest of what she has.
    """
    snapshot, known = recommender.snapshot, dict[str, list[str]]()
    for text in request.anchors:
        _, step, idx = find_anchor(snapshot, text)
        tail, anchor = snapshot.schema.ends(step)[1], anchor_text(snapshot, (step, idx))
        entity_id = snapshot.vocabulary.id(tail, idx)
        for name in {anchor, f"{tail}:{entity_id}", entity_id}:
            known.setdefault(name, []).append(anchor)
    found = [anchor for text in remove for anchor in known.get(text, ())]
    rest, whom = [text for text in remove if text not in known], recommender.profile(request)
    if whom.user_idx is not None:
        own = own_anchors(snapshot, whom.user_type, whom.user_idx, rest)
        found += [anchor_text(snapshot, one) for one in own]
    elif rest:
        raise UsageError(f"without {rest[0]!r}: expected one of the anchors; {nearest(rest[0], list(request.anchors))}")
    return list(dict.fromkeys(found))


class _Side:
    """Scores, candidates and parts before or after."""

    def __init__(self, recommender: Recommender, request: Request, phrasing: CounterfactualPhrasing) -> None:
        self.profile: Profile = recommender.profile(request)
        self.rules: RuleSet = recommender.rule_set(request.rules)
        scorer = recommender.cold_start.of(self.profile)
        scores = scorer.score([self.profile])
        self.scores, self.paths = self.rules.soft.total(scores.total[0]), scores.paths[0]
        self._unruled, self.language = scores.total[0], phrasing.language
        self.variants = recommender.catalogue.variants
        self.slots = recommender.slots(request.rules, self.profile, request.n)
        self.allowed = self.rules.candidates(self.profile).allowed
        self.explainer = Explainer(scorer, self.profile, phrasing, self.rules.forbidden(self.profile))

    def rank(self, position: int) -> int | None:
        """The rank of an item in the list, ``None`` where it is not in it."""
        return mixed_rank((self.scores, self.paths), self.allowed, position, self.slots, self.variants)

    def parts(self, position: int) -> dict[str, Part]:
        """The parts of an item's score by metapath or kind."""
        parts = self.explainer.parts(position)
        parts = with_soft_parts(
            parts, self.rules.soft.shares(self._unruled, position), self.rules.ground.snapshot, self.language
        )
        return {part.metapath or part.rule or part.kind: part for part in parts}


class _Moves:
    def __init__(self, recommender: Recommender, before: Request, after: Request) -> None:
        self.recommender, self.n = recommender, before.n
        self.phrasing = CounterfactualPhrasing(recommender.snapshot, before.lang)
        self.before, self.after = (_Side(recommender, one, self.phrasing) for one in (before, after))

    def of(self, before: Sequence[RankedItem], after: Sequence[RankedItem]) -> list[Move]:
        """The items of either list that are elsewhere in the other: those of the new list, then those that left."""
        found: dict[tuple[str, str], Item] = {(row.type, row.id): row for row in (*after, *before)}
        moves = [self._move(item) for item in found.values()]
        return [move for move in moves if move.rank_before != move.rank_after]

    def _move(self, item: Item) -> Move:
        vocabulary, catalogue = self.recommender.snapshot.vocabulary, self.recommender.catalogue
        position = catalogue.position(item.type, vocabulary.idx(item.type, item.id))
        before, after = self.before.rank(position), self.after.rank(position)
        scores = float(self.before.scores[position]), float(self.after.scores[position])
        share = scores[1] - scores[0]
        return Move(
            **item.model_dump(include=set(Item.model_fields)),
            rank_before=before,
            rank_after=after,
            score_before=scores[0],
            score_after=scores[1],
            text=self.phrasing.move((before, after), self.n, share, self._why(position, share)),
        )

    def _why(self, position: int, change: float) -> tuple[str, str]:
        """What did most of the change of a score: how it changed, and the text of a path or part."""
        if abs(change) <= SAME:
            return "others", ""
        before, after = self.before.parts(position), self.after.parts(position)
        by_part = {
            name: (after[name].share if name in after else 0.0) - (before[name].share if name in before else 0.0)
            for name in (*before, *after)
        }
        name, most = max(by_part.items(), key=lambda one: one[1] if change > 0 else -one[1])
        if most * change <= 0 or abs(most) < STANDS_OUT * abs(change):
            return "mixed", ""
        if all((side[name].paths == []) for side in (before, after) if name in side):
            return "mixed", ""  # nothing of it may be told
        told, others = (after, before) if change > 0 else (before, after)
        known = _texts(others[name]) if name in others else []
        different = [text for text in _texts(told[name]) if text not in known] if name in told else []
        if different:
            return ("new" if change > 0 else "gone"), different[0]
        return ("more" if change > 0 else "less"), (told.get(name) or others[name]).text


def _texts(part: Part) -> list[str]:
    """What a part tells, the largest first."""
    return [path.text for path in part.paths] if part.paths else [part.text]
