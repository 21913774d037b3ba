"""Item report: why an item is shown so often, or never: lists, reasons, rules, what is ahead of it, what it lacks."""

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.attributes import attribute_steps
from recommender.marketing.audience import Subject, about_of, users_of
from recommender.marketing.crowd import Crowd, Mask
from recommender.marketing.items.lifts import KeptOut, item_lifts
from recommender.marketing.segments import segments
from recommender.marketing.usual_reasons import usual_reasons
from recommender.results.marketing import Ahead, ItemReport, Lift
from recommender.texts.languages import language

NAMED = 5
MOST_HAVE = 0.5


def item_report(crowd: Crowd, position: int, lang: str = "en") -> ItemReport:
    """What becomes of one item.

    :param crowd: with the lists of its domain.
    :param position: of the item in the catalogue.
    """
    item, entity = crowd.recommender.item(position, lang), crowd.recommender.catalogue.item(position)
    shown, could = crowd.has(np.array([position])), crowd.lists.may_have(position)
    kept = KeptOut(crowd, position)
    excluded = {name: people for name, count in kept.counts.items() if (people := crowd.told_count(count)) is not None}
    lifts = item_lifts(crowd, position, kept, lang)
    of, counted = int(could.sum()), int(shown.sum())
    finding = np.zeros(crowd.size, dtype=bool)
    finding[crowd.sample[shown]] = True
    users = users_of(crowd, Subject(entity, about_of(crowd, entity, lang), np.array([position], dtype=np.int64)))
    interval = crowd.interval(counted, max(of, 1))
    return ItemReport(
        item=item,
        lists=crowd.shown(counted),
        of=crowd.told_count(of) or 0,
        looked=crowd.looked,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        excluded=dict(excluded),
        rules={name: kept.spoken(name, lang) for name in excluded},
        reasons=usual_reasons(crowd, [(row, position) for row in np.flatnonzero(shown).tolist()], lang),
        finds=segments(crowd, finding, lang, without={entity})[:NAMED],
        uses=segments(crowd, users, lang, without={entity})[:NAMED],
        ahead=_ahead(crowd, position, could & ~shown, lang),
        gaps=_missing(crowd, position, lang),
        lifts=lifts,
        k=crowd.k,
        rounding=crowd.rounding(lang),
        text=_text(crowd, item.label, (counted, of), lifts, lang),
    )


def _ahead(crowd: Crowd, position: int, without: Mask, lang: str) -> list[Ahead]:
    """Items of its domain that stand most often in the lists of people who could get it and do not see it."""
    catalogue = crowd.recommender.catalogue
    domain = crowd.snapshot.schema.entity[catalogue.item(position)[0]].domain or ""
    seen = crowd.lists.positions[np.flatnonzero(without)]
    counts: NDArray[np.int64] = np.bincount(seen[seen >= 0], minlength=catalogue.size) * catalogue.of_domain(domain)
    best = np.argsort(-counts, kind="stable")[:NAMED].tolist()
    told = [(about_of(crowd, catalogue.item(one), lang), crowd.told_count(int(counts[one]))) for one in best]
    return [Ahead(id=one.id, type=one.type, label=one.label, lists=lists) for one, lists in told if lists is not None]


def _missing(crowd: Crowd, position: int, lang: str) -> list[str]:
    """Attributes and properties that most items of the type have and this one has not."""
    snapshot = crowd.snapshot
    item_type, idx = crowd.recommender.catalogue.item(position)
    found = []
    for step in attribute_steps(snapshot.schema, item_type):
        counts = np.diff(snapshot.adjacency(step).indptr)
        if counts[idx] == 0 and (counts > 0).mean() > MOST_HAVE:
            found.append(snapshot.schema.phrase(step, lang))
    for name, kind in snapshot.schema.entity[item_type].properties.items():
        present = snapshot.text(item_type, name).valid if kind == "str" else snapshot.values(item_type, name)[1]
        if not present[idx] and present.mean() > MOST_HAVE:
            found.append(name)
    return found


def _text(crowd: Crowd, label: str, counts: tuple[int, int], lifts: list[Lift], lang: str) -> str:
    """:param counts: lists that it is in, and people who could get it."""
    words, (lists, of) = language(lang), counts
    texts = words.section("item")
    told = texts["sampled" if crowd.sampled else "text"].format(
        label=words.quoted(label),
        lists=crowd.shown(lists),
        of=words.number(crowd.told_count(of) or 0),
        among=crowd.among(lists, max(of, 1), lang),
        looked=words.number(crowd.looked),
    )
    if lifts:
        told += texts["would"].format(change=lifts[0].change, people=lifts[0].people_reached)
    return told
