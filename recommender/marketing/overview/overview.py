"""The overview of a shop, put together."""

from collections.abc import Mapping

import numpy as np

from recommender.catalogue.attributes import attribute_links, attribute_types
from recommender.marketing.crowd import Crowd
from recommender.marketing.overview.coverage import domain_overview
from recommender.marketing.overview.traffic import traffic
from recommender.marketing.overview.trends import Trends
from recommender.results.overview import DomainOverview, Overview, Stale
from recommender.texts.languages import language


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
        people=crowd.told_count(crowd.people) or 0,
        of=crowd.looked,
        sampled=crowd.sampled,
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
    catalogue, k = crowd.recommender.catalogue, crowd.k
    inside, found = catalogue.of_domain(domain), []
    texts, until = language(lang).section("overview"), {"until": trends.until, "k": k}
    idle, part = trends.idle(domain), crowd.domain(domain, lang)
    if idle is not None and idle > trends.days:
        found.append(Stale(part=part, text=texts["idle"].format(days=idle, **until)))
    if (unused := trends.unused(domain)) and trends.until:
        found.append(Stale(part=part, text=texts["unused"].format(count=unused, days=trends.days, **until)))
    bare = inside.copy()
    for name in attribute_types(crowd.snapshot.schema):
        bare &= np.diff(attribute_links(crowd.snapshot, catalogue, name).indptr) == 0
    if bare.any():
        found.append(Stale(part=part, text=texts["bare"].format(count=int(bare.sum()))))
    return found


def _text(crowd: Crowd, domains: list[DomainOverview], lang: str) -> str:
    words, whole = language(lang), not crowd.sampled
    texts, number = words.section("overview"), words.number
    everybody = number(crowd.told_count(crowd.people) or 0)
    who = texts["all" if whole else "drawn"].format(of=number(crowd.looked), everybody=everybody)
    each = [
        texts["each"].format(
            domain=crowd.domain(one.domain, lang),
            shown=number(one.shown),
            items=number(one.items),
            k=crowd.k,
            popular=one.popular.people,
        )
        for one in domains
    ]
    return words.sentences([words.sentence(text) for text in (who, *each)])
