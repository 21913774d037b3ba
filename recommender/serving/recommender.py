"""Recommend: profile → scores → rules → ranking → reasons; and the account of one score."""

from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from kg.errors import ModelError, UsageError
from recommender.catalogue.catalogue import Catalogue
from recommender.catalogue.steps import example_anchor
from recommender.catalogue.variants import VARIANT
from recommender.explanation.explainer import Explainer
from recommender.explanation.path_proof import path_proof
from recommender.explanation.phrasing import Phrasing
from recommender.learning.model import Model
from recommender.profiles.anchors import own_anchors
from recommender.profiles.profile import Profile, find_anchor, profile_from, profile_of
from recommender.reasons.account_groups import account_groups, account_text, with_soft_parts
from recommender.reasons.grouping import SoftShares, no_soft_shares
from recommender.reasons.reasons import Reasons
from recommender.reasons.theme_phrasing import READERS
from recommender.reasons.told_habit import told_habit
from recommender.reranking.arranged_list import ArrangedList, arranged_list
from recommender.reranking.mmr import Arrangement
from recommender.results.account import Account
from recommender.results.document import Item, Person, Shares
from recommender.results.recommendation import RankedItem, Recommendation
from recommender.rules.rule_set import Rules, RuleSet
from recommender.scoring.block_ranking import RankedBlock, interleaved
from recommender.scoring.cold_start import ColdStart
from recommender.scoring.mixed_ranking import MixedSlots, linked_slots, mixed_rank, mixed_slots
from recommender.scoring.ranking import rank_of
from recommender.scoring.scorer import Scorer
from recommender.serving.list_notices import NOT_PERSONAL, AskedList, quota_notice, unlinked
from recommender.serving.ranked_lists import ListForm, ranked_lists, ranked_users

TOLERANCE = 1e-9
RULE_SETS = 32
"""Rule sets that are kept ready."""
LANGUAGES = 8
"""Languages whose words are."""
ITEMS = 20_000
"""Items whose names are."""


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
        made = partial(RuleSet, self.snapshot, self.catalogue, objectives=model.objectives, unwanted=model.unwanted)
        self._rule_set = lru_cache(RULE_SETS)(made)
        self.phrasing = lru_cache(LANGUAGES)(partial(Phrasing, self.snapshot))
        """The words of a language, kept ready."""
        self._names: dict[tuple[int, str], dict[str, str]] = {}

    def recommend(self, request: Request) -> Recommendation:
        """The best items for the request, each with a reason.

        :raises UnknownEntityError: for an unknown user or anchor, naming the nearest ids.
        :raises UsageError: for an unknown relation or domain, or neither user nor anchors.
        """
        profile, rules = self.profile(request), self.rule_set(request.rules)
        chosen, scorer = rules.candidates(profile), self.cold_start.of(profile)
        phrasing = self.phrasing(request.lang)
        soft = self._soft(rules, scorer, profile)
        reasons = Reasons(scorer, profile, phrasing, rules.forbidden(profile), request.reader, soft)
        pool = request.arrangement.pool(request.n)
        slots = self.slots(request.rules, profile, request.n)
        slots = slots and replace(slots, n=pool)  # what is arranged has no more of unused domains than the list
        own = chosen.allowed[None], np.zeros(1, dtype=np.int64)
        if request.arrangement.moves and rules.soft.quotas:
            raise UsageError("`quota` is kept in the order of scores: leave out diversity, max_per and path_quality")
        form = self._form(rules, pool, slots)
        ranked = ranked_lists(scorer, [profile], own, form)
        arranged = arranged_list(reasons, ranked, request.n, request.arrangement, told=request.told)
        items = self._items(scorer, (ranked, arranged), request.lang, soft if rules.soft.adds else None)
        if self.snapshot.manifest.repeated:
            items = [self._with_habit(one, profile, phrasing, request.reader) for one in items]
        personal = any(step in profile.anchors for step in self.scorer.starts)
        notices = [NOT_PERSONAL]
        if personal:
            whose = AskedList(
                request.rules.domain, request.n, self.cold_start.unused(profile), linked=slots is not None
            )
            notices = unlinked(items, whose, self.snapshot.schema, request.lang)
        if form.quotas:
            usual = ranked_lists(scorer, [profile], own, replace(form, quotas=()))
            notices.append(quota_notice(form.quotas, ranked, usual))
        return Recommendation(
            user=self._person(profile),
            domain=request.rules.domain,
            n=request.n,
            items=items,
            excluded=chosen.excluded,
            model=self.model.info,
            personal=personal,
            arrangement=arranged.report,
            notices=self.model.notices_in(request.rules, request.lang, *notices),
        ).on_grounds([("", "") if one is None else one.ground for one in arranged.reasons])

    def _soft(self, rules: RuleSet, scorer: Scorer, profile: Profile) -> SoftShares:
        """What soft rules add to the score of each item of a list."""
        if not rules.soft.adds:
            return no_soft_shares
        return partial(rules.soft.shares, scorer.score([profile]).total[0])

    def _items(
        self, scorer: Scorer, lists: tuple[RankedBlock, ArrangedList], lang: str, soft: SoftShares | None
    ) -> list[RankedItem]:
        """The rows of a list as it was arranged."""
        (ranked, arranged), items = lists, []
        rows = list(zip(ranked.positions.tolist(), ranked.totals.tolist(), ranked.paths.tolist(), strict=True))
        for rank, (by_score, told) in enumerate(zip(arranged.order, arranged.texts, strict=True), start=1):
            position, score, paths = rows[by_score]
            item, popularity = self._described(position, lang), float(scorer.popularity[position])
            ruled = None if soft is None else sum(one.share for one in soft(position))
            embedding = score - paths - popularity - (ruled or 0.0) if scorer.embeds else 0.0
            row = RankedItem(
                **item,
                rank=rank,
                rank_by_score=by_score + 1,
                score=score,
                shares=Shares(paths=paths, embedding=embedding, popularity=popularity, rules=ruled),
                reason=told,
                personal=paths > 0 or embedding > 0,
                variants=self.variants_of(position),
                habit=None,
            )
            items.append(row)
        return items

    def _with_habit(self, item: RankedItem, profile: Profile, phrasing: Phrasing, reader: str) -> RankedItem:
        which = item.type, self.snapshot.vocabulary.idx(item.type, item.id)
        habit = told_habit(phrasing, profile, which, reader)
        return item if habit is None else item.model_copy(update={"habit": habit})

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
        total, soft = rules.soft.total(scores.total[0]), partial(rules.soft.shares, scores.total[0])
        chosen = rules.candidates(profile)
        phrasing = self.phrasing(request.lang)
        forbidden = rules.forbidden(profile)
        reasons = Reasons(scorer, profile, phrasing, forbidden, request.reader, soft)
        parts = Explainer(scorer, profile, phrasing, forbidden, known=reasons.sources.known).parts(position)
        parts = with_soft_parts(parts, soft(position), self.snapshot, phrasing.language)
        score = float(total[position])
        gap = abs(score - sum(part.share for part in parts))
        if not gap <= TOLERANCE:
            raise ModelError(f"{item_id}: the parts miss the score by {gap:.3g}; this is a defect, please report it")
        item, habit = self.item(position, request.lang), told_habit(phrasing, profile, (item_type, idx), request.reader)
        groups = account_groups(reasons, position)
        slots = self.slots(request.rules, profile, request.n)
        variants = self.catalogue.variants
        rank = mixed_rank((total, scores.paths[0]), chosen.allowed, position, slots, variants)
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
            proof=path_proof(parts, self.snapshot, forbidden, phrasing.language),
            habit=habit,
            text=account_text(request.reader, phrasing, item, (score, parts, groups), habit),
            notices=self.model.notices_in(request.rules, request.lang),
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
            slots = self._slots(rules, unused, n)
            scorer = self.cold_start.scorer_of(unused)
            form = self._form(rules, n, slots)
            parts.append(ranked_users(scorer, (user_type, users[rows]), (allowed[rows], own[rows]), form))
        return parts[0] if len(parts) == 1 else interleaved(parts, [rows for _, rows in groups])

    def slots(self, rules: Rules, profile: Profile, n: int) -> MixedSlots | None:
        """The places of domains she used nothing of in her list of n, or what a list of one of them holds; ``None``
        where all items compete.

        :raises UsageError: for a mix that does not fit the domains.
        """
        return self._slots(self.rule_set(rules), self.cold_start.unused(profile), n, told=not profile.in_graph)

    def _slots(self, rules: RuleSet, unused: frozenset[str], n: int, *, told: bool = False) -> MixedSlots | None:
        asked = rules.asked
        found = mixed_slots(self.catalogue, (asked.domain, asked.mix), unused, n)
        if found is None and not asked.fill:
            scorer = self.cold_start.scorer_of(unused)
            found = linked_slots(scorer.anonymous if told else scorer, asked.domain, unused, n)
        return found and found.with_used(rules.soft.pinned)

    def _form(self, rules: RuleSet, n: int, slots: MixedSlots | None) -> ListForm:
        return ListForm(n, slots, self.catalogue.variants, rules.soft, rules.soft.quotas)

    def item(self, position: int, lang: str = "en") -> Item:
        """The item at a position of the catalogue."""
        return Item(**self._described(position, lang))

    def _described(self, position: int, lang: str) -> dict[str, str]:
        """The fields of ``Item``."""
        found = self._names.get((position, lang))
        if found is not None:
            return found
        if len(self._names) >= ITEMS:
            self._names = {}
        item_type, idx = self.catalogue.item(position)
        self._names[position, lang] = found = {
            "id": self.snapshot.vocabulary.id(item_type, idx),
            "label": self.snapshot.label(item_type, idx, lang),
            "type": item_type,
            "domain": self.snapshot.schema.entity[item_type].domain or "",
        }
        return found

    def _person(self, profile: Profile) -> Person:
        if profile.user_idx is None:
            return Person(id=None, label=None)
        user_id = self.snapshot.vocabulary.id(profile.user_type, profile.user_idx)
        return Person(id=user_id, label=self.snapshot.label(profile.user_type, profile.user_idx))
