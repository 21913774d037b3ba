"""Steps from an item to what it is: relations, either way, that are no interactions, dislikes or rules of people."""

from kg.schema import Schema, inverse_of


def item_steps(schema: Schema, entity_type: str) -> list[str]:
    """Steps from an item type to a type, but for what people did or said: they say nothing of what an item is."""
    about = [
        name
        for name, relation in schema.relation.items()
        if name not in (*schema.interactions, *schema.negatives, *schema.rules)
    ]
    steps = [step for name in about for step in (name, inverse_of(name))]
    return [s for s in steps if schema.ends(s)[0] in schema.item_types and schema.ends(s)[1] == entity_type]
