"""Lifts: who is kept from an item by which rule, and which smallest change of it brings it to more people."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from kg.money import Amount
from kg.one_line import one_line
from recommender.catalogue.prices import Prices
from recommender.counterfactual.item_rules import ItemRules
from recommender.marketing.crowd import BLOCK, Crowd, Mask
from recommender.marketing.items.changed_item import Change, ChangedItem
from recommender.profiles.profile import profile_of
from recommender.results.marketing import Lift
from recommender.rules.price import MAXIMUM, MINIMUM, rates_of
from recommender.rules.stock import OUT_OF_STOCK
from recommender.rules.used import INTERACTED, Used
from recommender.texts.language import Section
from recommender.texts.languages import language

ASKED = 1_000
"""People for whom the rules are asked one by one; there are more where many avoid something."""
NAMED, MOST = 5, 3
"""Changes that are told, and things that one changes at most."""


class KeptOut:
    """Which rules keep an item from whom of a crowd.

    ``rows``: names of rules, as in the audit, that together keep it from somebody → positions in the sample;
    ``counts``: each name → of how many people.
    """

    def __init__(self, crowd: Crowd, position: int) -> None:
        self.crowd, self.position = crowd, position
        blocked = ~crowd.lists.may_have(position)
        always = [one.name for rule in crowd.rules.rules for one in rule.removed() if (one.items == position).any()]
        self.rows: dict[frozenset[str], list[int]] = defaultdict(list)
        used = self._used() & blocked
        for row in np.flatnonzero(used).tolist():
            self.rows[frozenset((INTERACTED, *always))].append(row)
        rest = np.flatnonzero(blocked & ~used)
        if always and not any(rule.personal and not isinstance(rule, Used) for rule in crowd.rules.rules):
            self.rows[frozenset(always)] += rest.tolist()
        else:
            for row in rest[:: max(-(-len(rest) // ASKED), 1)].tolist():
                profile = profile_of(crowd.snapshot, crowd.user_type, int(crowd.sample[row]))
                self.rows[frozenset(crowd.rules.candidates(profile).reasons(position))].append(row)
        self.counts: dict[str, int] = defaultdict(int)
        for names, rows in self.rows.items():
            for name in names:
                self.counts[name] += len(rows)

    def _used(self) -> Mask:
        """Who used it, or dislikes it, or made it."""
        found = np.zeros(len(self.crowd.sample), dtype=bool)
        for rule in (one for one in self.crowd.rules.rules if isinstance(one, Used)):
            for rows, positions in rule.rows_removed(self.crowd.user_type, self.crowd.sample):
                found[rows[positions == self.position]] = True
        return found

    def freed(self, change: Change) -> Mask:
        """Whom no rule keeps from it any more once links of it are gone: shape (people,)."""
        found = np.zeros(len(self.crowd.sample), dtype=bool)
        for names, rows in self.rows.items():
            behind = [self._behind(name, rows[0]) for name in names]
            if all(links and set(links) <= set(change.remove) for links in behind):
                found[rows] = True
        return found

    def _behind(self, name: str, row: int) -> tuple[tuple[str, int], ...]:
        """The links for which a rule keeps it out; none where it is no matter of them."""
        if ":" not in name:
            return ()
        profile = profile_of(self.crowd.snapshot, self.crowd.user_type, int(self.crowd.sample[row]))
        return ItemRules(self.crowd.rules, profile, self.position).behind(name)

    def lifted(self, name: str) -> Mask:
        """Who might have it, were it not for a rule of the shop: shape (people,)."""
        found = np.zeros(len(self.crowd.sample), dtype=bool)
        if (rules := self.crowd.rules.lifted(name)) is not None:
            made = self.crowd.recommender.rule_set(rules)
            for start in range(0, len(found), BLOCK):
                users = self.crowd.sample[start : start + BLOCK]
                found[start : start + BLOCK] = made.block(self.crowd.user_type, users)[0][:, self.position]
        return found

    def spoken(self, name: str, lang: str) -> str:
        """A rule in words."""
        words, schema = language(lang), self.crowd.snapshot.schema
        step, colon, entity_id = name.partition(":")
        if not colon or step not in schema.rules:
            return words.audit(name)
        tail = schema.ends(step)[1]
        label = one_line(self.crowd.snapshot.label(tail, self.crowd.snapshot.vocabulary.idx(tail, entity_id), lang))
        return words.section("item")["avoided"].format(phrase=words.bare(schema.phrase(step, lang)), label=label)


@dataclass(frozen=True)
class _Tried:
    """A change with whom it would bring the item to, and how much it adds to the scores of all who could get it."""

    change: Change
    reached: int
    gain: float


def item_lifts(crowd: Crowd, position: int, kept: KeptOut, lang: str = "en") -> list[Lift]:
    """The smallest changes of an item that bring it to at least k people more, those that bring most first.

    Single ones first: an attribute more, less, or in the place of another, and a price or a stock that no rule of the
    shop minds; where none is enough, one thing more on top of the best. Each is ranked anew for everybody looked at: it
    reaches whom no rule keeps from it then, who does not see it now, and whose tenth scores less.
    """
    shown = crowd.has(np.array([position]))
    variants = crowd.recommender.catalogue.variants
    twins = shown if variants is None else crowd.has(variants.of_item(position))
    item, found, base = ChangedItem(crowd, position), list[Lift](), Change()
    open_to = crowd.lists.may_have(position) & ~shown & ~twins
    ruled = _by_rules(crowd, item, kept, ~shown & ~twins, lang)
    for _ in range(MOST):
        tried = _tried(item, kept, (open_to, ~shown & ~twins), item.singles(open_to, base))
        enough = [one for one in tried if crowd.told_count(one.reached) is not None]
        if enough or not tried:
            break
        base = max(tried, key=lambda one: (one.reached, one.gain)).change
    best = sorted(enough, key=lambda one: (-one.reached, one.change.add, one.change.remove)) if tried else []
    found = [*ruled, *(_lift(crowd, one, lang) for one in best)]
    return sorted(found, key=lambda one: (one.size, -_number(one.people_reached)))[:NAMED]


def _tried(item: ChangedItem, kept: KeptOut, masks: tuple[Mask, Mask], changes: list[Change]) -> list[_Tried]:
    """:param masks: who could get it as it is, and who does not see it."""
    crowd, (open_to, unseen), found = item.crowd, masks, list[_Tried]()
    asked = [crowd.rules.avoidance.read(text) for text in crowd.rules.asked.avoid]
    forbidden, ends = {(one.entity_type, one.idx) for one in asked}, crowd.snapshot.schema.ends
    allowed = [one for one in changes if not any((ends(step)[1], idx) in forbidden for step, idx in one.add)]
    scores = item.after(allowed)
    for number, change in enumerate(allowed):
        may = open_to | (kept.freed(change) & unseen) if change.remove else open_to.copy()
        for step, idx in change.add:
            may &= ~crowd.avoids((ends(step)[1], idx))[crowd.sample]
        reached = may & (scores[:, number] > crowd.lists.least)
        gain = float((scores[may, number] - item.now[may]).sum())
        found.append(_Tried(change, int(reached.sum()), gain))
    return [one for one in found if one.gain > 0 or one.reached]


def _by_rules(crowd: Crowd, item: ChangedItem, kept: KeptOut, unseen: Mask, lang: str) -> list[Lift]:
    """A price, or a stock, that no rule of the shop would mind."""
    texts, found = language(lang).section("item"), list[Lift]()
    for name in kept.counts:
        if name in (MAXIMUM, MINIMUM, OUT_OF_STOCK):
            reached = kept.lifted(name) & unseen & (item.now > crowd.lists.least)
            if crowd.told_count(int(reached.sum())) is not None:
                price = None if name == OUT_OF_STOCK else _limit(crowd, item.position, name)
                told = texts["stock"] if price is None else texts["price"].format(price=f"{price:g}")
                people = crowd.shown(int(reached.sum()))
                found.append(Lift(change=told, size=1, add=[], remove=[], price=price, people_reached=people))
    return found


def _limit(crowd: Crowd, position: int, name: str) -> float:
    """The limit of a price, in the currency of the item."""
    asked = crowd.rules.asked
    amount = Amount.parse((asked.max_price if name == MAXIMUM else asked.min_price) or 0.0)
    prices = Prices(crowd.recommender.catalogue.properties, rates_of(asked.rates))
    return float(prices.limit(name, amount, asked.domain)[position])


def _lift(crowd: Crowd, tried: _Tried, lang: str) -> Lift:
    texts = language(lang).section("item")
    schema, vocabulary = crowd.snapshot.schema, crowd.snapshot.vocabulary

    def link(one: tuple[str, int]) -> str:
        """A link as ``relation:ID``."""
        return f"{one[0]}:{vocabulary.id(schema.ends(one[0])[1], one[1])}"

    return Lift(
        change=_spoken(crowd, tried.change, texts, lang),
        size=tried.change.size,
        add=[link(one) for one in tried.change.add],
        remove=[link(one) for one in tried.change.remove],
        price=None,
        people_reached=crowd.shown(tried.reached),
    )


def _spoken(crowd: Crowd, change: Change, texts: Section, lang: str) -> str:
    """A change in words: it treats acne, it is made by A rather than B, and it were not so that it contains C."""
    schema, snapshot, told = crowd.snapshot.schema, crowd.snapshot, list[str]()

    def named(one: tuple[str, int]) -> dict[str, str]:
        """What a sentence needs of a link."""
        return {
            "phrase": schema.phrase(one[0], lang),
            "label": one_line(snapshot.label(schema.ends(one[0])[1], one[1], lang)),
        }

    gone = list(change.remove)
    for one in change.add:
        other = next((other for other in gone if other[0] == one[0]), None)
        if other is None:
            told.append(texts["had"].format(**named(one)))
        else:
            gone.remove(other)
            told.append(texts["instead"].format(**named(one), other=named(other)["label"]))
    told += [texts["had_not"].format(**named(one)) for one in gone]
    return language(lang).listed(told)


def _number(people: int | str) -> int:
    return people if isinstance(people, int) else 0
