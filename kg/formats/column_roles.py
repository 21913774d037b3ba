"""What columns are, by what they are called: who, what, the id and the label of a row, a list of ingredients."""

import re

from kg.formats.column_words import in_ascii
from kg.formats.sample import Column, Sample

_PEOPLE = "user customer author reviewer member client student learner username email visitor account person uid buyer"
_ITEMS = "item product sku asin course movie book isbn article track handle song game recipe stockcode itemnumber"
_LABELS = "name title label displayname fullname"
_KEYS = ("", "id", "no", "nr", "number", "code", "key", "uuid", "hash", "email")
"""What names of columns end in that hold who or what: ``Customer No``."""
INGREDIENTS = re.compile(r"(?:full|key|active|product)?(?:ingr[ei]d[ie]+nts?(?:list)?|inci(?:list|names?)?)$")
"""Names of columns of ingredients, folded, however they are spelt."""
_DONE = re.compile(
    r"purchase|order|bought|buy|rat(?:ed|ing)|review|enrol|view|click|watch|listen|interact|complet|event"
)
"""How names of files of what people did begin."""
TYPED = re.compile(r":(?:token|float)(?:_seq)?$")
"""What RecBole writes behind the name of a column."""


def ends(sample: Sample) -> tuple[str, str] | None:
    """The columns of a person and of an item."""
    addresses = (column.name for column in sample.columns.values() if column.names_people)
    person = named_column(sample, _PEOPLE, id_too=True) or next(addresses, None)
    item = named_column(sample, _ITEMS, id_too=True)
    if {"head", "tail"} <= sample.columns.keys() and _DONE.match(in_ascii(sample.stem).lower()):  # as whyrec has it
        return "head", "tail"
    repeated = person is not None and sample.columns[person].kind in ("text", "number")
    return (person, item) if person and item and repeated else None


def named_column(sample: Sample, words: str, *, id_too: bool = False, ending: bool = False) -> str | None:
    """The first column called one of some words.

    :param id_too: also with what names of keys end in: ``customer_id``.
    :param ending: also with anything before them: ``review_rating``.
    """
    wanted = words.split()
    for word in wanted:
        for name in sample.columns:
            folded = fold(name)
            keys = [f"{word}{end}" for end in (_KEYS if id_too else ("",))]
            if folded in keys or (ending and folded.endswith(word)):
                return name
    return None


def id_column(sample: Sample) -> str:
    """The column that names what a row is about: in RecBole's files the first, else by what columns are called."""
    own = singular(fold(sample.stem))
    if sample.path.suffix in (".item", ".user"):
        return next(iter(sample.columns))
    for name in (f"{own}id", "id", own, *(f"{w}id" for w in _ITEMS.split()), *_ITEMS.split(), *_PEOPLE.split()):
        for column in sample.columns:
            if fold(column) == name:
                return column
    keys = [c.name for c in sample.columns.values() if c.filled == c.different == sample.rows and _is_key(c.name)]
    if keys:  # a number, too: texts beside it are names, which several may have
        return next((name for name in keys if fold(name) in who()), keys[0])
    texts = [column for column in sample.columns.values() if column.kind in ("text", "prose")]
    unique = [c.name for c in texts if c.filled == c.different == sample.rows and c.kind == "text"]
    most = max(texts, key=lambda column: column.different, default=None)
    called = label_column(sample)
    if not unique and called is not None:  # what is called something is mostly one of a kind
        return called
    return (unique or ([most.name] if most is not None else []) or list(sample.columns))[0]


def _is_key(name: str) -> bool:
    """Whether a column is called as those that tell rows apart are: ``Customer No``, ``ticket_id``, ``userId``."""
    return fold(name) in who() or re.search(r"(?:[ _-](?:id|no|nr|number|code|key|uuid)|[a-z]I[dD])$", name) is not None


def label_column(sample: Sample) -> str | None:
    """The column with what a row is called: ``name``, ``product_name`` of products; of others that end so the one in
    which least repeats, so that it is not ``brand_name``."""
    own = singular(fold(sample.stem))
    exact = named_column(sample, f"{_LABELS} {' '.join(f'{own}{word}' for word in _LABELS.split())}")
    ending = [c for c in sample.columns.values() if fold(c.name).endswith(tuple(_LABELS.split()))]
    return exact or next((c.name for c in sorted(ending, key=lambda c: -c.different)), None)


def has_name(column: Column, sample: Sample, label: str | None) -> bool:
    """Whether what an id stands for is named beside it: ``brand_id`` and ``brand_name``."""
    folded = fold(column.name)
    return folded.endswith("id") and any(
        fold(other) == f"{folded.removesuffix('id')}name" and other != label for other in sample.columns
    )


def who() -> set[str]:
    """Names of columns that hold people, folded."""
    return {f"{word}{end}" for word in _PEOPLE.split() for end in _KEYS}


def type_name(sample: Sample) -> str:
    """The entity type that a file of rows is named after."""
    if sample.path.suffix in (".item", ".user"):
        return sample.path.suffix[1:].capitalize()
    name = singular(pascal(re.sub(r"[0-9]+$", "", sample.stem)))
    return "User" if name.lower() in _PEOPLE.split() or fold(id_column(sample)) in who() else name or "Item"


def fold(name: str) -> str:
    """Letters and digits alone, in lower case."""
    return re.sub(r"[^0-9a-z]", "", in_ascii(TYPED.sub("", name)).lower())


def snake(name: str) -> str:
    """As a property or relation is called: ``review_rating``."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", in_ascii(TYPED.sub("", name)))
    found = re.sub(r"[^0-9a-z]+", "_", words.lower()).strip("_")
    return found if found[:1].isalpha() else f"c_{found}"


def pascal(name: str) -> str:
    """As a type is called: ``SkinType``."""
    found = "".join(part.capitalize() for part in snake(name).split("_"))
    return found


def singular(name: str) -> str:
    """The word for one of them, in English."""
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name
