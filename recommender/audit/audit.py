"""The audit of a shop: who and what gets how much of its lists, and how good they are for whom."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.errors import UsageError
from kg.k_anonymity import readable_step, told_interval, told_step, told_sum
from recommender.audit.bubble import bubble
from recommender.audit.concentration import gini_interval
from recommender.audit.exposure import Exposure, exposure, shares_in_steps
from recommender.audit.group_quality import GroupDifference, UserQuality, group_quality
from recommender.audit.item_groups import Side, head, sides
from recommender.audit.parity import parity_of_items, parity_of_people
from recommender.audit.score_gap import score_gap
from recommender.evaluation.metrics import gini
from recommender.evaluation.significance import false_discovery
from recommender.marketing.crowd import Crowd
from recommender.results.responsibility.audit import (
    LEAST,
    LEVELS,
    Audit,
    Cause,
    DomainAudit,
    ItemGroup,
    Parity,
    Repair,
    UserGroup,
)
from recommender.texts.languages import language

OTHERS = 0.1
"""Part of all causes, signs aside, that smaller ones may have which are not told one by one."""
DIGITS = 3
Mask = NDArray[np.bool_]


def audit(
    crowds: Mapping[str, Crowd], quality: UserQuality | None, lang: str = "en", repair: Path | None = None
) -> Audit:
    """Audit a shop.

    :param crowds: each domain → the crowd with the lists of that domain.
    :param quality: NDCG of people on what was held out; ``None`` leaves quality out.
    :param repair: try what would close the gap of each domain's worst group; a folder for kernels of what might be.
    """
    crowd = next(iter(crowds.values()))
    compared = (_Compared(one, domain, lang) for domain, one in crowds.items())
    domains = [one.audit(repair) for one in compared if one.people >= one.crowd.k]
    users, people, notices = [], list[Parity](), list[str]()
    if quality is not None:
        users = _user_groups(crowd, quality, lang)
        people, notices = _parity(lambda: parity_of_people(quality, lang))
    return Audit(
        people=crowd.shown(crowd.people),
        of=crowd.looked,
        sampled=crowd.sampled,
        domains=domains,
        users=None if quality is None else users,
        users_compared=sum(one.q is not None for one in users),
        least=LEAST,
        parity=people,
        notices=notices,
        k=crowd.k,
        text=_text(crowd, domains, None if quality is None else users, lang),
    )


def _user_groups(crowd: Crowd, quality: UserQuality, lang: str) -> list[UserGroup]:
    """Groups of people by how good their lists are, the worst first."""
    groups = group_quality(quality, lang)
    rates = _rates([one.p if one.people >= LEAST else None for one in groups])
    found = [_user_group(crowd, one, rate) for one, rate in zip(groups, rates, strict=True)]
    return sorted(found, key=lambda one: one.difference)


def _user_group(crowd: Crowd, one: GroupDifference, rate: float | None) -> UserGroup:
    """A group as it is told: what one person more or less changes of its mean is not, as of two groups that differ by
    her; nor what one changes of the mean of all others, who may be fewer."""
    step, apart = (max(told_step(1 / n, crowd.k), 10.0**-DIGITS) for n in (one.people, min(one.people, one.others)))
    low, high = told_interval(one.low, one.high, step)
    return UserGroup(
        side=one.side,
        side_text=one.text,
        label=one.label,
        people=crowd.shown(one.people),
        ndcg=told_sum(one.mean, step),
        low=low,
        high=high,
        difference=told_sum(one.difference, apart),
        q=rate,
    )


def _parity(measured: Callable[[], list[Parity]]) -> tuple[list[Parity], list[str]]:
    """Parity where fairlearn is there; what to install where it is not."""
    try:
        return measured(), []
    except UsageError as problem:
        return [], [str(problem)]


def _rates(chances: Sequence[float | None]) -> list[float | None]:
    """False discovery rates of p, each as the level it is under; ``None`` where nothing was compared."""
    rates = iter(false_discovery([one for one in chances if one is not None]))
    found = [None if one is None else next(rates) for one in chances]
    return [None if one is None else next(level for level in LEVELS if one <= level) for one in found]


class _Compared:
    """The groups of one domain, compared with their merit.

    ``people``: who used anything of it; of fewer than k nothing is told.
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

    def audit(self, repair: Path | None) -> DomainAudit:
        """The document."""
        crowd, catalogue = self.crowd, self.crowd.recommender.catalogue
        enough = [float(found.p[number]) if found.people[number] >= LEAST else None for _, found, number in self.groups]
        told = [self._group(*one, rate) for one, rate in zip(self.groups, _rates(enough), strict=True)]
        below = [number for number, one in enumerate(told) if one.sure and one.ratio < 1]
        worst = min(below, key=lambda number: told[number].ratio, default=None)
        causes = [] if worst is None else self._causes(self.groups[worst][0], self.groups[worst][2])
        shown = np.bincount(crowd.lists.positions[crowd.lists.positions >= 0], minlength=catalogue.size)
        uses = np.asarray(crowd.used.sum(axis=0)).ravel()
        step = readable_step(2 * crowd.k / max(len(crowd.sample), 1)) if crowd.k > 1 else 0.0
        most, lists, used = head(crowd, self.inside), _in_lists(crowd)[:, self.inside], crowd.used[:, self.inside]
        of_lists, of_use = gini_interval(lists, step), gini_interval(used, step)
        return DomainAudit(
            domain=self.domain,
            domain_text=crowd.domain(self.domain, self.lang),
            gini_lists=told_sum(gini(shown[self.inside]), step),
            gini_lists_low=of_lists[0],
            gini_lists_high=of_lists[1],
            gini_used=told_sum(gini(uses[self.inside]), step),
            gini_used_low=of_use[0],
            gini_used_high=of_use[1],
            head_lists=_part(crowd.exposure, most, self.inside, crowd.k),
            head_used=_part(crowd.used, most, self.inside, crowd.k),
            groups=sorted(told, key=lambda one: (one.ratio, one.label)),
            pooled=sum(len(side.labels) for side, _ in self.sides) - len(told),
            compared=sum(one.q is not None for one in told),
            worst=None if worst is None else f"{told[worst].side_text}: {told[worst].label}",
            gap=None if worst is None else round(sum(one.gap for one in causes), 12),
            causes=_largest(causes),
            bubble=bubble(crowd, self.domain),
            repairs=[] if worst is None or repair is None else self._repairs(self.groups[worst], repair),
            parity=_parity(lambda: parity_of_items(crowd, self.inside, [(one, x.told) for one, x in self.sides]))[0],
        )

    def _group(self, side: Side, found: Exposure, number: int, rate: float | None) -> ItemGroup:
        return ItemGroup(
            side=side.name,
            side_text=side.text,
            label=side.labels[number],
            items=int((side.membership[:, [number]].toarray() > 0).sum()),
            people=self.crowd.shown(int(found.people[number])),
            exposure=float(found.exposure[number]),
            merit=float(found.merit[number]),
            ratio=round(float(found.ratio[number]), 2),
            low=round(float(found.low[number]), 2),
            high=round(float(found.high[number]), 2),
            q=rate,
        )

    def _repairs(self, group: tuple[Side, Exposure, int], folder: Path) -> list[Repair]:
        from recommender.audit.repair import repairs  # seldom asked for

        return repairs(self.crowd, group[0], group[2], self.inside, folder / self.domain)

    def _causes(self, side: Side, number: int) -> list[Cause]:
        return score_gap(self.crowd, side.membership[:, [number]].toarray().ravel(), self.inside, self.lang)


def _largest(causes: list[Cause]) -> list[Cause]:
    """The largest causes, and the others as one, which are a tenth of all at most, with what rounding leaves, so that
    they add up."""
    named, rounding = ([one for one in causes if (one.kind == "others") is others] for others in (False, True))
    left = sum(abs(one.gap) for one in named)
    number, most = 0, left * OTHERS
    while left > most:
        left -= abs(named[number].gap)
        number += 1
    few = [*named[number:], *rounding]
    if len(few) < 2:
        return causes
    rest = round(sum(one.gap for one in few), 12)
    return [*named[:number], *([Cause(kind="others", metapath=None, text=None, gap=rest)] if rest else [])]


def _part(weights: csr_array, some: Mask, inside: Mask, k: int) -> float:
    """The share of some items of all that people use, or see, in a domain, as that of a group is told.

    :param weights: shape (people, catalogue.size).
    """
    part, whole = (np.asarray(weights[:, mask].sum(axis=1)).ravel() for mask in (some, inside))
    return float(shares_in_steps(part[:, None], whole, k)[0][0])


def _in_lists(crowd: Crowd) -> csr_array:
    """Which items stand in each list: shape (people, catalogue.size), 1 where so."""
    return csr_array(crowd.exposure.sign())


def _text(crowd: Crowd, domains: list[DomainAudit], users: list[UserGroup] | None, lang: str) -> str:
    words = language(lang)
    texts, told = words.section("audit"), list[str]()
    if not domains:
        told.append(texts["too_few"].format(k=crowd.k))
    for one in domains:
        sure = [group for group in one.groups if group.sure]
        counts = {"below": sum(group.ratio < 1 for group in sure), "above": sum(group.ratio > 1 for group in sure)}
        told.append(texts["items_sure"].format(domain=one.domain_text, groups=len(one.groups), **counts))
    if users is not None:
        told.append(texts["people_sure"].format(groups=len(users), sure=sum(one.sure for one in users)))
    elif domains:
        told.append(texts["unmeasured"])
    if domains and crowd.sampled:
        told.append(texts["sampled"].format(of=words.number(crowd.looked)))
    return words.sentences([words.sentence(words.capital(one)) for one in told])
