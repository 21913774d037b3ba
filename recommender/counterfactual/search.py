"""Counterfactual: the smallest change of what somebody has, of rules or of an item that brings it into the first n."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from recommender.counterfactual.anchor_candidates import AnchorCandidates, without
from recommender.counterfactual.changes import Change, Changed, joined
from recommender.counterfactual.item_changes import ItemChanges
from recommender.counterfactual.item_rules import ItemRules
from recommender.profiles.anchors import Anchor
from recommender.scoring.mixed_ranking import mixed_rank
from recommender.scoring.ranking import top_n
from recommender.serving.recommender import Recommender, Request

CHANGES = ("item", "user", "rules")
"""What a change may be restricted to."""
MOST_CHANGES = 10
HOPE = 1.5
"""By how much later attributes of an item may say more for it than the best of now; mostly they say less."""


@dataclass(frozen=True)
class Ranked:
    """A change with the rank it leads to, and how far the item is above the n-th best of the others then."""

    change: Change
    rank: int | None
    margin: float


class Counterfactual:
    """Looks for the smallest change: single ones first, then greedily one more at a time, each ranked anew.

    What others did stays as it is, and nothing is proposed that fewer than k people are behind: a change is one of the
    profile, of the rules, or of the item's own column of the path kernels, by its attributes. What the user has goes
    before what the item has where either is as small.

    :param position: the item that is to be among the first ``n``.
    """

    def __init__(self, recommender: Recommender, request: Request, position: int, n: int) -> None:
        self.recommender, self.position, self.n = recommender, position, n
        self.changed = Changed(recommender, request)
        self.candidates = AnchorCandidates(recommender, self.changed, position, n)
        self._known: dict[Change, Ranked] = {}
        self._items: dict[Change, ItemChanges] = {}

    def smallest(self) -> Ranked | None:
        """The smallest change that was found to work, ``None`` where none was.

        The user's anchors come first, then the item's attributes, then anchors that are only added: what is taken away
        comes back as a rival. Where none of them is enough, attributes are changed on top of anchors.
        """
        if self.changed.request.change is not None:
            return self._best(self._ways_of(self.changed.request.change))
        base = self.unblocked()
        ways = [self._grown(base, self._next_of_user)]
        if not self._single(ways):
            ways.append(self._grown(self.unblocked(by_item=True), self._next_of_item))
        if not self._single(ways):
            ways.append(self._grown(base, self._next_added))
        return self._best(ways) or self._best(self._grown(one.change, self._next_of_item) for one in ways[0][1:])

    def _ways_of(self, what: str) -> list[list[Ranked]]:
        """The ways that change nothing but the item, what the user has, or the rules asked for."""
        if what == "item":
            return [self._grown(self.unblocked(by_item=True), self._next_of_item, only=what)]
        base = self.unblocked()
        if what == "rules":
            return [] if base is None or base.add or base.remove else [[self.ranked(base)]]
        if base is None or base.lift:
            return []
        return [self._grown(base, more) for more in (self._next_of_user, self._next_added)]

    def _single(self, ways: Sequence[list[Ranked]]) -> bool:
        """Whether one thing was enough."""
        return any(way and self._enough(way[-1]) and way[-1].change.size <= 1 for way in ways)

    def _best(self, ways: Iterable[list[Ranked]]) -> Ranked | None:
        """The smallest change that the ways end in, where they reach the list; one that leaves the item as it is goes
        before any other: to make a product anew costs most."""
        found = [self._pruned(way[-1]) for way in ways if way and self._enough(way[-1])]
        return min(found, key=lambda one: (one.change.of_item, one.change.size), default=None)

    def _grown(
        self, base: Change | None, more: Callable[[Ranked], Ranked | None], only: str | None = None
    ) -> list[Ranked]:
        """One thing more at a time, each time the one that brings the item nearest, until it is in the list.

        :param only: ``item`` where nothing but the item may change.
        """
        if base is not None and only == "item" and (base.lift or base.add or base.remove):
            return []
        way = [] if base is None else [self.ranked(base)]
        while way and not self._enough(way[-1]):
            longer = more(way[-1]) if way[-1].change.size < MOST_CHANGES else None
            if longer is None:
                break
            way.append(longer)
        return way

    def _next_of_user(self, best: Ranked) -> Ranked | None:
        return self._next(best.change, taking=True)

    def _next_added(self, best: Ranked) -> Ranked | None:
        return self._next(best.change, taking=False)

    def _next_of_item(self, best: Ranked) -> Ranked | None:
        """With the fewest more things that bring it into the list, else with what raises its score most, by thing."""
        changes, forbidden = self._item_changes(best.change), self._item_rules(best.change).forbidden()
        left = MOST_CHANGES - best.change.size
        found = [one for one in changes.promising(best.change, forbidden) if one[1].size <= left]

        def order(one: tuple[float, Change]) -> tuple[object, ...]:
            """What is likeliest to suffice with the fewest triples comes first."""
            gain, change = one
            short = best.margin + gain <= 0
            return short, 0 if short else change.size, -gain / change.size, change.item_add, change.item_remove

        if not found:
            return None
        gain, change = min(found, key=order)
        if best.margin + HOPE * left * gain / change.size < 0:
            return None
        return self.ranked(joined((best.change, change)))

    def unblocked(self, *, by_item: bool = False) -> Change | None:
        """What has to go so that no rule keeps the item out; ``None`` where a rule stands whatever changes.

        :param by_item: rather attributes of the item than rules or anchors.
        """
        whom, request = self.changed.whom, self.changed.request
        rules = self.recommender.rule_set(request.rules)
        item_rules = ItemRules(rules, whom, self.position)
        removed, gone, attributes = list[Anchor](), list[str](), list[Anchor]()
        for name in rules.candidates(whom).reasons(self.position):
            if by_item and (links := item_rules.behind(name)):
                attributes += links
            elif anchors := rules.rule(name).behind(name, whom, self.position):
                removed += anchors
            elif rules.lifted(name) is None:
                return None
            else:
                gone.append(name)
        change = Change(
            remove=tuple(dict.fromkeys(removed)),
            lift=tuple(dict.fromkeys(gone)),
            item_remove=tuple(dict.fromkeys(attributes)),
        )
        return None if self.ranked(change).rank is None else change

    def ranked(self, change: Change) -> Ranked:
        """A change, ranked anew."""
        self._rank([change])
        return self._known[change]

    def _enough(self, one: Ranked) -> bool:
        return one.rank is not None and one.rank <= self.n

    def _next(self, change: Change, taking: bool) -> Ranked | None:
        """The best of the most promising changes with one thing more."""
        candidates = [joined((change, one)) for one in self.candidates.promising(change, taking)]
        self._rank(candidates)
        found = (self._known[one] for one in candidates)
        return max(found, key=lambda one: (self._enough(one), one.margin), default=None)

    def _pruned(self, best: Ranked) -> Ranked:
        """Without what turns out not to be needed."""
        parts = best.change.parts()
        for one in parts if len(parts) > 1 else ():
            fewer = joined(part for part in parts if part != one)
            if self._possible(fewer) and self._enough(self.ranked(fewer)):
                return self._pruned(self.ranked(fewer))
        return best

    def _rank(self, changes: Sequence[Change]) -> None:
        new = [change for change in changes if change not in self._known]
        profiles = [self.changed.profile(change) for change in new]
        found = self.recommender.cold_start.scores(profiles)
        for change, profile, scores, paths in zip(new, profiles, *found, strict=True):
            rules = self.changed.rules(change)
            chosen = self.recommender.rule_set(rules).candidates(profile)
            allowed = chosen.allowed
            if change.of_item:
                gain = self._item_changes(change).gain(change)
                scores[self.position] += gain
                paths[self.position] += gain
                allowed = allowed.copy()
                allowed[self.position] = self._item_rules(change).allow(chosen, change)
            scores = self.recommender.rule_set(rules).soft.total(scores)
            slots = self.recommender.slots(rules, profile, self.n)
            variants = self.recommender.catalogue.variants
            rank = mixed_rank((scores, paths), allowed, self.position, slots, variants)
            rivals, most = (allowed, self.n) if slots is None else slots.rivals(self.position)
            others = without(allowed & rivals, self.position)
            others = others if variants is None else variants.best(scores, others)
            ahead = scores[top_n(scores, others, most)] if most else scores[:0]
            margin = float(scores[self.position] - ahead[-1]) if len(ahead) == most > 0 else float("inf")
            self._known[change] = Ranked(change, rank, margin)

    def hopeful(self) -> bool:
        """Whether anything could raise the score of the item by paths: an anchor, or an attribute of the item."""
        return bool(self.candidates.reaching(1) or self._item_changes(Change()).promising(Change(), ()))

    def _item_changes(self, change: Change) -> ItemChanges:
        """What changes of the item do on top of what else changes."""
        others = Change(change.add, change.remove, change.lift)
        if others not in self._items:
            profile = self.changed.profile(others)
            self._items[others] = ItemChanges(self.recommender.cold_start.of(profile).anonymous, profile, self.position)
        return self._items[others]

    def _possible(self, change: Change) -> bool:
        """Whether the item has but one of what nothing has two of."""
        return not change.of_item or self._item_changes(change).possible(change)

    def _item_rules(self, change: Change) -> ItemRules:
        """What the rules that are left say of the item's attributes."""
        rules = self.recommender.rule_set(self.changed.rules(change))
        return ItemRules(rules, self.changed.profile(change), self.position)
