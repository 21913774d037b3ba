"""What pages say of people and items beside the answers of the engine."""

from urllib.parse import quote

from kg.schema import Schema
from whyrec.service.shop import Shop


def link(schema: Schema, entity_type: str, entity_id: str) -> str:
    """The page of an entity; empty where there is none."""
    if entity_type in schema.user_types:
        return f"/person?user={quote(entity_id, safe='')}"
    return f"/item?item={quote(f'{entity_type}:{entity_id}', safe='')}" if entity_type in schema.item_types else ""


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
