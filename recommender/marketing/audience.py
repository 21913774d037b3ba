"""Audience: who uses something, what they are like, and who would use it next."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kg.schema import inverse_of
from recommender.catalogue.steps import item_steps
from recommender.marketing.crowd import Crowd, Mask
from recommender.marketing.segments import part_of, segments
from recommender.marketing.usual_reasons import usual_reasons
from recommender.results.marketing import About, Audience, Overlap, Segment, Would
from recommender.texts.languages import language

Entity = tuple[str, int]
NAMED = 5
MOST_COMPARED = 2_000
"""Entities of a type up to which their people are compared with those of one."""


@dataclass(frozen=True)
class Subject:
    """What an audience is of: an entity, or some items that a file names; ``items``: positions, sorted."""

    entity: Entity | None
    about: About
    items: NDArray[np.int64]


def subject_of(crowd: Crowd, entity: Entity, lang: str = "en") -> Subject:
    """An entity, and the items that have to do with it."""
    return Subject(entity, about_of(crowd, entity, lang), items_of(crowd, entity))


def audience(crowd: Crowd, subject: Subject, lang: str = "en") -> Audience:
    """The portrait of those who use an item, some items, or anything of a brand, an ingredient, a concern …

    People are those who interacted with it or with an item that has it, and those who said so themselves.
    """
    group = users_of(crowd, subject)
    would = np.asarray(crowd.has(subject.items) & ~group[crowd.sample])
    inside = np.zeros(crowd.size, dtype=bool)
    inside[crowd.sample[would]] = True
    own = {crowd.recommender.catalogue.item(one) for one in subject.items.tolist()}
    found = segments(crowd, group, lang, without=own | {subject.entity} if subject.entity else own)
    interval = crowd.interval(int(would.sum()), len(crowd.sample))
    answer = Would(
        people=crowd.shown(int(would.sum())),
        of=crowd.looked,
        low=interval[0] if interval else None,
        high=interval[1] if interval else None,
        reasons=segments(crowd, inside, lang)[:NAMED],
        because=usual_reasons(crowd, _seen(crowd, subject, would), lang),
    )
    people = crowd.shown(int(group.sum()))
    return Audience(
        entity=subject.about,
        people=people,
        segments=found,
        would=answer,
        overlap=_overlap(crowd, subject, group, lang),
        k=crowd.k,
        rounding=crowd.rounding(lang),
        text=_text(crowd, (subject.about, people), (answer, int(would.sum())), found, lang),
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


def people_of(crowd: Crowd, entity: Entity, *, said: bool = True) -> Mask:
    """Who has to do with an entity: shape (crowd.size,).

    :param said: also those who only say so of themselves.
    """
    return _people(crowd, entity if said else None, items_of(crowd, entity))


def said_by(crowd: Crowd, entity: Entity) -> Mask:
    """Who says so of herself: shape (crowd.size,)."""
    schema, found = crowd.snapshot.schema, np.zeros(crowd.size, dtype=bool)
    for step in crowd.steps():
        if schema.ends(step)[1] == entity[0] and step not in schema.interactions:
            found |= crowd.linked(step, [entity[1]])
    return found


def users_of(crowd: Crowd, subject: Subject) -> Mask:
    """Who has to do with what an audience is of: shape (crowd.size,)."""
    return _people(crowd, subject.entity, subject.items)


def _people(crowd: Crowd, entity: Entity | None, items: NDArray[np.int64]) -> Mask:
    schema, group = crowd.snapshot.schema, np.zeros(crowd.size, dtype=bool)
    for step in crowd.steps():
        tail = schema.ends(step)[1]
        if entity is not None and tail == entity[0]:
            group |= crowd.linked(step, [entity[1]])
        if step in schema.interactions:
            part = crowd.recommender.catalogue.slices[tail]
            own = items[(items >= part.start) & (items < part.stop)] - part.start
            group |= crowd.linked(step, own.tolist())
    return group


def _seen(crowd: Crowd, subject: Subject, would: Mask) -> list[tuple[int, int]]:
    """Who would, and the first item of it in the list of each."""
    rows = np.flatnonzero(would)
    listed = crowd.lists.positions[rows]
    first = np.isin(listed, subject.items).argmax(axis=1)
    return list(zip(rows.tolist(), listed[np.arange(len(rows)), first].tolist(), strict=True))


def _compared(crowd: Crowd, subject: Subject) -> str | None:
    """The type of what an audience is compared with: its own, and for a file of items what each has but one of, such
    as brands."""
    if subject.entity is not None:
        return subject.entity[0]
    for name in {crowd.recommender.catalogue.item(one)[0] for one in subject.items.tolist()}:
        if (step := maker_step(crowd, name)) is not None:
            return crowd.snapshot.schema.ends(step)[1]
    return None


def maker_step(crowd: Crowd, item_type: str) -> str | None:
    """The step from an item type to what each item has one of at most, such as its brand."""
    schema, snapshot = crowd.snapshot.schema, crowd.snapshot
    attributes = [
        step
        for step, relation in schema.relation.items()
        if relation.head == item_type and relation.tail not in (*schema.item_types, *schema.user_types)
    ]
    return next((step for step in attributes if np.diff(snapshot.adjacency(step).indptr).max(initial=0) == 1), None)


def _overlap(crowd: Crowd, subject: Subject, group: Mask, lang: str) -> list[Overlap]:
    """Other entities of the type by how much their people are the same; only where both are at least k."""
    name, found = _compared(crowd, subject), []
    count = 0 if name is None else crowd.snapshot.vocabulary.count(name)
    if name is None or crowd.told_count(int(group.sum())) is None or count > MOST_COMPARED:
        return []
    for idx in range(count):
        if (name, idx) == subject.entity:
            continue
        other = people_of(crowd, (name, idx))
        both = crowd.told_count(int((group & other).sum()))
        alone = int((group & ~other).sum()), int((other & ~group).sum())
        if both and all(one >= crowd.k or one == 0 for one in alone):
            union = crowd.told_count(int((group | other).sum())) or both
            about, similarity = about_of(crowd, (name, idx), lang), part_of(both, union, crowd.k)
            found.append(Overlap(id=about.id, label=about.label, people=both, similarity=similarity))
    return sorted(found, key=lambda one: (-one.similarity, one.id))[:NAMED]


def _text(
    crowd: Crowd, group: tuple[About, int | str], would: tuple[Would, int], found: list[Segment], lang: str
) -> str:
    """:param group: what it is about, and how many people; ``would``: with their exact number."""
    words, (about, people), (answer, exact) = language(lang), group, would
    texts, most = words.section("audience"), [one.label for one in found[:NAMED]]
    more = texts["more"].format(names=words.listed(most)) if most else ""
    among = crowd.among(exact, len(crowd.sample), lang)
    told = texts["would_sampled" if crowd.sampled else "would"]
    return words.sentences(
        [
            words.sentence(texts["people"].format(people=people, label=words.quoted(about.label), more=more)),
            told.format(of=words.number(answer.of), people=answer.people, among=among),
        ]
    )
