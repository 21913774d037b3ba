"""Audience: who uses something, what they are like, and who would use it next."""

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.catalogue.steps import item_steps
from recommender.marketing.crowd import Crowd, Mask
from recommender.marketing.segments import segments
from recommender.results.marketing import About, Audience, Overlap, Segment, Would

Entity = tuple[str, int]
NAMED = 5


def audience(crowd: Crowd, entity: Entity, lang: str = "en") -> Audience:
    """The portrait of those who use an item, or anything of a brand, an ingredient, a concern …

    People are those who interacted with it or with an item that has it, and those who said so themselves.
    """
    group = people_of(crowd, entity)
    would = _would(crowd, entity, group)
    inside = np.zeros(crowd.size, dtype=bool)
    inside[crowd.sample[would]] = True
    found = segments(crowd, group, lang)
    about = about_of(crowd, entity, lang)
    reasons = segments(crowd, inside, lang)[:NAMED]
    answer = Would(people=crowd.shown(int(would.sum())), of=crowd.looked, reasons=reasons)
    text = _text(about, crowd.shown(int(group.sum())), answer, found, lang)
    return Audience(
        entity=about,
        people=crowd.shown(int(group.sum())),
        segments=found,
        would=answer,
        overlap=_overlap(crowd, entity, group, lang),
        k=crowd.k,
        text=text,
    )


def about_of(crowd: Crowd, entity: Entity, lang: str) -> About:
    """An entity as it is named in answers."""
    vocabulary = crowd.snapshot.vocabulary
    return About(id=vocabulary.id(*entity), type=entity[0], label=crowd.snapshot.label(*entity, lang))


def items_of(crowd: Crowd, entity: Entity) -> NDArray[np.int64]:
    """Positions of an item, or of the items that have an attribute, sorted."""
    catalogue, snapshot = crowd.recommender.catalogue, crowd.snapshot
    if entity[0] in catalogue.slices:
        return np.array([catalogue.position(*entity)], dtype=np.int64)
    found = [np.empty(0, dtype=np.int64)]
    for step in item_steps(snapshot.schema, entity[0]):
        start = catalogue.slices[snapshot.schema.ends(step)[0]].start
        found.append(snapshot.neighbours(inverse_of(step), entity[1])[0].astype(np.int64) + start)
    return np.unique(np.concatenate(found))


def people_of(crowd: Crowd, entity: Entity) -> Mask:
    """Who has to do with an entity: shape (crowd.size,)."""
    schema, group = crowd.snapshot.schema, np.zeros(crowd.size, dtype=bool)
    items = items_of(crowd, entity)
    for step in crowd.steps():
        tail = schema.ends(step)[1]
        if tail == entity[0]:
            group |= crowd.linked(step, [entity[1]])
        if step in schema.interactions:
            part = crowd.recommender.catalogue.slices[tail]
            own = items[(items >= part.start) & (items < part.stop)] - part.start
            group |= crowd.linked(step, own.tolist())
    return group


def _would(crowd: Crowd, entity: Entity, group: Mask) -> Mask:
    """Who of the sample is not there yet and finds an item of it among the first."""
    return np.asarray(crowd.has(items_of(crowd, entity)) & ~group[crowd.sample])


def _overlap(crowd: Crowd, entity: Entity, group: Mask, lang: str) -> list[Overlap]:
    """Other entities of the type by how much their people are the same; only where both are at least k."""
    name, found = entity[0], []
    count = crowd.snapshot.vocabulary.count(name)
    if crowd.told(int(group.sum())) is None or count > 2_000:
        return []
    for idx in range(count):
        if idx == entity[1]:
            continue
        other = people_of(crowd, (name, idx))
        both = crowd.told(int((group & other).sum()))
        alone = int((group & ~other).sum()), int((other & ~group).sum())
        if both is not None and all(one >= crowd.k or one == 0 for one in alone):
            union = crowd.told(int((group | other).sum())) or both
            about = about_of(crowd, (name, idx), lang)
            found.append(Overlap(id=about.id, label=about.label, people=both, similarity=min(both / union, 1.0)))
    return sorted(found, key=lambda one: (-one.similarity, one.id))[:NAMED]


def _text(about: About, people: int | str, would: Would, found: list[Segment], lang: str) -> str:
    most = [one.label for one in found[:NAMED]]
    if lang == "zh":
        told = f"与“{about.label}”有关的有 {people} 人"
        told += f"，其中更常见的是：{'、'.join(most)}。" if most else "。"
        return told + f"在看过的 {would.of:,} 人中，另有 {would.people} 人会在前 10 位看到它。"
    told = f"{people} people have to do with {about.label}"
    told += f"; more often than everybody they have {', '.join(most)}." if most else "."
    return told + f" Of {would.of:,} people looked at, {would.people} others would find it in their first 10."
