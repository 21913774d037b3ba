"""Files of triples whose columns are called ``head`` and ``tail``: only the name of a file says what the ends are."""

import re
from collections.abc import Collection
from typing import Any

from kg.formats.column_roles import pascal, singular, snake
from kg.formats.sample import Sample
from kg.formats.toml_text import toml_table

_BARE = {"head", "tail", "weight", "timestamp"}
_USUAL = {"enrolled_in": "Course", "purchased": "Product"}
_TOLD = re.compile(r"^(?:has|in|of|is|made|belongs_to|with)_(?=[a-z])")
"""Words before what a relation leads to: ``has_brand``."""


def has_bare_ends(sample: Sample) -> bool:
    """Whether the columns say no more than that rows are triples."""
    return {"head", "tail"} <= sample.columns.keys() <= _BARE


def relation_name(sample: Sample) -> str:
    """The relation that such a file is named after."""
    return snake(re.sub(r"[0-9]+$", "", sample.stem))


def item_type(known: Collection[str], relation: str) -> str:
    """The type of items at the end of a relation of people.

    :param known: types that files are about.
    """
    things = {name for name in known if name != "User"}
    usual = _USUAL.get(relation, "Item")
    return next(iter(things)) if len(things) == 1 else usual


def bare_triples(sample: Sample, file: str, schema: dict[str, Any], unsure: list[str], reading: dict[str, str]) -> str:
    """The source of a file of triples about items, whose types and relation are put into the schema."""
    relation, entities = relation_name(sample), schema["entity"]
    items = {one["tail"] for one in schema["relation"].values() if one.get("interaction")} or set(entities) - {"User"}
    head = next(iter(items)) if len(items) == 1 else "Item"
    tail = "Ingredient" if relation == "contains" else singular(pascal(_TOLD.sub("", relation)))
    tail = f"{tail}Value" if tail == head else tail
    for name in (head, tail):
        entities.setdefault(name, {})
    spoken = relation.replace("_", " ").replace("has ", "has the ")
    schema["relation"][relation] = {"head": head, "tail": tail, "phrase": {"en": spoken}}
    unsure.append(f"{file}: its heads are taken for {head}, its tails for {tail}; the file does not say what they are")
    table = {"file": file, **reading, "relation": relation}
    table |= {name: name for name in ("head", "tail", "weight", "timestamp") if name in sample.columns}
    return toml_table("[[source]]", {**table, "create_ends": True}, {"create_ends": "no file need list them"})
