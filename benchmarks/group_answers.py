"""Answers about groups of the attacked shop, the numbers of people that they tell, and what one event changes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel

from benchmarks.attacked_shop import ITEMS, Shop
from recommender.audit.audit import audit
from recommender.audit.group_quality import UserQuality
from recommender.audit.item_groups import sides
from recommender.marketing.audience import audience, subject_of
from recommender.marketing.bridges.bridges import bridges
from recommender.marketing.crowd import Crowd
from recommender.marketing.difference import Then, list_difference
from recommender.marketing.gaps import gaps
from recommender.marketing.items.report import item_report
from recommender.marketing.overview.overview import overview
from recommender.results.marketing import Audience
from recommender.results.responsibility.audit import Audit
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Request
from whyrec.privacy.card import CardSection, groups_told

PEOPLE = {"people", "count", "before", "lists", "people_reached", "demand", "said", "users", "pairs", "there", "back",
          "excluded", "of"}  # fmt: skip
"""Fields of answers that are numbers of people."""
DOMAINS = ("courses", "cosmetics")


class GroupAnswers:
    """What the shop answers about groups; the crowds are made once."""

    def __init__(self, shop: Shop, rng: np.random.Generator) -> None:
        self.shop, self.rng = shop, rng
        recommender = shop.recommender
        self.crowds = {one: Crowd(recommender, Rules(domain=one)) for one in (*DOMAINS, None)}
        self.ways: dict[str, Callable[[], BaseModel]] = {
            "audience": self.audience,
            "bridge": lambda: bridges(self.crowds[None], self.entity(("Ingredient",)), self.domain(), 2),
            "gaps": lambda: gaps(self.crowds[(domain := self.domain())], domain),
            "item": self.item,
            "overview": lambda: overview(
                {one: self.crowds[one] for one in DOMAINS}, int(self.rng.integers(1, 400)), []
            ),
            "difference": self.difference,
            "audit": self.audit,
            "card": self.card,
        }

    def audience(self) -> Audience:
        """Of anything that has people."""
        crowd = self.crowds[None]
        return audience(crowd, subject_of(crowd, self.entity(("Product", "Course", "Ingredient", "Concern"))))

    def item(self) -> BaseModel:
        """Of any item."""
        name, idx = self.entity(ITEMS)
        domain = self.shop.snapshot.schema.entity[name].domain
        return item_report(self.crowds[domain], self.shop.recommender.catalogue.position(name, idx))

    def difference(self) -> BaseModel:
        """Of the attacker's own list, under another rule."""
        ingredient = str(self.rng.choice(self.shop.ids["Ingredient"]))
        own, rules = self.shop.recommender, Rules(avoid=(f"contains:{ingredient}",))
        return list_difference(Then(own, own, rules, "then"), own, Request(self.shop.ids["User"][0]))

    def audit(self) -> Audit:
        """Of both domains; quality is drawn, as if lists had been tested."""
        users = [("User", idx) for idx in range(len(self.shop.ids["User"]))]
        ndcg = np.random.default_rng(0).random(len(users))
        crowds = {one: self.crowds[one] for one in DOMAINS}
        return audit(crowds, UserQuality(users, ndcg, self.shop.snapshot))

    def card(self) -> BaseModel:
        """What a card says of groups: a section of it."""
        return CardSection(title="For whom", rows=list(groups_told(self.audit())))

    def domain(self) -> str:
        """One of the two."""
        return str(self.rng.choice(DOMAINS))

    def entity(self, types: tuple[str, ...]) -> tuple[str, int]:
        """Any entity of some types."""
        name = str(self.rng.choice(types))
        return name, int(self.rng.integers(len(self.shop.ids[name])))


def numbers(document: Any, name: str = "") -> Iterator[int]:
    """The numbers of people in a document."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from numbers(value, name if name == "excluded" else key)
    elif isinstance(document, list):
        for value in document:
            yield from numbers(value, name)
    elif isinstance(document, int) and not isinstance(document, bool) and name in PEOPLE:
        yield document


def keyed(document: Any, key: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], int]]:
    """The numbers of people in a document by what they are of, so that those of two answers can be subtracted."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from keyed(value, (*key, str(name)))
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from keyed(value, (*key, _name(value) or str(number)))
    elif isinstance(document, int) and not isinstance(document, bool) and PEOPLE & {*key[-2:]}:
        yield key, document


def _name(value: Any) -> str:
    """What a row of a list is of."""
    if not isinstance(value, dict):
        return ""
    parts = [value.get(name) for name in ("side", "step", "domain", "entity", "maker", "id", "label", "metapath")]
    return " ".join(str(one.get("id") if isinstance(one, dict) else one) for one in parts if one is not None)


def shares(document: Audit) -> Iterator[tuple[tuple[str, ...], float]]:
    """What an audit tells of each group, by whose it is and which figure: shares of lists and of use, and the gap."""
    for domain in document.domains:
        for group in domain.groups:
            yield (domain.domain, group.side, group.label, "exposure"), group.exposure
            yield (domain.domain, group.side, group.label, "merit"), group.merit


def least_told(crowd: Crowd, domain: str, key: tuple[str, ...]) -> float:
    """The least that k people can make together of a share that an audit tells, counted person by person: k times what
    the one who contributes most does."""
    inside = crowd.recommender.catalogue.of_domain(domain)
    parts = crowd.exposure if key[-1] == "exposure" else crowd.used
    side = next(one for one in sides(crowd, domain) if one.name == key[1])
    own = (parts @ side.membership[:, [side.labels.index(key[2])]]).toarray().ravel()
    return crowd.k * float(own.max()) / max(float(parts[:, inside].sum()), 1e-12)
