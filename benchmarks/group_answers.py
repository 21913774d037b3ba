"""Answers about groups of the attacked shop, and the numbers of people that they tell."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel

from benchmarks.attacked_shop import ITEMS, Shop
from recommender.marketing.audience import audience, subject_of
from recommender.marketing.bridges.bridges import bridges
from recommender.marketing.crowd import Crowd
from recommender.marketing.difference import Then, list_difference
from recommender.marketing.gaps import gaps
from recommender.marketing.item_report import item_report
from recommender.marketing.overview.overview import overview
from recommender.results.marketing import Audience
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Request

PEOPLE = {"people", "count", "before", "lists", "people_reached", "demand", "pairs", "there", "back", "excluded", "of"}
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
