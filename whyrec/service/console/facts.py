"""What pages say of people and items beside the answers of the engine."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import numpy as np

from kg.errors import UnknownEntityError
from kg.schema import Schema
from recommender.profiles.profile import find_anchor
from recommender.results.search import AskedItem
from recommender.texts.languages import language
from recommender.texts.paths import spoken_kind, spoken_type
from whyrec.service.shop import Shop

ANCHOR = re.compile(r"~?[A-Za-z]\w*:\S")
"""How ``relation:ID`` begins; a name may hold a colon, too, which a space follows."""


def link(schema: Schema, entity_type: str, entity_id: str) -> str:
    """The page of an entity; empty where there is none."""
    if entity_type in schema.user_types:
        several = len(schema.user_types) > 1  # whose ids may be the same
        return f"/person?user={quote(f'{entity_type}:{entity_id}' if several else entity_id, safe='')}"
    return f"/item?item={quote(f'{entity_type}:{entity_id}', safe='')}" if entity_type in schema.item_types else ""


@dataclass(frozen=True)
class Who:
    """Whom a page is about: somebody of the graph by her id, or a visitor by what she has."""

    given: str
    anchors: tuple[str, ...] = ()

    @property
    def user(self) -> str | None:
        """Her id; ``None`` for a visitor."""
        return self.given.strip() or None

    @property
    def known(self) -> bool:
        """Whether the page is about anybody."""
        return bool(self.user or self.anchors)

    @property
    def label(self) -> str:
        """What she is called on a page."""
        return self.user or ", ".join(self.anchors)

    @property
    def query(self) -> str:
        """Her part of an address."""
        return urlencode([*([("user", self.user)] if self.user else []), *(("anchor", one) for one in self.anchors)])


def typed_anchors(shop: Shop, typed: str) -> tuple[str, ...]:
    """What a visitor has as somebody typed it: names parted by commas, or ``relation:ID`` parted by spaces.

    :raises UnknownEntityError: for a name of nothing that people have.
    """
    if ANCHOR.match(typed.strip()):
        ends = "|".join(shop.engine.snapshot.schema.relation)
        return tuple(re.split(rf"[\s,，、;；]+(?=(?:{ends}):)", typed.strip()))  # an id may hold spaces
    return tuple(_anchor(shop, one.strip()) for one in re.split("[,，、;；]", typed) if one.strip())


def _anchor(shop: Shop, name: str) -> str:
    """``relation:ID`` of what comes nearest to a name, of what people are linked to."""
    schema = shop.engine.snapshot.schema
    ends = {one.tail: known for known, one in reversed(schema.relation.items()) if _told(schema, known)}
    for hit in shop.engine.find(name, tuple(ends), 1).hits:
        return f"{ends[hit.type]}:{hit.id}"
    raise UnknownEntityError(f"nothing that people have comes near {name!r}")


def _told(schema: Schema, relation: str) -> bool:
    """Whether a relation says what somebody has, and is no rule and about nobody else."""
    one = schema.relation[relation]
    return one.head in schema.user_types and not one.rule and not schema.entity[one.tail].sensitive


def often(shop: Shop, lang: str, most: int = 4) -> list[tuple[str, str, str]]:
    """What most people have that is no item, the same as :func:`anchors`: somebody to begin with."""
    snapshot = shop.engine.snapshot
    schema, found = snapshot.schema, []
    for relation, one in schema.relation.items():
        if _told(schema, relation) and one.tail not in schema.item_types:
            counts = snapshot.link_counts(f"~{relation}")
            for idx in np.argsort(-counts, kind="stable")[:most].tolist():
                if counts[idx] >= snapshot.k:
                    named = f"{relation}:{snapshot.vocabulary.id(one.tail, idx)}"
                    phrase = language(lang).bare(schema.phrase(relation, lang))
                    found.append((named, phrase, snapshot.label(one.tail, idx, lang)))
    return found


def kinds(schema: Schema, lang: str) -> dict[str, str]:
    """Each type as a person reads it."""
    told = {name: spoken_type(schema, name, lang) for name in schema.entity}
    for name in schema.user_types:  # not "somebody": here they are counted
        told[name] = spoken_kind(schema, name, lang)
    return told


def phrases(schema: Schema, lang: str) -> dict[str, str]:
    """Each relation as a person reads it."""
    return {name: language(lang).bare(schema.phrase(name, lang)) for name in schema.relation}


def told_facts(shop: Shop, one: AskedItem, lang: str) -> list[str]:
    """The triples that show an answer, in labels; as ids where the graph has them no longer."""
    snapshot, found = shop.engine.snapshot, []
    for fact in one.facts:
        ends = snapshot.schema.ends(fact.relation)
        at = [snapshot.vocabulary.get(kind, known) for kind, known in zip(ends, (fact.head, fact.tail), strict=True)]
        labels = [
            known if idx is None or snapshot.schema.entity[kind].sensitive else snapshot.label(kind, idx, lang)
            for kind, known, idx in zip(ends, (fact.head, fact.tail), at, strict=True)
        ]
        joint = "" if lang == "zh" else " "
        found.append(joint.join((labels[0], snapshot.schema.phrase(fact.relation, lang), labels[1])))
    return list(dict.fromkeys(found))


def called(shop: Shop, who: Who, lang: str, words: Mapping[str, str]) -> str:
    """What somebody is called on a page: her id, or what a visitor has.

    :param words: of the console, in the language.
    """
    if who.user:
        return who.user
    has = told_anchors(shop, who.anchors, lang)
    told = [words["visitor_has"].format(phrase=phrase, label=label) for _, phrase, label in has]
    return words["visitor_called"].format(has=language(lang).listed(told)) if told else ""


def told_anchors(shop: Shop, anchors: Sequence[str], lang: str) -> list[tuple[str, str, str]]:
    """What a visitor has, as :func:`anchors` tells it."""
    snapshot, found = shop.engine.snapshot, []
    for text in shop.engine.named_anchors(anchors):
        _, step, idx = find_anchor(snapshot, text)
        label = snapshot.label(snapshot.schema.ends(step)[1], idx, lang)
        found.append((text, language(lang).bare(snapshot.schema.phrase(step, lang)), label))
    return found


def anchors(shop: Shop, user: str, lang: str) -> list[tuple[str, str, str]]:
    """What a person has, with what they did since the last load: ``relation:ID``, the phrase, the label."""
    snapshot = shop.engine.snapshot
    found = []
    told, whom = shop.named(user)
    for name in snapshot.schema.user_types if told is None else [told]:
        idx = snapshot.vocabulary.get(name, whom)
        for relation, one in snapshot.schema.relation.items():
            if idx is not None and one.head == name and not one.rule:
                for tail in snapshot.neighbours(relation, idx)[0].tolist():
                    anchor = f"{relation}:{snapshot.vocabulary.id(one.tail, tail)}"
                    phrase = language(lang).bare(snapshot.schema.phrase(relation, lang))
                    found.append((anchor, phrase, snapshot.label(one.tail, tail, lang)))
    return found + told_anchors(shop, shop.person(user)[1], lang)


def facts(shop: Shop, entity_type: str, entity_id: str, lang: str) -> dict[str, list[str]]:
    """What the graph says of an item: phrase → labels; no people."""
    snapshot = shop.engine.snapshot
    idx = snapshot.vocabulary.idx(entity_type, entity_id)
    found: dict[str, list[str]] = {}
    for relation, one in snapshot.schema.relation.items():
        if one.head == entity_type and not snapshot.schema.entity[one.tail].sensitive:
            tails = snapshot.neighbours(relation, idx)[0].tolist()
            if tails:
                found[snapshot.schema.phrase(relation, lang)] = [snapshot.label(one.tail, tail, lang) for tail in tails]
    return found
