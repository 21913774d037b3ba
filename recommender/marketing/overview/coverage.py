"""Coverage: how much of a domain its lists show, and how many of them are nothing but popular."""

import numpy as np
from numpy.typing import NDArray

from kg.k_anonymity import step_middle
from recommender.marketing.crowd import Crowd
from recommender.marketing.overview.reasons import ASKED, reason_kinds
from recommender.results.overview import DomainOverview, Proportion
from recommender.scoring.cold_start import cold_in

LEAST = 1e-12


def domain_overview(crowd: Crowd, domain: str, lang: str = "en") -> DomainOverview:
    """What becomes of a domain.

    :param crowd: with the lists of this domain.
    """
    catalogue, lists = crowd.recommender.catalogue, crowd.lists
    inside = catalogue.of_domain(domain)
    seen = lists.positions[lists.positions >= 0]
    shown = np.bincount(seen, minlength=catalogue.size)[inside]
    embedding = lists.totals - lists.paths - np.where(lists.positions >= 0, _popularity(crowd), 0.0)
    personal = ((np.abs(lists.paths) > 0) | (np.abs(embedding) > LEAST)).any(axis=1)
    listed = (lists.positions >= 0).any(axis=1)
    size, found = int(inside.sum()), int((shown >= crowd.k).sum())
    return DomainOverview(
        domain=domain,
        domain_text=crowd.domain(domain, lang),
        items=size,
        used=int((catalogue.people[inside] >= crowd.k).sum()),
        shown=found,
        coverage=found / size if size else 0.0,
        people=crowd.shown(int((crowd.everybody & ~cold_in(crowd.snapshot, crowd.user_type, domain)).sum())),
        popular=proportion(crowd, int((listed & ~personal).sum())),
        asked=min(crowd.looked, ASKED),
        reasons=reason_kinds(crowd, domain, lang),
    )


def proportion(crowd: Crowd, people: int) -> Proportion:
    """Some of those looked at, as they may be told; with an interval where not everybody was looked at."""
    told, of = crowd.told_count(people), crowd.looked
    if told is None:
        return Proportion(people=crowd.shown(people), share=None)
    share = min(step_middle(told, crowd.k) / (step_middle(of, crowd.k) if not crowd.sampled else of), 1.0)
    low, high = crowd.interval(people, of) or (None, None)
    return Proportion(people=told, share=share, low=low, high=high)


def _popularity(crowd: Crowd) -> NDArray[np.float64]:
    """What popularity contributes at each rank of the lists: shape (people, FIRST)."""
    found = np.zeros(crowd.lists.positions.shape)
    for scorer, rows in crowd.groups():
        found[rows] = scorer.popularity[crowd.lists.positions[rows]]
    return found
