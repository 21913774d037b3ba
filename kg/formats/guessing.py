"""Files of unknown make → a schema and a mapping to start from, and what was not sure.

Columns that name a person and an item make rows of interactions; a file whose rows have an id of their own is one of
entities; their numbers become properties, what repeats becomes entities of a type named after the column. Nothing here
decides anything for good: both files are written to be read and corrected.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from kg.formats.sample import Column, Sample
from kg.formats.toml_text import toml_table

_PEOPLE = "user customer author reviewer member client student learner username email visitor account person uid buyer"
_ITEMS = "item product sku asin course movie book isbn article track handle song game recipe stockcode itemnumber"
_TIMES = "timestamp time date datetime createdat eventtime day unixreviewtime invoicedate orderedat purchasedat"
_WEIGHTS = "rating stars score overall quantity qty count"
_LABELS = "name title label displayname fullname"
_PROSE = "description summary text body about details"
_KEYS = ("", "id", "no", "nr", "number", "code", "key", "uuid", "hash", "email")
"""What names of columns end in that hold who or what: ``Customer No``."""
_VERBS = {
    "purchased": "purchase order orderitem transaction sale buy bought purchased invoice basket",
    "rated": "review rating rated",
    "enrolled_in": "enrolment enrollment enrolled registration",
    "viewed": "view click event session visit",
}
_TYPED = re.compile(r":(?:token|float)(?:_seq)?$")
"""What RecBole writes behind the name of a column."""
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
    events = [sample for sample in samples if _ends(sample) is not None]
    others = [sample for sample in samples if _ends(sample) is None]
    types = {_fold(_id_column(sample)): _type_name(sample) for sample in others}
    for sample in others:
        _entities(made, sample, names[str(sample.path)])
    for sample in events:
        _interactions(made, sample, names[str(sample.path)], types)
    if samples:
        _domains(made)
    return made


def _interactions(made: Guess, sample: Sample, file: str, types: dict[str, str]) -> None:
    person, item = _ends(sample) or ("", "")
    tail = types.get(_fold(item)) or _pascal(re.sub(r"[ _-]?(?:id|number|code)$", "", item, flags=re.IGNORECASE))
    tail = {"Sku": "Product", "Asin": "Product", "Handle": "Product", "Stockcode": "Product"}.get(tail, tail or "Item")
    stem = re.sub(r"[0-9]+$", "", _fold(sample.stem))
    relation = next(
        (verb for verb, words in _VERBS.items() if any(stem in (word, f"{word}s") for word in words.split())),
        "interacted_with",
    )
    if relation == "interacted_with":
        made.unsure.append(f"{file}: what people did is called interacted_with; call it what it is")
    made.schema["entity"].setdefault("User", {})["sensitive"] = True
    made.schema["entity"].setdefault(tail, {})
    made.schema["relation"][relation] = {"head": "User", "tail": tail, "interaction": True, "create_head": True}
    table: dict[str, Any] = {"file": file, **_reading(sample), "relation": relation, "head": person, "tail": item}
    comments = {"head": "who", "tail": "what"}
    times = [column.name for column in sample.columns.values() if column.kind == "time"]
    told = _named(sample, "label") if sample.path.suffix == ".inter" else None
    if told is not None:
        table["where"], comments["where"] = f'"{told}" > 0', "0 is what somebody was shown and did not take"
    found = {"weight": _named(sample, _WEIGHTS), "timestamp": _named(sample, _TIMES) or next(iter(times), None)}
    table |= {key: column for key, column in found.items() if column is not None}
    doubts = ((name, sample.columns[name].unsure) for name in found.values() if name is not None)
    made.unsure += [f"{file}: {name!r}: {doubt}" for name, doubt in doubts if doubt]
    if "weight" in table:
        made.unsure.append(f"{file}: {table['weight']!r} is taken for the weight; filter low ratings with where")
        comments["weight"] = 'a low rating is no reason to recommend: where = "rating >= 4"'
    if tail not in types.values():
        table["create_ends"] = True
        comments["create_ends"] = "no file lists the items, so the rows do"
    made.sources.append(toml_table("[[source]]", table, comments))


def _entities(made: Guess, sample: Sample, file: str) -> None:
    kind, key = _type_name(sample), _id_column(sample)
    entity = made.schema["entity"].setdefault(kind, {})
    if kind == "User":
        entity["sensitive"] = True
    table: dict[str, Any] = {"file": file, **_reading(sample), "entity": kind, "id": key}
    label = _named(sample, _LABELS, ending=True)
    if label is not None and label != key:
        table["label"] = label
    properties: dict[str, str] = {}
    links: list[str] = []
    for column in sample.columns.values():
        if column.name in (key, label) or not column.filled:
            continue
        if column.names_people or (kind != "User" and _fold(column.name) in _who()):
            made.unsure.append(f"{file}: {column.name!r} is not used: it names people, and no item beside them")
            continue
        found = _property(column)
        if found is not None:
            entity.setdefault("properties", {})[_snake(column.name)] = found
            properties[_snake(column.name)] = column.name
        elif _NEVER.search(column.name) or column.different > 0.9 * column.filled > 20:
            made.unsure.append(f"{file}: {column.name!r} is not used; nothing repeats in it")
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
    if column.kind == "prose" or _fold(column.name) in _PROSE.split():
        return "str"
    if column.kind == "truth":
        return "bool"
    looks_like_id = re.search(r"(?:^|[ _-])id$", column.name, re.IGNORECASE)
    return "float" if column.kind == "number" and not looks_like_id else None


def _link(made: Guess, head: str, column: Column, file: str) -> str:
    is_list = "ingredient" in _fold(column.name)
    bare = re.sub(r"[ _-]?(?:id|name)$", "", _TYPED.sub("", column.name), flags=re.IGNORECASE)
    tail = "Ingredient" if is_list else _singular(_pascal(bare)) or "Value"
    tail = f"{tail}Value" if tail == head else tail
    relation = "contains" if is_list else f"has_{_singular(_snake(bare))}"
    if relation in made.schema["relation"] and made.schema["relation"][relation]["head"] != head:
        relation = f"{_snake(head)}_{relation}"
    made.schema["entity"].setdefault(tail, {})
    spoken = "contains" if is_list else f"has the {_snake(tail).replace('_', ' ')}"
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
        entities[name]["domain"] = _snake(name) + "s"


def _reading(sample: Sample) -> dict[str, str]:
    told = {"format": sample.format, "delimiter": sample.delimiter}
    return {name: value for name, value in told.items() if value}


def _ends(sample: Sample) -> tuple[str, str] | None:
    """The columns of a person and of an item."""
    addresses = (column.name for column in sample.columns.values() if column.names_people)
    person = _named(sample, _PEOPLE, id_too=True) or next(addresses, None)
    item = _named(sample, _ITEMS, id_too=True)
    repeated = person is not None and sample.columns[person].kind in ("text", "number")
    return (person, item) if person and item and repeated else None


def _named(sample: Sample, words: str, *, id_too: bool = False, ending: bool = False) -> str | None:
    wanted = words.split()
    for word in wanted:
        for name in sample.columns:
            folded = _fold(name)
            keys = [f"{word}{end}" for end in (_KEYS if id_too else ("",))]
            if folded in keys or (ending and folded.endswith(word)):
                return name
    return None


def _id_column(sample: Sample) -> str:
    """The column that names what a row is about."""
    own = _singular(_fold(sample.stem))
    for name in (f"{own}id", "id", own, *(f"{w}id" for w in _ITEMS.split()), *_ITEMS.split(), *_PEOPLE.split()):
        for column in sample.columns:
            if _fold(column) == name:
                return column
    unique = [c.name for c in sample.columns.values() if c.filled == c.different == sample.rows and c.kind == "text"]
    return (unique or list(sample.columns))[0]


def _who() -> set[str]:
    """Names of columns that hold people, folded."""
    return {f"{word}{end}" for word in _PEOPLE.split() for end in _KEYS}


def _type_name(sample: Sample) -> str:
    if sample.path.suffix in (".item", ".user"):
        return sample.path.suffix[1:].capitalize()
    name = _singular(_pascal(re.sub(r"[0-9]+$", "", sample.stem)))
    return "User" if name.lower() in _PEOPLE.split() else name or "Item"


def _fold(name: str) -> str:
    return re.sub(r"[^0-9a-z]", "", _TYPED.sub("", name).lower())


def _snake(name: str) -> str:
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", _TYPED.sub("", name))
    found = re.sub(r"[^0-9a-z]+", "_", words.lower()).strip("_")
    return found if found[:1].isalpha() else f"c_{found}"


def _pascal(name: str) -> str:
    found = "".join(part.capitalize() for part in _snake(name).split("_"))
    return found


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name
