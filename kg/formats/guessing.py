"""Files of unknown make → a schema and a mapping to start from, and what was not sure.

Columns that name a person and an item make rows of interactions; a file whose rows have an id of their own is one of
entities; their numbers become properties, what repeats becomes entities of a type named after the column. Nothing here
decides anything for good: both files are written to be read and corrected.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from kg.formats.bare_ends import bare_triples, has_bare_ends, item_type, relation_name
from kg.formats.column_roles import (
    INGREDIENTS,
    TYPED,
    ends,
    fold,
    has_name,
    id_column,
    label_column,
    named_column,
    pascal,
    singular,
    snake,
    type_name,
    who,
)
from kg.formats.sample import Column, Sample
from kg.formats.toml_text import toml_table

_TIMES = "timestamp time date datetime createdat eventtime day unixreviewtime invoicedate orderedat purchasedat"
_WEIGHTS = "rating stars score overall quantity qty count weight"
_PROSE = "description summary text body about details"
_VERBS = {
    "purchased": "purchase order orderitem transaction sale buy bought purchased invoice basket",
    "rated": "review rating rated",
    "enrolled_in": "enrolment enrollment enrolled registration",
    "viewed": "view click event session visit",
}
_NEVER = re.compile(r"url|image|img|link|photo|href|slug", re.IGNORECASE)


@dataclass
class Guess:
    """What files seem to be."""

    schema: dict[str, Any] = field(default_factory=lambda: {"entity": {}, "relation": {}})
    sources: list[str] = field(default_factory=list)
    """Text of each source."""
    unsure: list[str] = field(default_factory=list)
    """What a person should look at."""


def guess(samples: list[Sample], names: dict[str, str]) -> Guess:
    """A schema and sources for files.

    :param names: file of a sample → how the mapping names it.
    """
    made = Guess()
    events = [sample for sample in samples if ends(sample) is not None]
    bare = [sample for sample in samples if ends(sample) is None and has_bare_ends(sample)]
    others = [sample for sample in samples if ends(sample) is None and sample not in bare]
    types = {fold(id_column(sample)): type_name(sample) for sample in others}
    for sample in others:
        _entities(made, sample, names[str(sample.path)])
    for sample in events:
        _interactions(made, sample, names[str(sample.path)], types)
    for sample in bare:
        made.sources.append(bare_triples(sample, names[str(sample.path)], made.schema, made.unsure, _reading(sample)))
    if samples:
        _domains(made)
    return made


def _interactions(made: Guess, sample: Sample, file: str, types: dict[str, str]) -> None:
    person, item = ends(sample) or ("", "")
    tail = types.get(fold(item)) or pascal(
        re.sub(r"[ _-]?(?:id|number|code)$", "", TYPED.sub("", item), flags=re.IGNORECASE)
    )
    stem = re.sub(r"[0-9]+$", "", fold(sample.stem))
    relation = next(
        (verb for verb, words in _VERBS.items() if any(stem in (word, f"{word}s") for word in words.split())),
        "interacted_with",
    )
    if relation == "interacted_with" and item == "tail":
        relation = relation_name(sample)
    if item == "tail":  # which says nothing of what it is
        tail = item_type(types.values(), relation)
    tail = {"Sku": "Product", "Asin": "Product", "Handle": "Product", "Stockcode": "Product"}.get(tail, tail or "Item")
    if relation == "interacted_with":
        made.unsure.append(f"{file}: what people did is called interacted_with; call it what it is")
    made.schema["entity"].setdefault("User", {})["sensitive"] = True
    made.schema["entity"].setdefault(tail, {})
    made.schema["relation"][relation] = {"head": "User", "tail": tail, "interaction": True, "create_head": True}
    table: dict[str, Any] = {"file": file, **_reading(sample), "relation": relation, "head": person, "tail": item}
    comments = {"head": "who", "tail": "what"}
    times = [column.name for column in sample.columns.values() if column.kind == "time"]
    told = named_column(sample, "label") if sample.path.suffix == ".inter" else None
    if told is not None:
        table["where"], comments["where"] = f'"{told}" > 0', "0 is what somebody was shown and did not take"
    weight = named_column(sample, _WEIGHTS) or named_column(sample, "rating stars quantity", ending=True)
    found = {"weight": weight, "timestamp": named_column(sample, _TIMES) or next(iter(times), None)}
    table |= {key: column for key, column in found.items() if column is not None}
    doubts = ((name, sample.columns[name].unsure) for name in found.values() if name is not None)
    made.unsure += [f"{file}: {name!r}: {doubt}" for name, doubt in doubts if doubt]
    unused = [name for name in sample.columns if name not in (person, item, told, *found.values())]
    if unused:
        made.unsure.append(f"{file}: not used, since the rows are of what people did: {', '.join(unused)}")
    if "weight" in table:
        made.unsure.append(f"{file}: {table['weight']!r} is taken for the weight; filter low ratings with where")
        comments["weight"] = f"a low rating is no reason to recommend: where = '\"{table['weight']}\" >= 4'"
    if tail not in types.values():
        table["create_ends"] = True
        comments["create_ends"] = "no file lists the items, so the rows do"
    made.sources.append(toml_table("[[source]]", table, comments))


def _entities(made: Guess, sample: Sample, file: str) -> None:
    kind, key = type_name(sample), id_column(sample)
    entity = made.schema["entity"].setdefault(kind, {})
    if kind == "User":
        entity["sensitive"] = True
    table: dict[str, Any] = {"file": file, **_reading(sample), "entity": kind, "id": key}
    label = label_column(sample)
    if label is not None and label != key:
        table["label"] = label
    properties: dict[str, str] = {}
    links: list[str] = []
    for column in sample.columns.values():
        if column.name in (key, label) or not column.filled or has_name(column, sample, label):
            continue
        if column.names_people or (kind != "User" and fold(column.name) in who()):
            made.unsure.append(f"{file}: {column.name!r} is not used: it names people, and no item beside them")
            continue
        if column.kind == "unread":
            made.unsure.append(f"{file}: {column.name!r} is not used: {column.unsure}")
            continue
        found = _property(column)
        if found is not None:
            entity.setdefault("properties", {})[snake(column.name)] = found
            properties[snake(column.name)] = column.name
            if column.currency is not None:
                entity.setdefault("currency", {})[snake(column.name)] = column.currency
        elif _NEVER.search(column.name) or (column.kind != "list" and column.different > 0.9 * column.filled > 20):
            made.unsure.append(f"{file}: {column.name!r} is not used; nothing repeats in it")
            continue
        elif column.kind != "time":
            links.append(_link(made, kind, column, file))
        if column.unsure:
            made.unsure.append(f"{file}: {column.name!r}: {column.unsure}")
    if properties:
        table["properties"] = properties
    if sample.columns[key].different < sample.columns[key].filled:
        made.unsure.append(f"{file}: {key!r} is taken for the id, but it is not unique")
    made.sources.append(toml_table("[[source]]", table, {"id": "what makes a row one of a kind"}) + "".join(links))


def _property(column: Column) -> str | None:
    """The type of a property, or ``None`` where the column is none."""
    if INGREDIENTS.match(fold(column.name)) is not None and column.kind in ("prose", "text", "list"):
        return None
    if column.kind == "prose" or fold(column.name) in _PROSE.split():
        return "str"
    if column.kind == "truth":
        return "bool"
    looks_like_id = re.search(r"(?:^|[ _-])id$", column.name, re.IGNORECASE)
    return "float" if column.kind == "number" and not looks_like_id else None


def _link(made: Guess, head: str, column: Column, file: str) -> str:
    is_list = INGREDIENTS.match(fold(column.name)) is not None
    bare = re.sub(r"[ _-]?(?:id|name)$", "", TYPED.sub("", column.name), flags=re.IGNORECASE)
    tail = "Ingredient" if is_list else singular(pascal(bare)) or "Value"
    tail = f"{tail}Value" if tail == head else tail
    relation = "contains" if is_list else f"has_{singular(snake(bare))}"
    if relation in made.schema["relation"] and made.schema["relation"][relation]["head"] != head:
        relation = f"{snake(head)}_{relation}"
    made.schema["entity"].setdefault(tail, {})
    has = "reported the" if head == "User" else "has the"  # what fits one person and many
    spoken = "contains" if is_list else f"{has} {snake(tail).replace('_', ' ')}"
    made.schema["relation"][relation] = {"head": head, "tail": tail, "phrase": {"en": spoken}}
    table: dict[str, Any] = {"relation": relation, "tail": column.name}
    if is_list:
        table["normalise"] = "inci"
        column.unsure = "read as an ingredient list"
    elif column.separator:
        table["split"] = column.separator
    return toml_table("[[source.link]]", table)


def _domains(made: Guess) -> None:
    """Which types can be recommended: those that people do something with, or else the first one."""
    entities = made.schema["entity"]
    items = {one["tail"] for one in made.schema["relation"].values() if one.get("interaction")}
    if not items:
        items = {next((name for name in entities if name != "User"), "User")}
        item = next(iter(items))
        made.unsure.append(f"no file says what people did; {item} is taken for what is recommended")
        if item != "User":
            entities.setdefault("User", {})["sensitive"] = True
            relation = "enrolled_in" if item == "Course" else "purchased"
            made.schema["relation"].setdefault(
                relation, {"head": "User", "tail": item, "interaction": True, "create_head": True}
            )
    for name in items:
        entities[name]["domain"] = snake(name) + "s"


def _reading(sample: Sample) -> dict[str, str]:
    told = {"format": sample.format, "delimiter": sample.delimiter, "decimal": sample.decimal}
    return {name: value for name, value in told.items() if value}
