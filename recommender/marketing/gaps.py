"""Gaps: what people want and a domain has little of, verified by adding the item that fills it and ranking anew."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import inverse_of
from recommender.catalogue.attributes import attribute_steps
from recommender.marketing.audience import about_of, items_of, people_of
from recommender.marketing.crowd import Crowd
from recommender.marketing.overview.trends import Trends
from recommender.marketing.segments import segments
from recommender.marketing.virtual_item import VirtualItems
from recommender.results.marketing import About, Gap, Gaps

STATED = 0.5
"""Part of a domain's items from which their saying something of a kind counts as known: of fewer, that none has it says
little of what they are about."""
TRIED = 40
"""Attributes for which a virtual item is ranked, those with most people for each item first."""
NAMED = 3
WINDOW = 90
"""Days of the data over which demand grows or does not."""
Place = tuple[str, int, int, int, float | None]
"""Step and entity of an attribute, how many people want it, how many items have it, and how demand grows."""


def gaps(crowd: Crowd, domain: str, n: int = 10, lang: str = "en") -> Gaps:
    """What should be taught or made next, what would reach most people first.

    Of every attribute that items of the domain can have: how many people want it (they said so, or used items that have
    it, of any domain), and how many items have it. An item that has nothing but this is then scored for everybody of
    the crowd, and counted where it would be among the first ten of a list in which nothing has it yet. Kinds of
    attributes that most items say nothing of come last: there data is missing rather than items.

    :raises UsageError: for an unknown domain.
    """
    schema = crowd.snapshot.schema
    if domain not in schema.domains:
        raise UsageError(f"`domain` {domain!r}: {nearest(domain, list(schema.domains))}")
    types = [name for name in schema.item_types if schema.entity[name].domain == domain]
    every = [gap for name in types for gap in _of(crowd, name, lang)]
    reach = [(_number(gap.people_reached), scores, gap) for scores, gap in every]
    reach.sort(key=lambda one: (not one[0], one[2].stated < STATED, -one[0], -one[1]))
    found = [gap for _, _, gap in reach[:n]]
    return Gaps(domain=domain, gaps=found, of=crowd.looked, k=crowd.k, text=_text(domain, found, lang))


def _of(crowd: Crowd, item_type: str, lang: str) -> list[tuple[float, Gap]]:
    """Gaps, each with what a new item would score in all; of as many people the one with most comes first."""
    wanted, trends, grown = [], Trends(crowd, WINDOW, lang), dict[str, list[float | None]]()
    for step in attribute_steps(crowd.snapshot.schema, item_type):
        tail = crowd.snapshot.schema.ends(step)[1]
        supply = np.diff(crowd.snapshot.adjacency(inverse_of(step)).indptr)
        grown[step] = trends.growth(tail)
        for idx in range(crowd.snapshot.vocabulary.count(tail)):
            demand = int(people_of(crowd, (tail, idx)).sum())
            if crowd.told_count(demand) is not None:
                wanted.append((demand / (1 + supply[idx]), step, idx, demand, int(supply[idx])))
    virtual = VirtualItems(crowd, item_type, 0)
    tried = sorted(wanted, key=lambda one: (-one[0], one[1], one[2]))[:TRIED]
    return [_gap(crowd, virtual, (*one[1:], grown[one[1]][one[2]]), lang) for one in tried]


def _gap(crowd: Crowd, virtual: VirtualItems, open_place: Place, lang: str) -> tuple[float, Gap]:
    step, idx, demand, supply, growth = open_place
    tail = crowd.snapshot.schema.ends(step)[1]
    scores = virtual.scores({step: {idx: 1.0}})
    served = crowd.has(items_of(crowd, (tail, idx)))
    reached = (scores > crowd.lists.least) & (scores > 0) & ~served
    about = about_of(crowd, (tail, idx), lang)
    gap = Gap(
        entity=about,
        step=step,
        demand=crowd.shown(demand),
        growth=None if growth is None else round(growth, 2),
        supply=supply,
        people_reached=crowd.shown(int(reached.sum())),
        stated=float((np.diff(crowd.snapshot.adjacency(step).indptr) > 0).mean()),
        verified=crowd.told_count(int(reached.sum())) is not None,
        beside=(beside := _beside(crowd, reached, (tail, idx), lang)),
        brief=_brief(crowd, reached, (step, about.label), [one.label for one in beside], lang),
    )
    return float(scores.sum()), gap


def _beside(crowd: Crowd, reached: NDArray[np.bool_], entity: tuple[str, int], lang: str) -> list[About]:
    """Items that have it and that at least k of the people used, those that most of them used first."""
    items = items_of(crowd, entity)
    counts = np.asarray(csr_array(crowd.used[np.flatnonzero(reached)]).sum(axis=0)).ravel()[items]
    best = [number for number in np.argsort(-counts, kind="stable").tolist() if counts[number] >= crowd.k][:NAMED]
    catalogue = crowd.recommender.catalogue
    return [about_of(crowd, catalogue.item(int(items[number])), lang) for number in best]


def _brief(crowd: Crowd, reached: NDArray[np.bool_], what: tuple[str, str], beside: list[str], lang: str) -> str:
    """What the author should know: what it is about, for whom, and beside which items they use already."""
    step, label = what
    group = np.zeros(crowd.size, dtype=bool)
    group[crowd.sample[reached]] = True
    phrase = crowd.snapshot.schema.phrase(step, lang)
    have = [one for one in segments(crowd, group, lang) if one.label != label][:NAMED]
    phrases = [f"{crowd.snapshot.schema.phrase(one.step, lang)} {one.label}" for one in have]
    if lang == "zh":
        told = f"{phrase}{label}" + (f"；这些人还{'、'.join(phrases)}" if phrases else "")
        return told + (f"；可与{'、'.join(beside)}一起推出" if beside else "")
    told = f"It {phrase} {label}" + (f"; for people who {', '.join(phrases)}" if phrases else "")
    return told + (f"; beside {', '.join(beside)}" if beside else "")


def _number(people: int | str) -> int:
    return people if isinstance(people, int) else 0


def _text(domain: str, found: list[Gap], lang: str) -> str:
    sure = [one for one in found if one.verified]
    if lang == "zh":
        if not sure:
            return f"{domain}：没有哪个新条目能进入至少 5 人的前 10 位。"
        best = sure[0]
        told = f"{domain} 最缺的是“{best.entity.label}”：需求 {best.demand} 人，现有 {best.supply} 个；"
        return told + f"新增一个可进入 {best.people_reached} 人的前 10 位。"
    if not sure:
        return f"No new item of {domain} would come into the first ten of enough people to be counted."
    best = sure[0]
    return (
        f"Most missing in {domain}: {best.entity.label}. {best.demand} people want it, {best.supply} items have it; "
        f"a new one would be in the first ten of {best.people_reached} people."
    )
