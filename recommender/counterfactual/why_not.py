"""Why not: the rule, the missing link or the better items, and the smallest change that would help."""

from recommender.catalogue.variants import VARIANT
from recommender.counterfactual.phrasing import CounterfactualPhrasing
from recommender.counterfactual.search import MOST_CHANGES, Counterfactual, Ranked
from recommender.profiles.anchors import anchor_text
from recommender.results.counterfactual import ItemAhead, ListChange, MissingLink, WhyNot, WhyNotReason
from recommender.results.document import Item
from recommender.results.recommendation import Recommendation
from recommender.rules.domain import OTHER_DOMAIN
from recommender.rules.used import DISLIKED, INTERACTED
from recommender.scoring.mixed_ranking import mixed_rank
from recommender.serving.recommender import Recommender, Request
from recommender.texts.language import Notice

LINKS = 3
"""Missing links that are named."""


def why_not(recommender: Recommender, request: Request, item_id: str) -> WhyNot:
    """Why an item is not among the first ``request.n``, and what would bring it there, ranked anew to be sure.

    :raises UnknownEntityError: for an unknown user or item, naming the nearest ids.
    """
    return _Question(recommender, request, item_id).answer()


class _Question:
    def __init__(self, recommender: Recommender, request: Request, item_id: str) -> None:
        self.recommender, self.request = recommender, request
        self.snapshot, self.catalogue = recommender.snapshot, recommender.catalogue
        self.entity = self.snapshot.vocabulary.find(item_id, self.snapshot.schema.item_types)
        self.position = self.catalogue.position(*self.entity)
        self.phrasing = CounterfactualPhrasing(self.snapshot, request.lang)
        self.search = Counterfactual(recommender, request, self.position, request.n)
        self.whom = self.search.changed.whom
        scores = recommender.cold_start.of(self.whom).score([self.whom])
        self.rules = recommender.rule_set(request.rules)
        total = self.rules.soft.total(scores.total[0])
        self.score, self.paths = float(total[self.position]), float(scores.paths[0, self.position])
        self.chosen = self.rules.candidates(self.whom)
        slots = recommender.slots(request.rules, self.whom, request.n)
        allowed, variants = self.chosen.allowed, self.catalogue.variants
        self.rank = mixed_rank((total, scores.paths[0]), allowed, self.position, slots, variants)
        standing = allowed if variants is None else variants.best(total, allowed)
        merged = variants is not None and allowed[self.position] and not standing[self.position]
        self.twins = [one for one in variants.of_item(self.position) if standing[one]] if variants and merged else []

    def answer(self) -> WhyNot:
        """Reasons first, then the smallest change."""
        listed = self.recommender.recommend(self.request)
        item = self.recommender.item(self.position, self.request.lang)
        reasons, change, closing = list[WhyNotReason](), None, ""
        if self.rank is not None and self.rank <= self.request.n:
            closing = self.phrasing.listed(item.label, self.rank)
        else:
            reasons = [*self._rules(), *self._variant(), *self._no_path(), *self._outscored(item, listed)]
            change = None if self.twins else self._change(item)
            closing = change.text if change else "" if self.twins else self._nothing()
        return WhyNot(
            user=listed.user,
            item=item,
            n=self.request.n,
            rank=self.rank,
            score=self.score,
            reasons=reasons,
            change=change,
            model=listed.model,
            text=self.phrasing.language.sentences([*(reason.text for reason in reasons), closing]),
            closing=closing,
            notices=[*listed.notices, *self._switches(reasons)],
        )

    def _switches(self, reasons: list[WhyNotReason]) -> list[str]:
        """What in the schema decides it, where something does."""
        used = self.rules.rule(INTERACTED).behind(INTERACTED, self.whom, self.position)
        names = [step for step, _ in used if step in self.snapshot.schema.used_once]
        if not names or not any(one.kind == "interacted" for one in reasons):
            return []
        return [self.phrasing.language.notice(Notice.of("used_once", relation=names[0]))]

    def _nothing(self) -> str:
        """What is said where there is no change."""
        key = "no_change" if self.search.hopeful() else "nothing_helps"
        standing = self.search.unblocked() is None
        return self.phrasing.no_change("standing" if standing else key, MOST_CHANGES, self.request.n)

    def _rules(self) -> list[WhyNotReason]:
        """Every rule that keeps the item out."""
        return [self._rule(name) for name in self.chosen.reasons(self.position)]

    def _rule(self, name: str) -> WhyNotReason:
        if name == OTHER_DOMAIN:
            own = self.snapshot.schema.entity[self.entity[0]].domain or ""
            text = self.phrasing.other_domain(own, self.request.rules.domain or "")
            return WhyNotReason(kind="other_domain", text=text)
        rule = self.rules.rule(name)
        if name in (INTERACTED, DISLIKED):
            steps = self.snapshot.schema.negatives if name == DISLIKED else ()
            used = rule.behind(name, self.whom, self.position)
            text = self.phrasing.used(name, [one for one in used if (one[0] in steps) == (name == DISLIKED)])
            return WhyNotReason(kind="interacted" if name == INTERACTED else "rule", text=text, rule=name)
        return WhyNotReason(kind="rule", text=self.phrasing.rule(name, rule.about(name), self.entity), rule=name)

    def _variant(self) -> list[WhyNotReason]:
        """Another size or shade stands for it in the list."""
        about = [self.catalogue.item(int(one)) for one in self.twins]
        texts = [self.phrasing.rule(VARIANT, one, self.entity) for one in about]
        return [WhyNotReason(kind="rule", text=text, rule=VARIANT) for text in texts]

    def _no_path(self) -> list[WhyNotReason]:
        """Nothing leads to the item: what would?"""
        if self.paths != 0:
            return []
        links = self.search.candidates.reaching(LINKS)
        missing = [
            MissingLink(
                anchor=anchor_text(self.snapshot, link),
                type=tail,
                label=self.snapshot.label(tail, link[1], self.request.lang),
                text=self.phrasing.fact(link),
            )
            for link in links
            for tail in (self.snapshot.schema.ends(link[0])[1],)
        ]
        return [WhyNotReason(kind="no_path", text=self.phrasing.no_path(links), missing=missing)]

    def _outscored(self, item: Item, listed: Recommendation) -> list[WhyNotReason]:
        """The items that are in the list instead."""
        if self.rank is None or not listed.items:
            return []
        last = listed.items[-1]
        items = [
            ItemAhead(**row.model_dump(include=set(ItemAhead.model_fields) - {"by"}), by=row.score - self.score)
            for row in listed.items
        ]
        ahead, gap = self.rank - 1, last.score - self.score
        text = self.phrasing.outscored(item.label, self.score, ahead, (last.label, last.score))
        return [WhyNotReason(kind="outscored", text=text, ahead=ahead, gap=gap, items=items)]

    def _change(self, item: Item) -> ListChange | None:
        """The smallest change that was found; what it brings about is what ranking anew says, and nothing else."""
        found = self.search.smallest()
        rank = None if found is None else self._rank_after(found, item)
        if found is None or rank is None:
            return None
        return ListChange(
            add=[anchor_text(self.snapshot, one) for one in found.change.add],
            remove=[anchor_text(self.snapshot, one) for one in found.change.remove],
            lift=list(found.change.lift),
            item_add=[anchor_text(self.snapshot, one) for one in found.change.item_add],
            item_remove=[anchor_text(self.snapshot, one) for one in found.change.item_remove],
            rank_before=self.rank,
            rank_after=rank,
            text=self.phrasing.would(item.label, rank, found.change),
            lines=[self.phrasing.line(item.label, part) for part in found.change.parts()],
        )

    def _rank_after(self, found: Ranked, item: Item) -> int | None:
        """The rank after a change: what ``recommend`` says; of another item than the graph has, with its new column."""
        if found.change.of_item:
            return found.rank
        after = self.recommender.recommend(self.search.changed.request_with(found.change, self.request.n))
        return next((row.rank for row in after.items if (row.type, row.id) == (item.type, item.id)), None)
