"""Steps from an item to what it is: relations, either way, that are no interactions, dislikes or rules of people."""

from collections.abc import Container

import numpy as np

from kg.schema import Schema, inverse_of
from kg.snapshot.snapshot import Snapshot


def item_steps(schema: Schema, entity_type: str) -> list[str]:
    """Steps from an item type to a type, but for what people did or said: they say nothing of what an item is."""
    about = [
        name
        for name, relation in schema.relation.items()
        if name not in (*schema.interactions, *schema.negatives, *schema.rules)
    ]
    steps = [step for name in about for step in (name, inverse_of(name))]
    return [s for s in steps if schema.ends(s)[0] in schema.item_types and schema.ends(s)[1] == entity_type]


def steps_of_items(schema: Schema, item_types: Container[str]) -> list[str]:
    """All steps from items of some types, either way, what people did with them among them."""
    steps = [*schema.relation, *(inverse_of(name) for name in schema.relation)]
    return [step for step in steps if schema.ends(step)[0] in item_types]


def leads_to_people(schema: Schema, name: str) -> bool:
    """Whether a step leads to a sensitive type, or an entity type is one."""
    return schema.entity[name if name in schema.entity else schema.ends(name)[1]].sensitive


def example_anchor(snapshot: Snapshot) -> str | None:
    """``relation:ID`` with which anybody can ask for a list: an item of which much is said, never a person."""
    schema = snapshot.schema
    for name in schema.interactions:
        item_type = schema.relation[name].tail
        if schema.entity[item_type].sensitive or not snapshot.vocabulary.count(item_type):
            continue
        said = np.zeros(snapshot.vocabulary.count(item_type))
        for other in schema.entity:
            for step in item_steps(schema, other):
                if schema.ends(step)[0] == item_type:
                    said += snapshot.degrees(step)
        return f"{name}:{snapshot.vocabulary.id(item_type, int(said.argmax()))}"
    return None
