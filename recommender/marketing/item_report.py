"""Item report: why an item is shown so often, or never: lists, reasons, rules, what is ahead of it, what it lacks."""

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from recommender.catalogue.attributes import attribute_steps
from recommender.marketing.audience import about_of
from recommender.marketing.crowd import Crowd
from recommender.marketing.usual_reasons import usual_reasons
from recommender.marketing.virtual_item import VirtualItems
from recommender.profiles.profile import profile_of
from recommender.results.marketing import ItemReport, Lift
from recommender.texts.languages import language

EXCLUDED = 400
"""People for whom the rules are asked one by one."""
NAMED, TRIED = 5, 30
MOST_HAVE = 0.5


def item_report(crowd: Crowd, position: int, lang: str = "en") -> ItemReport:
    """What becomes of one item.

    :param position: of the item in the catalogue.
    """
    recommender = crowd.recommender
    item = recommender.item(position, lang)
    shown = crowd.has(np.array([position]))
    could = crowd.lists.may_have(position)
    lists = crowd.shown(int(shown.sum()))
    reasons = usual_reasons(crowd, [(row, position) for row in np.flatnonzero(shown).tolist()], lang)
    excluded = _excluded(crowd, position, could)
    lifts = _lifts(crowd, position, shown, lang)
    of = crowd.told_count(int(could.sum())) or 0
    return ItemReport(
        item=item,
        lists=lists,
        of=of,
        excluded=excluded,
        rules={name: language(lang).audit(name) for name in excluded},
        reasons=reasons,
        ahead=[about_of(crowd, recommender.catalogue.item(one), lang) for one in _ahead(crowd, position, shown)],
        gaps=_missing(crowd, position, lang),
        lifts=lifts,
        k=crowd.k,
        text=_text(item.label, lists, of, lifts, lang),
    )


def _excluded(crowd: Crowd, position: int, could: NDArray[np.bool_]) -> dict[str, int | str]:
    """Which rules keep it out, and for how many of those who may not have it."""
    counts: dict[str, int] = defaultdict(int)
    people = np.flatnonzero(~could)[:EXCLUDED]
    for row in people.tolist():
        profile = profile_of(crowd.snapshot, crowd.user_type, int(crowd.sample[row]))
        reason = crowd.rules.candidates(profile).reason(position)
        counts[(reason or "").split(":")[0]] += 1
    return {reason: crowd.shown(count) for reason, count in counts.items() if crowd.told_count(count) is not None}


def _ahead(crowd: Crowd, position: int, shown: NDArray[np.bool_]) -> list[int]:
    """Items of its domain that stand most often in the lists of people who could get it and do not see it."""
    catalogue = crowd.recommender.catalogue
    rows = np.flatnonzero(crowd.lists.may_have(position) & ~shown)
    domain = crowd.snapshot.schema.entity[catalogue.item(position)[0]].domain or ""
    seen = crowd.lists.positions[rows]
    counts = np.bincount(seen[seen >= 0], minlength=catalogue.size) * catalogue.of_domain(domain)
    best = np.argsort(-counts, kind="stable")[:NAMED]
    return [one for one in best.tolist() if crowd.told_count(int(counts[one])) is not None]


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


def _lifts(crowd: Crowd, position: int, shown: NDArray[np.bool_], lang: str) -> list[Lift]:
    """One more attribute that would bring it to more people, those that bring most first."""
    snapshot, catalogue = crowd.snapshot, crowd.recommender.catalogue
    item_type, idx = catalogue.item(position)
    virtual = VirtualItems(crowd, item_type, idx)
    own = {s: dict.fromkeys(snapshot.neighbours(s, idx)[0].tolist(), 1.0) for s in virtual.steps}
    now, scores = virtual.scores(own), _scores(crowd, position)
    could = ~shown & crowd.lists.may_have(position)
    found = []
    for step in virtual.steps:
        tail = snapshot.schema.ends(step)[1]
        wanted = np.diff(snapshot.adjacency(f"~{step}" if not step.startswith("~") else step[1:]).indptr)
        for one in np.argsort(-wanted, kind="stable")[:TRIED].tolist():
            if one not in own[step]:
                more = virtual.scores({**own, step: {**own[step], one: 1.0}}) - now
                reached = could & (scores + more > crowd.lists.least)
                if crowd.told_count(int(reached.sum())) is not None:
                    phrase = f"{snapshot.schema.phrase(step, lang)} {snapshot.label(tail, one, lang)}"
                    found.append((int(reached.sum()), phrase))
    best = sorted(found, key=lambda one: (-one[0], one[1]))[:NAMED]
    return [Lift(change=phrase, people_reached=crowd.shown(count)) for count, phrase in best]


def _scores(crowd: Crowd, position: int) -> NDArray[np.float64]:
    """What everybody scores the item now: shape (people,)."""
    found = np.zeros(len(crowd.sample))
    for scorer, rows in crowd.groups():
        anchors = {start: crowd.anchors(start)[rows] for start in scorer.starts if _of_crowd(crowd, start)}
        paths = scorer.path_scores(anchors, len(rows))
        column = paths.tocsc()[:, [position]].toarray().ravel() if len(rows) > 1 else paths.toarray()[:, position]
        found[rows] = column + scorer.popularity[position]
    return found


def _of_crowd(crowd: Crowd, start: str) -> bool:
    return crowd.snapshot.schema.ends(start)[0] == crowd.user_type


def _text(label: str, lists: int | str, of: int, lifts: list[Lift], lang: str) -> str:
    if lang == "zh":
        told = f"“{label}”出现在 {lists} 人的前 10 位（可获得者约 {of:,} 人）。"
        return told + (f"若它{lifts[0].change}，会新增约 {lifts[0].people_reached} 人。" if lifts else "")
    told = f"“{label}” is in the first ten of {lists} people, of about {of:,} who could get it."
    return told + (f" If it {lifts[0].change}, it would reach {lifts[0].people_reached} more." if lifts else "")
