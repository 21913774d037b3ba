"""Bridges: the items of another domain that lead to a brand, or to anything: by what they share, and by people."""

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from kg.k_anonymity import step_end, step_middle
from kg.schema import inverse_of
from recommender.evaluation.significance import wilson
from recommender.marketing.audience import about_of, items_of, people_of
from recommender.marketing.bridges.makers import attributes_of, maker_fits
from recommender.marketing.crowd import FIRST, Crowd, Mask
from recommender.profiles.profile import profile_of
from recommender.results.marketing import About, Bridge, BridgePath, Bridges
from recommender.texts.languages import language

Entity = tuple[str, int]
Gain = tuple[float, float, float]
"""How many of 100, with the interval."""
TRIED, ASKED = 20, 60
"""Items whose effect is tried out, and people it is tried on."""
SHARED = 5


def bridges(crowd: Crowd, entity: Entity, domain: str | None = None, n: int = 5, lang: str = "en") -> Bridges:
    """The items of a domain that lead to an entity, those that would bring most people to it first.

    Candidates share attributes with the entity's items, or are used by the same people. Each is then tried out: people
    who have neither get it as one more anchor, and those are counted who then find an item of the entity among the
    first ten, and did not before.

    :param domain: by default one that the entity's items are not of.
    :raises UsageError: for an unknown domain, or an entity that no item has to do with.
    """
    schema, catalogue = crowd.snapshot.schema, crowd.recommender.catalogue
    own = items_of(crowd, entity)
    if not len(own):
        raise UsageError(f"{about_of(crowd, entity, lang).label}: no item has to do with it, so nothing leads to it")
    domains = {schema.entity[catalogue.item(int(one))[0]].domain for one in own}
    chosen = domain or next((one for one in schema.domains if one not in domains), schema.domains[0])
    if chosen not in schema.domains:
        raise UsageError(f"`domain` {domain!r}: {nearest(chosen, list(schema.domains))}")
    own = own[~catalogue.of_domain(chosen)[own]]
    scored = _candidates(crowd, entity, own, chosen)
    found = [position for _, position in scored[:TRIED]]
    told = [_bridge(crowd, entity, own, (one, *tried), lang) for one, tried in _tried(crowd, own, found).items()]
    told = sorted(told, key=lambda one: (-one.gained, -len(one.shared), one.id))[:n]
    about = about_of(crowd, entity, lang)
    makers = maker_fits(crowd, entity, scored, _wanted(crowd, entity, own), lang)[:n]
    text = _text(crowd, about, chosen, told, lang)
    return Bridges(
        entity=about,
        domain=chosen,
        domain_text=crowd.domain(chosen, lang),
        bridges=told,
        makers=makers,
        tried=ASKED,
        k=crowd.k,
        explained=language(lang).section("bridge")["explained"].format(tried=ASKED, k=crowd.k),
        text=text,
    )


def _wanted(crowd: Crowd, entity: Entity, own: NDArray[np.int64]) -> dict[Entity, float]:
    """What the entity's items have, it itself included."""
    wanted: dict[Entity, float] = {entity: 1.0}
    for position in own.tolist():
        wanted |= attributes_of(crowd, position)
    return wanted


def _candidates(crowd: Crowd, entity: Entity, own: NDArray[np.int64], domain: str) -> list[tuple[float, int]]:
    """Positions of the domain's items by how much they share with the entity's, most first; all share something."""
    catalogue, wanted, scored = crowd.recommender.catalogue, _wanted(crowd, entity, own), []
    for position in np.flatnonzero(catalogue.of_domain(domain)).tolist():
        if position not in own:
            mine = attributes_of(crowd, position)
            weight = sum(min(value, wanted[one]) for one, value in mine.items() if one in wanted)
            if weight > 0:
                scored.append((weight, position))
    return sorted(scored, key=lambda one: (-one[0], one[1]))


def _bridge(crowd: Crowd, entity: Entity, own: NDArray[np.int64], tried: tuple[int, Gain, int], lang: str) -> Bridge:
    """:param tried: position of the item, what it would gain, and of how many people."""
    position, (gained, low, high), without = tried
    catalogue, snapshot = crowd.recommender.catalogue, crowd.snapshot
    item = catalogue.item(position)
    wanted = {entity} | {one for its in own.tolist() for one in attributes_of(crowd, its)}
    mine = attributes_of(crowd, position)
    shared = sorted((one for one in mine if one in wanted), key=lambda one: (-mine[one], one))[:SHARED]
    both = int((people_of(crowd, item) & people_of(crowd, entity)).sum())
    paths = [path for one in shared if (path := _path(crowd, item, one, own, lang)) is not None]
    named = [about_of(crowd, one, lang) for one in shared]
    label = snapshot.label(*item, lang)
    text = _one(label, named, crowd.shown(both), gained, lang)
    return Bridge(
        id=snapshot.vocabulary.id(*item),
        type=item[0],
        label=label,
        shared=named,
        people=crowd.shown(both),
        paths=paths,
        gained=gained,
        low=low,
        high=high,
        pairs=crowd.shown(int(gained / 100 * without * crowd.people / len(crowd.sample))),
        text=text,
    )


def _path(crowd: Crowd, item: Entity, via: Entity, own: NDArray[np.int64], lang: str) -> BridgePath | None:
    """From an item over what both have to the first of the entity's items that has it."""
    snapshot, catalogue = crowd.snapshot, crowd.recommender.catalogue
    schema = snapshot.schema
    first = next((s for s in crowd.attribute_steps(item[0]) if _linked(crowd, s, item[1], via)), None)
    for position in own.tolist():
        other = catalogue.item(position)
        second = next((s for s in crowd.attribute_steps(other[0]) if _linked(crowd, s, other[1], via)), None)
        if first is not None and second is not None:
            back = inverse_of(second)
            labels = [snapshot.label(*one, lang) for one in (item, via, other)]
            told = f"{labels[0]} {schema.phrase(first, lang)} {labels[1]}, {schema.phrase(back, lang)} {labels[2]}"
            about = about_of(crowd, via, lang), about_of(crowd, other, lang)
            return BridgePath(relations=[first, back], via=about[0], item=about[1], text=told)
    return None


def _linked(crowd: Crowd, step: str, idx: int, entity: Entity) -> bool:
    """Whether a step leads from an item to an entity."""
    if crowd.snapshot.schema.ends(step)[1] != entity[0]:
        return False
    return bool((crowd.snapshot.neighbours(step, idx)[0] == entity[1]).any())


def _tried(crowd: Crowd, own: NDArray[np.int64], positions: list[int]) -> dict[int, tuple[Gain, int]]:
    """For each of some items of one domain: of 100 people who have neither, how many more find the entity among the
    first once they have it, none for fewer than k of those it is tried on; and how many of the crowd have neither."""
    schema, catalogue = crowd.snapshot.schema, crowd.recommender.catalogue
    steps = {s: schema.ends(s)[1] for s in crowd.steps() if s in schema.interactions}
    found: dict[int, list[bool]] = {position: [] for position in positions}
    items = {position: catalogue.item(position) for position in positions}
    by = {one: next((step for step, tail in steps.items() if tail == items[one][0]), None) for one in positions}
    may: dict[int, Mask] = {}
    new = ~crowd.has(own)
    for one, step in by.items():
        may[one] = new & ~crowd.linked(step, [items[one][1]])[crowd.sample] if step else np.zeros(len(new), dtype=bool)
    rows = np.flatnonzero(new)
    for row in rows[:: max(len(rows) // ASKED, 1)][:ASKED].tolist():
        tried = [one for one in positions if may[one][row]]
        who = crowd.user_type, int(crowd.sample[row])
        profiles = [profile_of(crowd.snapshot, *who, [(by[one] or "", items[one][1])]) for one in tried]
        if profiles:  # all of one domain, so that one scorer serves them
            totals = crowd.recommender.cold_start.of(profiles[0]).score(profiles).total
            totals = np.where(crowd.lists.allowed(row), totals, -np.inf)
            first = np.argpartition(-totals, min(FIRST, totals.shape[1]) - 1, axis=1)[:, :FIRST]
            seen_by = np.asarray(np.isin(first, own).any(axis=1))
            for one, seen in zip(tried, seen_by.tolist(), strict=True):
                found[one].append(seen)
    return {one: (_of_hundred(crowd, sum(seen), len(seen)), int(may[one].sum())) for one, seen in found.items()}


def _of_hundred(crowd: Crowd, people: int, of: int) -> Gain:
    """How many of 100, by the number of people as it may be told, with the 95 % interval; none for fewer than k."""
    if not (told := crowd.told_count(people)):
        return 0.0, 0.0, 0.0
    low, high = wilson(told / of, of)[0], wilson(min(step_end(told, crowd.k) / of, 1.0), of)[1]
    return min(100.0 * step_middle(told, crowd.k) / of, 100.0), 100.0 * low, 100.0 * high


def _one(label: str, shared: list[About], people: int | str, gained: float, lang: str) -> str:
    words = language(lang)
    texts, names = words.section("bridge"), words.listed([one.label for one in shared])
    more = texts["gained"].format(n=f"{gained:.0f}") if gained else ""
    return texts["one"].format(label=label, shared=names, people=people, gained=more)


def _text(crowd: Crowd, about: About, domain: str, told: list[Bridge], lang: str) -> str:
    """What leads there; where nothing brings enough people to be counted, what has most in common."""
    words, leading = language(lang), [one.text for one in told if one.gained]
    texts, places = words.section("bridge"), {"domain": crowd.domain(domain, lang), "label": words.quoted(about.label)}
    if not told:
        return texts["nothing"].format(**places)
    items = texts["joint"].join(leading or [one.text for one in told])
    return texts["text" if leading else "shares"].format(**places, items=items)
