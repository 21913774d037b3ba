"""Answers about groups of the attacked shop, the numbers of people that they tell, and what one event changes."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from benchmarks.attacked_shop import ITEMS, Shop
from kg.quality.anomalies import anomalies
from kg.snapshot.snapshot import Snapshot
from recommender.audit.audit import audit
from recommender.audit.group_quality import UserQuality
from recommender.audit.item_groups import sides
from recommender.audit.trade_offs import trade_offs
from recommender.marketing.audience import audience, subject_of
from recommender.marketing.bridges.bridges import bridges
from recommender.marketing.crowd import Crowd
from recommender.marketing.difference import Then, list_difference
from recommender.marketing.gaps import gaps
from recommender.marketing.items.report import item_report
from recommender.marketing.overview.overview import overview
from recommender.results.marketing import About, Audience
from recommender.results.responsibility.audit import Audit
from recommender.results.responsibility.objectives import DomainObjectives
from recommender.results.responsibility.trade_offs import TradeOffs
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Request
from whyrec.privacy.card import CardSection, groups_told
from whyrec.workspace.responsibility.certify import CertifyReport, report, trial
from whyrec.workspace.responsibility.certify_text import Wanted
from whyrec.workspace.responsibility.flagging import _told
from whyrec.workspace.responsibility.objectives import _solved
from whyrec.workspace.status import stepped_counts

PEOPLE = {"people", "count", "before", "lists", "people_reached", "demand", "said", "users", "pairs", "there", "back",
          "excluded", "of", "accounts", "flagged", "signals", "isolated"}  # fmt: skip
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
            "audit --repair": self.repair,
            "objectives": self.objectives,
            "certify": self.certify,
            "anomalies": lambda: _told(shop.snapshot, "User", anomalies(shop.snapshot, "User")),
            "status": lambda: _Counted.of(shop.snapshot),
            "trade-offs": lambda: trade_offs(self.crowds[(domain := self.domain())], domain, self.floors(), "en"),
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
        return audit(
            crowds, UserQuality(users, ndcg, self.shop.snapshot, np.round(ndcg), np.ones(len(users), dtype=np.int64))
        )

    def card(self) -> BaseModel:
        """What a card says of groups: a section of it."""
        return CardSection(title="For whom", rows=list(groups_told(self.audit())))

    def repair(self) -> Audit:
        """Of one domain, with what would close the gap of its worst group."""
        domain = self.domain()
        with tempfile.TemporaryDirectory() as folder:
            return audit({domain: self.crowds[domain]}, None, "en", Path(folder))

    def objectives(self) -> BaseModel:
        """Floors solved: a domain's shares of exposure before and after, and the curve."""
        domain = self.domain()
        found = _solved(self.crowds[domain], domain, self.floors(), float(self.rng.choice([0.02, 1.0])))
        return found or About(id=domain, type="domain", label=domain)

    def floors(self) -> list[str]:
        """For each ingredient its share of use, or for one of them a part of the lists."""
        step = str(self.rng.choice(["contains", "teaches"]))
        ingredient = str(self.rng.choice(self.shop.ids["Ingredient"]))
        return [f"{int(self.rng.integers(10, 101))}% {step}", f"{int(self.rng.integers(5, 60))}% {step}:{ingredient}"]

    def certify(self) -> BaseModel:
        """A bound on what is unwanted in lists."""
        wanted = Wanted(float(self.rng.choice([0.01, 0.02, 0.05, 0.1])), 2.0, 0.05)
        with tempfile.TemporaryDirectory() as folder:
            return report(self.shop.recommender, trial(self.shop.recommender, Rules(), 2.0, Path(folder)), wanted)

    def domain(self) -> str:
        """One of the two."""
        return str(self.rng.choice(DOMAINS))

    def entity(self, types: tuple[str, ...]) -> tuple[str, int]:
        """Any entity of some types."""
        name = str(self.rng.choice(types))
        return name, int(self.rng.integers(len(self.shop.ids[name])))


class _Row(BaseModel):
    """A number of people, or of what they did; ``label``: of whom, or what."""

    label: str
    people: int | str


class _Counted(BaseModel):
    """The numbers that card and console tell of people and of what they did."""

    rows: list[_Row]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "_Counted":
        """Of a snapshot."""
        schema, told = snapshot.schema, stepped_counts(snapshot)
        ends = {name: (name,) for name in schema.entity} | {name: schema.ends(name) for name in schema.relation}
        return cls(rows=[_Row(label=name, people=n) for name, n in told.items() if "User" in ends[name]])


def numbers(document: Any, name: str = "") -> Iterator[int]:
    """The numbers of people in a document."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield from numbers(value, name if name in ("excluded", "signals") else key)
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


def parts_of_all(document: BaseModel, size: int) -> Iterator[tuple[tuple[str, ...], float, float]]:
    """Figures that are means or shares over everybody, by what they are of, and what one person makes of each at most.

    :param size: people of the shop.
    """
    if isinstance(document, DomainObjectives):
        figures = {(one.about, name): getattr(one, name) for one in document.floors for name in ("before", "after")}
        figures |= {(str(one.strength), name): getattr(one, name) for one in document.curve for name in ("loss", "gap")}
        figures |= {(name,): getattr(document, name) for name in ("loss", "gap_before", "gap_after")}
    elif isinstance(document, TradeOffs):
        points = [(curve.aim, one) for curve in document.curves for one in curve.points]
        figures = {
            (aim, str(one.strength), name): getattr(one, name) for aim, one in points for name in ("kept", "value")
        }
    elif isinstance(document, CertifyReport):
        figures = {("risk_without",): document.risk_without} | ({("risk",): document.risk} if document.risk else {})
        size *= 10  # one item of a list of ten
    else:
        return
    yield from ((key, float(value), 1 / size) for key, value in figures.items())


def least_told(crowd: Crowd, domain: str, key: tuple[str, ...]) -> float:
    """The least that k people can make together of a share that an audit tells, counted person by person: k times what
    the one who contributes most does."""
    inside = crowd.recommender.catalogue.of_domain(domain)
    parts = crowd.exposure if key[-1] == "exposure" else crowd.used
    side = next(one for one in sides(crowd, domain) if one.name == key[1])
    own = (parts @ side.membership[:, [side.labels.index(key[2])]]).toarray().ravel()
    return crowd.k * float(own.max()) / max(float(parts[:, inside].sum()), 1e-12)
