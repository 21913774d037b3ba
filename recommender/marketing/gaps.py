"""Gaps: what people want and a domain has little of, verified by adding the item that fills it and ranking anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.document import nearest
from kg.errors import UsageError
from kg.schema import inverse_of
from recommender.catalogue.attributes import attribute_steps
from recommender.marketing.audience import about_of, items_of, people_of, said_by
from recommender.marketing.crowd import Crowd
from recommender.marketing.overview.trends import Trends
from recommender.marketing.segments import segments
from recommender.marketing.virtual_item import VirtualItems
from recommender.results.marketing import About, Gap, Gaps
from recommender.texts.languages import language

STATED = 0.5
"""Part of a domain's items from which their saying something of a kind counts as known: of fewer, that none has it says
little of what they are about."""
TRIED = 40
"""Attributes for which a virtual item is ranked: half of them at least what people say of themselves, where they do;
those with most people for each item first."""
NAMED = 3
WINDOW = 90
"""Days of the data over which demand grows or does not."""


@dataclass(frozen=True)
class _Wanted:
    """An attribute: the step to it and its index, how many people say so of themselves (``None`` where nobody can) and
    how many use something with it, who does not avoid it; how many items have it, and how demand grows."""

    step: str
    idx: int
    said: int | None
    used: int
    supply: int
    growth: float | None

    def order(self, k: int) -> tuple[bool, float, str, int]:
        """What people say goes first, then what most people want for each item that has it."""
        spoken = self.spoken(k)
        demand = self.said if spoken and self.said is not None else self.used
        return not spoken, -demand / (1 + self.supply), self.step, self.idx

    def spoken(self, k: int) -> bool:
        """Whether enough people say so to be counted."""
        return self.said is not None and self.said >= k


def gaps(crowd: Crowd, domain: str, n: int = 10, lang: str = "en") -> Gaps:
    """What should be taught or made next, what would reach most people first.

    Of every attribute that items of the domain can have: how many people say so of themselves, where the schema has a
    relation by which they can, how many use items that have it, of any domain, and how many items have it. An item that
    has nothing but this is then scored for everybody of the crowd, and counted where it would be among the first ten of
    a list in which nothing has it yet. What people say goes before what they only use: nobody buys a cream for its
    thickener. Kinds of attributes that most items say nothing of come last: there data is missing rather than items.

    :raises UsageError: for an unknown domain.
    """
    schema = crowd.snapshot.schema
    if domain not in schema.domains:
        raise UsageError(f"`domain` {domain!r}: {nearest(domain, list(schema.domains))}")
    types = [name for name in schema.item_types if schema.entity[name].domain == domain]
    trends = Trends(crowd, WINDOW, lang)
    every = [gap for name in types for gap in _of(crowd, name, trends, lang)]
    reach = [(_number(gap.people_reached), scores, gap) for scores, gap in every]
    reach.sort(key=lambda one: (not one[0], one[2].stated < STATED, not _number(one[2].said), -one[0], -one[1]))
    found = [gap for _, _, gap in reach[:n]]
    return Gaps(
        domain=domain,
        domain_text=crowd.domain(domain, lang),
        gaps=found,
        of=crowd.looked,
        sampled=crowd.sampled,
        days=WINDOW,
        until=trends.until,
        k=crowd.k,
        explained=_explained(crowd, trends.until, lang),
        text=_text(crowd, domain, found, lang),
    )


def _of(crowd: Crowd, item_type: str, trends: Trends, lang: str) -> list[tuple[float, Gap]]:
    """Gaps, each with what a new item would score in all; of as many people the one with most comes first."""
    wanted = sorted(_wanted(crowd, item_type, trends), key=lambda one: one.order(crowd.k))
    said = [one for one in wanted if one.spoken(crowd.k)]
    others = [one for one in wanted if not one.spoken(crowd.k)]
    first = max(TRIED // 2, TRIED - len(others))
    virtual = VirtualItems(crowd, item_type, 0)
    return [_gap(crowd, virtual, one, lang) for one in [*said[:first], *others][:TRIED]]


def _wanted(crowd: Crowd, item_type: str, trends: Trends) -> list[_Wanted]:
    """Attributes that at least k people say or use."""
    schema, found = crowd.snapshot.schema, list[_Wanted]()
    for step in attribute_steps(schema, item_type):
        tail = schema.ends(step)[1]
        supply = np.diff(crowd.snapshot.adjacency(inverse_of(step)).indptr)
        growth = trends.growth(tail)
        sayable = any(schema.ends(one)[1] == tail and one not in schema.interactions for one in crowd.steps())
        for idx in range(crowd.snapshot.vocabulary.count(tail)):
            kept = ~crowd.avoids((tail, idx))
            said = said_by(crowd, (tail, idx)) & kept
            used = people_of(crowd, (tail, idx), said=False) & kept
            if crowd.told_count(int((said | used).sum())) is not None:
                counts = int(said.sum()) if sayable else None, int(used.sum())
                found.append(_Wanted(step, idx, *counts, int(supply[idx]), growth[idx]))
    return found


def _gap(crowd: Crowd, virtual: VirtualItems, one: _Wanted, lang: str) -> tuple[float, Gap]:
    tail = crowd.snapshot.schema.ends(one.step)[1]
    scores = virtual.scores({one.step: {one.idx: 1.0}})
    served = crowd.has(items_of(crowd, (tail, one.idx)))
    reached = (scores > crowd.lists.least) & (scores > 0) & ~served & ~crowd.avoids((tail, one.idx))[crowd.sample]
    about = about_of(crowd, (tail, one.idx), lang)
    beside = _beside(crowd, reached, (tail, one.idx), lang)
    said = None if one.said is None else crowd.shown(one.said)
    interval = crowd.interval(int(reached.sum()), len(crowd.sample))
    gap = Gap(
        entity=about,
        step=one.step,
        demand=said if said is not None and one.spoken(crowd.k) else crowd.shown(one.used),
        said=said,
        users=crowd.shown(one.used),
        growth=None if one.growth is None else round(one.growth, 2),
        supply=one.supply,
        people_reached=crowd.shown(int(reached.sum())),
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        stated=float((np.diff(crowd.snapshot.adjacency(one.step).indptr) > 0).mean()),
        verified=crowd.told_count(int(reached.sum())) is not None,
        beside=beside,
        brief=_brief(crowd, reached, (one.step, about.label), [item.label for item in beside], lang),
    )
    return float(scores.sum()), gap


def _beside(crowd: Crowd, reached: NDArray[np.bool_], entity: tuple[str, int], lang: str) -> list[About]:
    """Items that have it and that at least k of the people used, those that most of them used first."""
    items = items_of(crowd, entity)
    counts = np.asarray(csr_array(crowd.used[np.flatnonzero(reached)]).sum(axis=0)).ravel()[items]
    best = [number for number in np.argsort(-counts, kind="stable").tolist() if counts[number] >= crowd.k][:NAMED]
    catalogue = crowd.recommender.catalogue
    return [about_of(crowd, catalogue.item(int(items[number])), lang) for number in best]


def _brief(crowd: Crowd, reached: NDArray[np.bool_], what: tuple[str, str], beside: Sequence[str], lang: str) -> str:
    """What the author should know: what it is about, for whom, and beside which items they use already."""
    (step, label), words = what, language(lang)
    texts = words.section("gaps")
    group = np.zeros(crowd.size, dtype=bool)
    group[crowd.sample[reached]] = True
    have = [one for one in segments(crowd, group, lang) if one.label != label][:NAMED]
    facts = [texts["fact"].format(phrase=one.phrase, label=one.label) for one in have]
    told = texts["is"].format(phrase=crowd.snapshot.schema.phrase(step, lang), label=label)
    told += texts["for"].format(facts=words.listed(facts)) if facts else ""
    return told + (texts["beside"].format(names=words.listed(beside)) if beside else "")


def _number(people: int | str | None) -> int:
    return people if isinstance(people, int) else 0


def _explained(crowd: Crowd, until: str | None, lang: str) -> str:
    words = language(lang)
    return words.section("gaps")["explained"].format(days=WINDOW, until=until or "–", of=words.number(crowd.looked))


def _text(crowd: Crowd, domain: str, found: Sequence[Gap], lang: str) -> str:
    words, best = language(lang), next((one for one in found if one.verified), None)
    texts, named = words.section("gaps"), crowd.domain(domain, lang)
    if best is None:
        return texts["nothing"].format(domain=named, k=crowd.k)
    demand = texts["said" if _number(best.said) else "used"].format(people=best.demand)
    label = words.quoted(best.entity.label)
    return texts["text"].format(
        domain=named, label=label, demand=demand, supply=best.supply, people=best.people_reached
    )
