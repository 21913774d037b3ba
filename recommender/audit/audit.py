"""The audit of a shop: who and what gets how much of its lists, and how good they are for whom."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from recommender.audit.exposure import Exposure, exposure
from recommender.audit.group_quality import UserQuality, group_quality
from recommender.audit.item_groups import Side, head, sides
from recommender.audit.score_gap import score_gap
from recommender.evaluation.metrics import gini
from recommender.marketing.crowd import Crowd
from recommender.results.audit import SURE, Audit, Cause, DomainAudit, ItemGroup, UserGroup

NAMED_CAUSES = 6
DIGITS = 3
Mask = NDArray[np.bool_]


def audit(crowds: Mapping[str, Crowd], quality: UserQuality | None, lang: str = "en") -> Audit:
    """Audit a shop.

    :param crowds: each domain → the crowd with the lists of that domain.
    :param quality: NDCG of people on what was held out; ``None`` leaves quality out.
    """
    crowd = next(iter(crowds.values()))
    compared = (_Compared(one, domain, lang) for domain, one in crowds.items())
    found = {one.domain: one for one in compared if one.people >= one.crowd.k}
    groups = [] if quality is None else group_quality(quality, lang)
    chances = [p for one in found.values() for p in one.chances] + [one.p for one in groups]
    rates = iter(false_discovery_control(chances).tolist() if chances else [])
    domains = [one.audit([next(rates) for _ in one.chances]) for one in found.values()]
    users = [
        UserGroup(
            side=one.side,
            side_text=one.text,
            label=one.label,
            people=crowd.shown(one.people),
            ndcg=round(one.mean, DIGITS),
            low=round(one.low, DIGITS),
            high=round(one.high, DIGITS),
            difference=round(one.difference, DIGITS),
            q=round(next(rates), DIGITS + 1),
        )
        for one in groups
    ]
    return Audit(
        people=crowd.shown(crowd.size),
        of=crowd.looked,
        sampled=len(crowd.sample) < crowd.size,
        domains=domains,
        users=None if quality is None else sorted(users, key=lambda one: one.difference),
        compared=len(chances),
        k=crowd.k,
        text=_text(domains, None if quality is None else users, (crowd.k, lang)),
    )


class _Compared:
    """The groups of one domain, compared with their merit.

    ``people``: who used anything of it; of fewer than k nothing is told; ``chances``: p of each group that may be told,
    in the order in which ``audit`` takes the rates.
    """

    def __init__(self, crowd: Crowd, domain: str, lang: str) -> None:
        self.crowd, self.domain, self.lang = crowd, domain, lang
        self.inside = crowd.recommender.catalogue.of_domain(domain)
        self.people = int(np.count_nonzero(crowd.used[:, self.inside].sum(axis=1)))
        self.sides = [(side, exposure(crowd, side, self.inside)) for side in sides(crowd, domain, lang)]
        self.groups = [
            (side, found, number)
            for side, found in self.sides
            for number in range(len(side.labels))
            if found.told[number]
        ]
        self.chances = [float(found.p[number]) for _, found, number in self.groups]

    def audit(self, rates: Sequence[float]) -> DomainAudit:
        """The document, given the false discovery rate of each group."""
        crowd, catalogue = self.crowd, self.crowd.recommender.catalogue
        told = [self._group(*one, rate) for one, rate in zip(self.groups, rates, strict=True)]
        below = [number for number, one in enumerate(told) if one.q <= SURE and one.high < 1]
        worst = min(below, key=lambda number: told[number].ratio, default=None)
        causes = [] if worst is None else self._causes(self.groups[worst][0], self.groups[worst][2])
        shown = np.bincount(crowd.lists.positions[crowd.lists.positions >= 0], minlength=catalogue.size)
        uses = np.asarray(crowd.used.sum(axis=0)).ravel()
        most, seen = head(crowd, self.inside), np.asarray(crowd.exposure.sum(axis=0)).ravel()
        return DomainAudit(
            domain=self.domain,
            gini_lists=round(gini(shown[self.inside]), DIGITS),
            gini_used=round(gini(uses[self.inside]), DIGITS),
            head_lists=_share(seen[most].sum(), seen[self.inside].sum()),
            head_used=_share(uses[most].sum(), uses[self.inside].sum()),
            groups=sorted(told, key=lambda one: (one.ratio, one.label)),
            pooled=sum(len(side.labels) for side, _ in self.sides) - len(told),
            worst=None if worst is None else f"{told[worst].side_text}: {told[worst].label}",
            gap=None if worst is None else sum(one.gap for one in causes),
            causes=_largest(causes),
        )

    def _group(self, side: Side, found: Exposure, number: int, rate: float) -> ItemGroup:
        return ItemGroup(
            side=side.name,
            side_text=side.text,
            label=side.labels[number],
            items=int((side.membership[:, [number]].toarray() > 0).sum()),
            people=self.crowd.shown(int(found.people[number])),
            exposure=round(float(found.exposure[number]), DIGITS),
            merit=round(float(found.merit[number]), DIGITS),
            ratio=round(float(found.ratio[number]), 2),
            low=round(float(found.low[number]), 2),
            high=round(float(found.high[number]), 2),
            q=round(rate, DIGITS + 1),
        )

    def _causes(self, side: Side, number: int) -> list[Cause]:
        return score_gap(self.crowd, side.membership[:, [number]].toarray().ravel(), self.inside, self.lang)


def _largest(causes: list[Cause]) -> list[Cause]:
    """The largest causes, and the others as one, so that they add up."""
    if len(causes) <= NAMED_CAUSES:
        return causes
    rest = sum(one.gap for one in causes[NAMED_CAUSES:])
    return [*causes[:NAMED_CAUSES], Cause(kind="others", metapath=None, text=None, gap=rest)]


def _share(part: float, whole: float) -> float:
    return round(float(part) / float(whole), DIGITS) if whole else 0.0


def _text(domains: list[DomainAudit], users: list[UserGroup] | None, how: tuple[int, str]) -> str:
    (k, lang), told = how, list[str]()
    chinese = lang == "zh"
    if not domains:
        few = (
            f"使用者不足 {k} 人，不予说明" if chinese else f"fewer than {k} people used anything: nothing of it is told"
        )
        told.append(few)
    for one in domains:
        sure = [group for group in one.groups if group.q <= SURE]
        below, above = sum(group.high < 1 for group in sure), sum(group.low > 1 for group in sure)
        told.append(
            f"{one.domain}：{len(one.groups)} 组商品中，{below} 组的曝光确实低于其使用占比，{above} 组确实高于"
            if chinese
            else f"{one.domain}: of {len(one.groups)} groups of items {below} surely get less of the lists than they "
            f"are used, {above} more"
        )
    if users is not None:
        sure_users = sum(one.q <= SURE for one in users)
        told.append(
            f"{len(users)} 组人中，{sure_users} 组的列表质量确实不同"
            if chinese
            else f"of {len(users)} groups of people {sure_users} surely get lists of another quality than all others"
        )
    elif domains:
        unknown = "没有可预留的互动，未检验列表质量" if chinese else "for whom lists are better was not measured"
        told.append(unknown)
    return ("；".join(told) + "。") if chinese else ". ".join(one[0].upper() + one[1:] for one in told) + "."
