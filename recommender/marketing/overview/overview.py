"""The overview of a shop, put together."""

from collections.abc import Mapping

import numpy as np

from recommender.catalogue.attributes import attribute_links, attribute_types
from recommender.marketing.crowd import Crowd
from recommender.marketing.overview.coverage import domain_overview
from recommender.marketing.overview.traffic import traffic
from recommender.marketing.overview.trends import Trends
from recommender.results.overview import DomainOverview, Overview, Stale


def overview(crowds: Mapping[str, Crowd], days: int, stale: list[Stale], lang: str = "en") -> Overview:
    """One page about a shop.

    :param crowds: each domain → the crowd with the lists of that domain.
    :param days: the window of what is new and trending, 1 or more.
    :param stale: what is known to be out of date of the workspace itself.
    """
    crowd = next(iter(crowds.values()))
    trends = Trends(crowd, days, lang)
    domains = [domain_overview(one, domain, lang) for domain, one in crowds.items()]
    old = [one for domain in crowds for one in _stale(crowds[domain], domain, trends, lang)]
    return Overview(
        people=crowd.told_count(crowd.size) or 0,
        of=crowd.looked,
        sampled=len(crowd.sample) < crowd.size,
        domains=domains,
        traffic=traffic(crowds, lang),
        days=days,
        until=trends.until,
        new=trends.new(),
        trending=trends.trending(),
        stale=[*stale, *old],
        k=crowd.k,
        text=_text(crowd, domains, lang),
    )


def _stale(crowd: Crowd, domain: str, trends: Trends, lang: str) -> list[Stale]:
    """What of a domain is out of date, or not known."""
    catalogue, k, chinese = crowd.recommender.catalogue, crowd.k, lang == "zh"
    inside, found = catalogue.of_domain(domain), []
    idle = trends.idle(domain)
    if idle is not None and idle > trends.days:
        text = f"近 {idle} 天无人使用" if chinese else f"nobody did anything in the last {idle:,} days"
        found.append(Stale(part=domain, text=text))
    if (unused := trends.unused(domain)) and trends.until:
        text = (
            f"近 {trends.days} 天使用者不足 {k} 人的有 {unused:,} 个"
            if chinese
            else f"{unused:,} items that fewer than {k} people used in the last {trends.days} days"
        )
        found.append(Stale(part=domain, text=text))
    bare = inside.copy()
    for name in attribute_types(crowd.snapshot.schema):
        bare &= np.diff(attribute_links(crowd.snapshot, catalogue, name).indptr) == 0
    if bare.any():
        text = (
            f"没有任何属性的有 {int(bare.sum()):,} 个" if chinese else f"{int(bare.sum()):,} items without attributes"
        )
        found.append(Stale(part=domain, text=text))
    return found


def _text(crowd: Crowd, domains: list[DomainOverview], lang: str) -> str:
    of, everybody, whole = crowd.looked, crowd.told_count(crowd.size) or 0, len(crowd.sample) == crowd.size
    if lang == "zh":
        who = f"看了全部 {everybody:,} 人的列表" if whole else f"从约 {everybody:,} 人中随机看了 {of:,} 人的列表"
        each = [
            f"{one.domain}：{one.items:,} 个中有 {one.shown:,} 个出现在至少 {crowd.k} 人的前 10 位，"
            f"{one.popular.people} 份列表只靠热门"
            for one in domains
        ]
        return who + "。" + "；".join(each) + "。"
    who = f"all {everybody:,} people" if whole else f"{of:,} people, drawn at random from {everybody:,},"
    each = [
        f"{one.domain}: {one.shown:,} of {one.items:,} items are in the first ten of at least {crowd.k} people, and "
        f"{one.popular.people} lists are only popular"
        for one in domains
    ]
    return f"Lists of {who} were looked at. " + ". ".join(each) + "."
