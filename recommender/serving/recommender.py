"""Recommend: profile → scores → rules → ranking → reasons; and the account of one score."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.errors import ModelError, UsageError
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.steps import example_anchor
from recommender.catalogue.variants import VARIANT, Variants
from recommender.explanation.explainer import Explainer
from recommender.explanation.phrasing import Phrasing
from recommender.learning.model import Model
from recommender.profiles.anchors import own_anchors
from recommender.profiles.profile import Profile, anchors_of, find_anchor, profile_from, profile_of
from recommender.reasons.account_groups import account_groups, account_text
from recommender.reasons.reasons import Reasons
from recommender.reasons.theme_phrasing import READERS
from recommender.reranking.arranged_list import arranged_list
from recommender.reranking.mmr import Arrangement
from recommender.results.account import Account
from recommender.results.document import Item, Person, Shares
from recommender.results.recommendation import RankedItem, Recommendation
from recommender.rules.rule_set import Rules, RuleSet
from recommender.scoring.block_ranking import RankedBlock, interleaved, rank_dense, rank_sparse
from recommender.scoring.cold_start import ColdStart
from recommender.scoring.mixed_ranking import Candidates, MixedPlaces, mixed_places, mixed_rank, rank_mixed
from recommender.scoring.ranking import rank_of
from recommender.scoring.scorer import Scorer
from recommender.scoring.variant_ranking import merging
from recommender.texts.language import Notice

TOLERANCE = 1e-9
RULE_SETS = 32
"""Rule sets that are kept ready."""
NOT_PERSONAL = Notice.of("not_personal")


@dataclass(frozen=True)
class Request:
    """What is asked for: a user of the graph, anchors (``relation:ID``) of somebody, or both."""

    user_id: str | None = None
    anchors: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    n: int = 10
    lang: str = "en"
    without: tuple[str, ...] = ()
    """Anchors of the user, or of ``anchors`` where there is none, ``relation:ID``, that are to count as if she did not
    have them."""
    arrangement: Arrangement = field(default_factory=Arrangement)
    """What is done to the list after scoring."""
    told: bool = True
    """Whether each item of a list gets its reason, which costs most of an answer."""
    change: str | None = None
    """What a counterfactual may change: ``item``, ``user`` or ``rules``; anything where absent."""
    reader: str = READERS[0]
    """Who reads the reasons: ``customer``, ``staff`` or ``analyst``."""


class Recommender:
    """Answers requests with one model, to many threads at a time: what it keeps is made whole before it is shared."""

    def __init__(self, model: Model) -> None:
        self.model, self.scorer = model, model.scorer
        self.snapshot = model.scorer.snapshot
        self.catalogue: Catalogue = model.scorer.catalogue
        self.cold_start = ColdStart(model.scorer)
        self._rule_set = lru_cache(RULE_SETS)(partial(RuleSet, self.snapshot, self.catalogue))

    def recommend(self, request: Request) -> Recommendation:
        """The best items for the request, each with a reason.

        :raises UnknownEntityError: for an unknown user or anchor, naming the nearest ids.
        :raises UsageError: for an unknown relation or domain, or neither user nor anchors.
        """
        profile, rules = self.profile(request), self.rule_set(request.rules)
        chosen, scorer = rules.candidates(profile), self.cold_start.of(profile)
        phrasing = Phrasing(self.snapshot, request.lang)
        reasons = Reasons(scorer, profile, phrasing, rules.forbidden(profile), request.reader)
        pool = request.arrangement.pool(request.n)
        places = self.places(request.rules, profile, request.n)
        places = places and replace(places, n=pool)  # what is arranged has no more of unused domains than the list
        own = chosen.allowed[None], np.zeros(1, dtype=np.int64)
        ranked = _rank(scorer, [profile], own, pool, (places, self.catalogue.variants))
        arranged = arranged_list(reasons, ranked, request.n, request.arrangement, told=request.told)
        items = []
        rows = list(zip(ranked.positions.tolist(), ranked.totals.tolist(), ranked.paths.tolist(), strict=True))
        for rank, (place, told) in enumerate(zip(arranged.places, arranged.texts, strict=True), start=1):
            position, score, paths = rows[place]
            row = RankedItem(
                **self._described(position, request.lang),
                rank=rank,
                rank_by_score=place + 1,
                score=score,
                shares=_shares(scorer, position, score, paths),
                reason=told,
                variants=self.variants_of(position),
            )
            items.append(row)
        personal = any(step in profile.anchors for step in self.scorer.starts)
        notices = self._unlinked(request, profile, items) if personal else [NOT_PERSONAL]
        return Recommendation(
            user=self._person(profile),
            domain=request.rules.domain,
            n=request.n,
            items=items,
            excluded=chosen.excluded,
            model=self.model.info,
            personal=personal,
            arrangement=arranged.report,
            notices=self.model.told(request.lang, *notices),
        )

    def _unlinked(self, request: Request, profile: Profile, items: Sequence[RankedItem]) -> list[Notice]:
        """What is said of a list of a domain she used nothing of, and to which nothing of hers leads."""
        domain, unused = request.rules.domain, self.cold_start.unused(profile)
        carried = any(item.shares.paths > 0 or item.shares.embedding > 0 for item in items)
        if domain not in unused or carried or not items:
            return []
        used = [one for one in self.snapshot.schema.domains if one not in unused]
        if not used:
            return [Notice.of("unlinked_told", domain=domain)]
        return [Notice.of("unlinked", used=" + ".join(used), domain=domain)]

    def why(self, request: Request, item_id: str) -> Account:
        """The full account of the score of one item.

        :raises UnknownEntityError: for an unknown user or item, naming the nearest ids.
        :raises ModelError: should the parts not add up to the score.
        """
        profile, rules = self.profile(request), self.rule_set(request.rules)
        item_type, idx = self.snapshot.vocabulary.find(item_id, self.snapshot.schema.item_types)
        position = self.catalogue.position(item_type, idx)
        scorer = self.cold_start.of(profile)
        scores = scorer.score([profile])
        chosen = rules.candidates(profile)
        phrasing = Phrasing(self.snapshot, request.lang)
        forbidden = rules.forbidden(profile)
        parts = Explainer(scorer, profile, phrasing, forbidden).parts(position)
        reasons = Reasons(scorer, profile, phrasing, forbidden, request.reader)
        score = float(scores.total[0, position])
        gap = abs(score - sum(part.share for part in parts))
        if not gap <= TOLERANCE:
            raise ModelError(f"{item_id}: the parts miss the score by {gap:.3g}; this is a defect, please report it")
        item = self.item(position, request.lang)
        groups = account_groups(reasons, position, score)
        places = self.places(request.rules, profile, request.n)
        variants, total = self.catalogue.variants, scores.total[0]
        rank = mixed_rank((total, scores.paths[0]), chosen.allowed, position, places, variants)
        standing = chosen.allowed if variants is None else variants.best(total, chosen.allowed)
        rivals = standing & self.catalogue.of_domain(item.domain)
        return Account(
            user=self._person(profile),
            item=item,
            rank=rank,
            domain_rank=rank_of(total, rivals, position),
            score=score,
            excluded=chosen.reason(position) or (None if standing[position] else VARIANT),
            parts=parts,
            model=self.model.info,
            groups=groups,
            text=account_text(request.reader, phrasing, item, (score, parts, groups)),
            notices=self.model.told(request.lang),
        )

    def profile(self, request: Request) -> Profile:
        """Whom the request is about."""
        found = [find_anchor(self.snapshot, text) for text in request.anchors]
        extra = [(step, idx) for _, step, idx in found]
        if request.user_id is None:
            user_types = sorted({user_type for user_type, _, _ in found})
            if len(user_types) != 1:
                example = example_anchor(self.snapshot)
                such = "" if example is None else f", such as {example}"
                raise UsageError(
                    f"name a user, or describe one with anchors of one user type: `anchors=relation:ID`{such}; "
                    f"got {request.anchors or 'neither'}"
                )
            gone = {find_anchor(self.snapshot, text)[1:] for text in request.without}
            left = [one for one in extra if one not in gone]
            return profile_from(user_types[0], left, self.snapshot.schema.negatives)
        user_type, idx = self.snapshot.vocabulary.find(request.user_id, self.snapshot.schema.user_types)
        without = own_anchors(self.snapshot, user_type, idx, request.without) if request.without else ()
        return profile_of(self.snapshot, user_type, idx, extra, without)

    def variants_of(self, position: int) -> int:
        """How many sizes and shades an item has beside itself."""
        variants = self.catalogue.variants
        return 0 if variants is None else int(variants.others[position])

    def users(self) -> list[tuple[str, int]]:
        """Type and index of every user of the graph."""
        vocabulary = self.snapshot.vocabulary
        return [(name, idx) for name in self.snapshot.schema.user_types for idx in range(vocabulary.count(name))]

    def rule_set(self, rules: Rules) -> RuleSet:
        """Rules made ready; kept for the next request with the same."""
        return self._rule_set(rules)

    def rank_block(self, user_type: str, users: NDArray[np.int64], rules: RuleSet, n: int) -> RankedBlock:
        """The lists of many users of one type, the same bits as one user at a time."""
        allowed, own = rules.block(user_type, users)
        groups = self.cold_start.groups(user_type, users)
        parts = []
        for unused, rows in groups:
            places = mixed_places(self.catalogue, (rules.asked.domain, rules.asked.mix), unused, n)
            scorer = self.cold_start.scorer_of(unused)
            parts.append(self._rank_users(scorer, (user_type, users[rows]), (allowed[rows], own[rows]), n, places))
        return parts[0] if len(parts) == 1 else interleaved(parts, [rows for _, rows in groups])

    def places(self, rules: Rules, profile: Profile, n: int) -> MixedPlaces | None:
        """The places of domains she used nothing of in her list of n; ``None`` where all domains compete.

        :raises UsageError: for a mix that does not fit the domains.
        """
        return mixed_places(self.catalogue, (rules.domain, rules.mix), self.cold_start.unused(profile), n)

    def _rank_users(
        self,
        scorer: Scorer,
        people: tuple[str, NDArray[np.int64]],
        candidates: Candidates,
        n: int,
        places: MixedPlaces | None,
    ) -> RankedBlock:
        (user_type, users), variants = people, self.catalogue.variants
        if scorer.embeds:
            profiles = [profile_of(self.snapshot, user_type, idx) for idx in users.tolist()]
            return _rank(scorer, profiles, candidates, n, (places, variants))
        starts = {merged.start for merged in scorer.merged}
        mine = [start for start in starts if self.snapshot.schema.ends(start)[0] == user_type]
        anchors = {start: anchors_of(self.snapshot, start, users) for start in mine}
        paths = scorer.path_scores(anchors, len(users))
        ranked = merging(lambda *found: rank_sparse(paths, scorer.popular, *found), variants)
        return rank_mixed(ranked, paths, candidates, n, places)

    def item(self, position: int, lang: str = "en") -> Item:
        """The item at a position of the catalogue."""
        return Item(**self._described(position, lang))

    def _described(self, position: int, lang: str) -> dict[str, str]:
        """The fields of ``Item``."""
        item_type, idx = self.catalogue.item(position)
        return {
            "id": self.snapshot.vocabulary.id(item_type, idx),
            "label": self.snapshot.label(item_type, idx, lang),
            "type": item_type,
            "domain": self.snapshot.schema.entity[item_type].domain or "",
        }

    def _person(self, profile: Profile) -> Person:
        if profile.user_idx is None:
            return Person(id=None, label=None)
        user_id = self.snapshot.vocabulary.id(profile.user_type, profile.user_idx)
        return Person(id=user_id, label=self.snapshot.label(profile.user_type, profile.user_idx))


def _shares(scorer: Scorer, position: int, score: float, paths: float) -> Shares:
    popularity = float(scorer.popularity[position])
    embedding = score - paths - popularity if scorer.embeds else 0.0
    return Shares(paths=paths, embedding=embedding, popularity=popularity)


def _rank(
    scorer: Scorer,
    profiles: Sequence[Profile],
    candidates: Candidates,
    n: int,
    how: tuple[MixedPlaces | None, Variants | None],
) -> RankedBlock:
    """The lists of some people, with places for unused domains and without twins, where there are any."""
    places, variants = how
    if scorer.embeds or not all(profile.in_graph for profile in profiles):
        scores = scorer.score(profiles)

        def dense(allowed: Any, _own: Any, count: int) -> RankedBlock:
            """The list from scores of all items; what somebody has already is out of ``allowed``."""
            return rank_dense(scores.total, scores.paths, allowed, count)

        return rank_mixed(merging(dense, variants), csr_array(scores.paths), candidates, n, places)
    paths = scorer.path_scores(scorer.anchor_rows(profiles), len(profiles))
    ranked = merging(lambda *found: rank_sparse(paths, scorer.popular, *found), variants)
    return rank_mixed(ranked, paths, candidates, n, places)
