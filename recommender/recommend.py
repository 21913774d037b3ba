"""Recommend: profile → scores → rules → ranking → reasons; and the account of one score."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kg.errors import ModelError, UsageError
from recommender.catalogue import Catalogue
from recommender.explanation import Explainer
from recommender.model import Model
from recommender.phrasing import Phrasing
from recommender.profile import Profile, find_anchor, profile_from, profile_of
from recommender.ranking import rank_of, top_n
from recommender.results import Account, Item, Person, RankedItem, Recommendation, Shares
from recommender.rules import Rules, RuleSet

Ranked = tuple[NDArray[np.int64], NDArray[np.float64]]
TOLERANCE = 1e-9
NOT_PERSONAL = "nothing is known about this user, so this list is not personal: it shows what is popular"


@dataclass(frozen=True)
class Request:
    """What is asked for: a user of the graph, anchors (``relation:ID``) of somebody, or both."""

    user_id: str | None = None
    anchors: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    n: int = 10
    lang: str = "en"


class Recommender:
    """Answers requests with one model."""

    def __init__(self, model: Model) -> None:
        self.model, self.scorer = model, model.scorer
        self.snapshot = model.scorer.snapshot
        self.catalogue: Catalogue = model.scorer.catalogue

    def recommend(self, request: Request) -> Recommendation:
        """The best items for the request, each with a reason.

        :raises UnknownEntityError: for an unknown user or anchor, naming the nearest ids.
        :raises UsageError: for an unknown relation or domain, or neither user nor anchors.
        """
        profile = self.profile(request)
        chosen = RuleSet(self.snapshot, self.catalogue, request.rules).candidates(profile)
        scores = self.scorer.score([profile])
        explainer = Explainer(self.scorer, profile, Phrasing(self.snapshot, request.lang))
        items = []
        for rank, position in enumerate(top_n(scores.total[0], chosen.allowed, request.n).tolist(), start=1):
            shares = Shares(
                paths=scores.paths[0, position],
                embedding=scores.embedding[0, position],
                popularity=scores.popularity[0, position],
            )
            described = self._item(position, request.lang).model_dump()
            score, reason = scores.total[0, position], explainer.reason(position)
            items.append(RankedItem(**described, rank=rank, score=score, shares=shares, reason=reason))
        personal = any(step in profile.anchors for step in self.scorer.starts)
        return Recommendation(
            user=self._person(profile),
            domain=request.rules.domain,
            n=request.n,
            items=items,
            excluded=chosen.excluded,
            model=self.model.info,
            personal=personal,
            notices=[*self.model.notices, *([] if personal else [NOT_PERSONAL])],
        )

    def why(self, request: Request, item_id: str) -> Account:
        """The full account of the score of one item.

        :raises UnknownEntityError: for an unknown user or item, naming the nearest ids.
        :raises ModelError: should the parts not add up to the score.
        """
        profile = self.profile(request)
        item_type, idx = self.snapshot.vocabulary.find(item_id, self.snapshot.schema.item_types)
        position = self.catalogue.position(item_type, idx)
        scores = self.scorer.score([profile]).total[0]
        chosen = RuleSet(self.snapshot, self.catalogue, request.rules).candidates(profile)
        phrasing = Phrasing(self.snapshot, request.lang)
        parts = Explainer(self.scorer, profile, phrasing).parts(position)
        score = float(scores[position])
        gap = abs(score - sum(part.share for part in parts))
        if not gap <= TOLERANCE:
            raise ModelError(f"{item_id}: the parts miss the score by {gap:.3g}; this is a defect, please report it")
        item = self._item(position, request.lang)
        return Account(
            user=self._person(profile),
            item=item,
            rank=rank_of(scores, chosen.allowed, position),
            score=score,
            excluded=chosen.reason(position),
            parts=parts,
            model=self.model.info,
            text=phrasing.summary(item.label, score, [(part.share, part.text.rstrip(".。")) for part in parts]),
            notices=list(self.model.notices),
        )

    def profile(self, request: Request) -> Profile:
        """Whom the request is about."""
        found = [find_anchor(self.snapshot, text) for text in request.anchors]
        extra = [(step, idx) for _, step, idx in found]
        if request.user_id is None:
            user_types = sorted({user_type for user_type, _, _ in found})
            if len(user_types) != 1:
                raise UsageError(
                    "name a user, or describe one with anchors of one user type: --anchor relation:ID; "
                    f"got {request.anchors or 'neither'}"
                )
            return profile_from(user_types[0], extra)
        user_type, idx = self.snapshot.vocabulary.find(request.user_id, self.snapshot.schema.user_types)
        return profile_of(self.snapshot, user_type, idx, extra)

    def users(self) -> list[tuple[str, int]]:
        """Type and index of every user of the graph."""
        vocabulary = self.snapshot.vocabulary
        return [(name, idx) for name in self.snapshot.schema.user_types for idx in range(vocabulary.count(name))]

    def rank_block(self, users: Sequence[tuple[str, int]], rules: RuleSet, n: int) -> list[Ranked]:
        """For each user the positions and scores of the n best items, the same bits as one user at a time."""
        profiles = [profile_of(self.snapshot, user_type, idx) for user_type, idx in users]
        totals = self.scorer.score(profiles).total
        ranked = []
        for profile, scores in zip(profiles, totals, strict=True):
            allowed = rules.candidates(profile).allowed
            positions = top_n(scores, allowed, n)
            ranked.append((positions, scores[positions]))
        return ranked

    def _item(self, position: int, lang: str) -> Item:
        item_type, idx = self.catalogue.item(position)
        return Item(
            id=self.snapshot.vocabulary.id(item_type, idx),
            label=self.snapshot.label(item_type, idx, lang),
            type=item_type,
            domain=self.snapshot.schema.entity[item_type].domain or "",
        )

    def _person(self, profile: Profile) -> Person:
        if profile.user_idx is None:
            return Person(id=None, label=None)
        user_id = self.snapshot.vocabulary.id(profile.user_type, profile.user_idx)
        return Person(id=user_id, label=self.snapshot.label(profile.user_type, profile.user_idx))
