"""Difference: why a person's list is another than it was: what she did, what others did, new items, weights, rules."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain

import numpy as np

from kg.errors import ModelError, UnknownEntityError
from kg.step import AGAIN
from recommender.kernels.metapaths import Metapath
from recommender.profiles.profile import Anchors, Profile, profile_of
from recommender.results.difference import Cause, ItemDifference, ListDifference
from recommender.results.document import Person
from recommender.results.recommendation import Recommendation
from recommender.rules.rule_set import Rules
from recommender.scoring.anchor_shares import ProfileMetapath, ProfilePaths
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import TOLERANCE, Recommender, Request
from recommender.texts.languages import language

Anchor = tuple[str, str]
"""Step and id."""
Entity = tuple[str, str]
"""Type and id."""


@dataclass(frozen=True)
class Then:
    """What lists came from then.

    ``recommender``: the graph and the model of then; ``carried``: that model over the graph of now; ``rules``: those of
    the workspace of then; ``moment``: when it came into force.
    """

    recommender: Recommender
    carried: Recommender
    rules: Rules
    moment: str


def list_difference(then: Then, now: Recommender, request: Request) -> ListDifference:
    """Why the list of a person is another one now.

    The change of a score is taken apart from the score of now backwards: what she did (her anchors of now replaced by
    those of then), the weights (the model of now by that of then, both over the graph of now), the graph (of now by
    that of then). Each step is one score less another, so that the shares sum to the change.

    :param request: the person, the rules of now, how many items, the language.
    :raises UnknownEntityError: for somebody whom the graph does not know now.
    :raises ModelError: should the causes not sum to the change.
    """
    return _Difference(then, now, request).run()


class _Difference:
    def __init__(self, then: Then, now: Recommender, request: Request) -> None:
        self.then, self.now, self.request = then, now, request
        self.texts = language(request.lang).section("difference")
        self.schema = now.snapshot.schema
        self.after = now.profile(request)
        vocabulary = now.snapshot.vocabulary
        user_type, idx = self.after.user_type, self.after.user_idx
        assert idx is not None
        self.user_id = vocabulary.id(user_type, idx)
        before = then.recommender.snapshot.vocabulary.get(user_type, self.user_id)
        self.known = before is not None
        empty = Profile(user_type, idx)
        self.before = profile_of(then.recommender.snapshot, user_type, before) if before is not None else empty
        self.moved = self._moved(self.before)

    def run(self) -> ListDifference:
        """Both lists, and the causes for every item of either."""
        now = self.now.recommend(self.request)
        then = self._list_of_then()
        ranks = [{(one.type, one.id): one.rank for one in found.items} if found else {} for found in (then, now)]
        chosen = dict.fromkeys(chain(ranks[1], ranks[0]))
        items = [self._item(entity, ranks[0].get(entity), ranks[1].get(entity)) for entity in chosen]
        return ListDifference(
            user=Person(id=self.user_id, label=now.user.label),
            since=self.then.moment,
            snapshot_before=self.then.recommender.snapshot.hash,
            snapshot_after=self.now.snapshot.hash,
            items=items,
            notices=[*now.notices, *([] if self.known else [self.texts["not_there"]])],
            text=self._text(items),
        )

    def _list_of_then(self) -> Recommendation | None:
        if not self.known:
            return None
        asked = Request(
            f"{self.after.user_type}:{self.user_id}",
            rules=self.then.rules,
            n=self.request.n,
            lang=self.request.lang,
            told=False,
        )
        return self.then.recommender.recommend(asked)

    def _moved(self, profile: Profile) -> Profile:
        """The anchors of then, with their weights, over the graph of now; what is no longer there is left out."""
        old, new = self.then.recommender.snapshot.vocabulary, self.now.snapshot.vocabulary
        found = {}
        for step, anchors in profile.anchors.items():
            tail = self.schema.ends(step)[1]
            now = [new.get(tail, old.id(tail, one)) for one in anchors.idx.tolist()]
            kept = sorted((one, number) for number, one in enumerate(now) if one is not None)
            if kept:
                idx = np.array([one for one, _ in kept], dtype=np.int32)
                found[step] = Anchors(idx, anchors.weight[[number for _, number in kept]])
        return Profile(self.after.user_type, self.after.user_idx, found)

    def _item(self, entity: Entity, rank_before: int | None, rank_after: int | None) -> ItemDifference:
        there = [_Parts(one, who, entity) for one, who in self._states()]
        then, carried, weighed, now = there
        causes = [*self._events(weighed, now), *self._weights(carried, weighed), *self._graph(then, carried)]
        causes = [one for one in causes if one.share != 0]
        gap = abs(sum(one.share for one in causes) - ((now.score or 0.0) - (then.score or 0.0)))
        if not gap <= TOLERANCE:
            raise ModelError(
                f"{entity[1]}: the causes miss the change by {gap:.3g}; this is a defect, please report it"
            )
        described = self._described(entity)
        return ItemDifference(
            **described,
            rank_before=rank_before,
            rank_after=rank_after,
            score_before=then.score,
            score_after=now.score,
            causes=[*sorted(causes, key=lambda one: (-abs(one.share), one.text)), *self._rules(entity)],
        )

    def _states(self) -> list[tuple[Recommender, Profile]]:
        """From then to now: another graph, another model, another person."""
        return [
            (self.then.recommender, self.before),
            (self.then.carried, self.moved),
            (self.now, self.moved),
            (self.now, self.after),
        ]

    def _events(self, before: "_Parts", after: "_Parts") -> list[Cause]:
        """What she did since, each with what it contributes; and that the rest of her counts for more or less."""
        own, hers = self._anchors(self.moved), self._anchors(self.after)
        causes, kept = [], 0.0
        for anchor in dict.fromkeys((*after.anchors, *before.anchors)):
            share = after.anchors[anchor] - before.anchors[anchor]
            if (anchor in own) == (anchor in hers):
                kept += share
            else:
                step, tail = anchor
                idx = self.now.snapshot.vocabulary.idx(self.schema.ends(step)[1], tail)
                label = self.now.snapshot.label(self.schema.ends(step)[1], idx, self.request.lang)
                told = self.texts["did" if anchor in hers else "undone"]
                phrase = self.schema.phrase(step, self.request.lang)
                causes.append(Cause(kind="event", share=share, text=told.format(phrase=phrase, label=label)))
        kept += after.rest - before.rest
        return [*causes, Cause(kind="event", share=kept, text=self.texts["beside"])]

    def _weights(self, before: "_Parts", after: "_Parts") -> list[Cause]:
        share = (after.score or 0.0) - (before.score or 0.0)
        return [Cause(kind="weights", share=share, text=self.texts["weights"])]

    def _graph(self, before: "_Parts", after: "_Parts") -> list[Cause]:
        """What the graph gained or lost, by the kind of path."""
        if before.score is None:
            return [Cause(kind="new_item", share=after.score or 0.0, text=self.texts["new_item"])]
        kinds = ("others", "knowledge", "learned", "embedding")
        return [
            Cause(
                kind=kind,  # type: ignore[arg-type]  # one of the kinds
                share=after.kinds[kind] - before.kinds[kind],
                text=self.texts[kind],
            )
            for kind in kinds
        ]

    def _rules(self, entity: Entity) -> list[Cause]:
        """Which rule kept it out then, or does now."""
        told = language(self.request.lang)
        reasons = []
        states = ((self.then.recommender, self.then.rules, self.before), (self.now, self.request.rules, self.after))
        for recommender, rules, profile in states:
            idx = recommender.snapshot.vocabulary.get(*entity)
            chosen = None if idx is None else recommender.rule_set(rules).candidates(profile)
            position = None if idx is None else recommender.catalogue.position(entity[0], idx)
            reasons.append(chosen.reason(position) if chosen is not None and position is not None else None)
        before, after = reasons
        if before == after:
            return []
        causes = []
        if before is not None and self.known:
            causes.append(Cause(kind="rule", share=0.0, text=self.texts["rule_gone"].format(rule=told.audit(before))))
        if after is not None:
            causes.append(Cause(kind="rule", share=0.0, text=self.texts["rule"].format(rule=told.audit(after))))
        return causes

    def _anchors(self, profile: Profile) -> set[Anchor]:
        vocabulary = self.now.snapshot.vocabulary
        ends = self.schema.ends
        return {
            (step.removeprefix(AGAIN), vocabulary.id(ends(step)[1], one))
            for step, found in profile.anchors.items()
            for one in found.idx.tolist()
        }

    def _described(self, entity: Entity) -> dict[str, str]:
        for recommender in (self.now, self.then.recommender):
            idx = recommender.snapshot.vocabulary.get(*entity)
            if idx is not None:
                position = recommender.catalogue.position(entity[0], idx)
                return recommender.item(position, self.request.lang).model_dump()
        raise UnknownEntityError(f"unknown item {entity[1]!r}")

    def _text(self, items: list[ItemDifference]) -> str:
        entered = sum(one.rank_before is None for one in items)
        left = sum(one.rank_after is None for one in items)
        moved = sum(
            None not in (one.rank_before, one.rank_after) and one.rank_before != one.rank_after for one in items
        )
        sums: dict[str, float] = defaultdict(float)
        for cause in chain.from_iterable(one.causes for one in items):
            sums[cause.kind] += abs(cause.share)
        most = max(sums, key=lambda kind: sums[kind], default=None)
        told = self.texts["text"].format(since=self.then.moment, entered=entered, left=left, moved=moved)
        return told + (self.texts["mostly"].format(cause=self.texts[f"kind_{most}"]) if most and sums[most] > 0 else "")


class _Parts:
    """A score taken apart.

    ``score``: ``None`` where the item is not there; ``anchors``: what each anchor contributes over all paths;
    ``kinds``: what each kind of path does; ``rest``: embedding and popularity.
    """

    def __init__(self, recommender: Recommender, profile: Profile, entity: Entity) -> None:
        self.anchors: dict[Anchor, float] = defaultdict(float)
        self.kinds: dict[str, float] = defaultdict(float)
        self.score: float | None = None
        self.rest = 0.0
        idx = recommender.snapshot.vocabulary.get(*entity)
        if idx is None:
            return
        scorer, position = recommender.cold_start.of(profile), recommender.catalogue.position(entity[0], idx)
        scores = scorer.score([profile])
        self.score = float(scores.total[0, position])
        popularity, embedding = float(scores.popularity[0, position]), float(scores.embedding[0, position])
        self.rest = popularity + embedding
        self.kinds["others"] += popularity
        self.kinds["embedding"] += embedding
        for path in scorer.metapaths_of(profile):
            if path.item_type(scorer.snapshot.schema) == entity[0]:
                self._add(scorer, path, profile, idx)

    def _add(self, scorer: Scorer, path: Metapath, profile: Profile, idx: int) -> None:
        one = ProfileMetapath(ProfilePaths(scorer, profile), path)
        found, tail = one.anchors.of(idx), scorer.snapshot.schema.ends(path.start)[1]
        kind = _kind(scorer, path)
        for anchor, share in zip(found.idx.tolist(), (one.weight * found.weight).tolist(), strict=True):
            self.anchors[path.start.removeprefix(AGAIN), scorer.snapshot.vocabulary.id(tail, anchor)] += share
            self.kinds[kind] += share


def _kind(scorer: Scorer, path: Metapath) -> str:
    if path.learned is not None:
        return "learned"
    schema = scorer.snapshot.schema
    through = any(schema.entity[schema.ends(step)[1]].sensitive for step in path.steps[:-1])
    return "others" if through else "knowledge"
