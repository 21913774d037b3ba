"""What pages say of people and items beside the answers of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from kg.schema import Schema
from recommender.profiles.profile import find_anchor
from whyrec.service.shop import Shop


def link(schema: Schema, entity_type: str, entity_id: str) -> str:
    """The page of an entity; empty where there is none."""
    if entity_type in schema.user_types:
        return f"/person?user={quote(entity_id, safe='')}"
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


def told_anchors(shop: Shop, anchors: Sequence[str], lang: str) -> list[tuple[str, str, str]]:
    """What a visitor has, as :func:`anchors` tells it."""
    snapshot, found = shop.engine.snapshot, []
    for text in shop.engine.named_anchors(anchors):
        _, step, idx = find_anchor(snapshot, text)
        label = snapshot.label(snapshot.schema.ends(step)[1], idx, lang)
        found.append((text, snapshot.schema.phrase(step, lang), label))
    return found


def anchors(shop: Shop, user: str, lang: str) -> list[tuple[str, str, str]]:
    """What a person has: ``relation:ID``, the phrase, the label."""
    snapshot = shop.engine.snapshot
    found = []
    for name in snapshot.schema.user_types:
        idx = snapshot.vocabulary.get(name, user)
        for relation, one in snapshot.schema.relation.items():
            if idx is not None and one.head == name and not one.rule:
                for tail in snapshot.neighbours(relation, idx)[0].tolist():
                    anchor = f"{relation}:{snapshot.vocabulary.id(one.tail, tail)}"
                    found.append((anchor, snapshot.schema.phrase(relation, lang), snapshot.label(one.tail, tail, lang)))
    return found


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
