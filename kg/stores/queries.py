"""Cypher statements: files under ``cypher/<dialect>/``, with checked names filled in. Data only ever are parameters.

Placeholders in a file::

    {type} {relation} {head} {tail} {property} {kind}    a name, quoted with backticks
    {"relation"} …                                       the name as a string
    [[, n.{property} AS {property}]]                     repeated for every property
    [[, {property}: row[{place}]]]                       … with its place in a row of a triple, behind what each has

Lines that start with ``//`` are comments.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from kg.errors import StoreError
from kg.schema import NAME

Dialect = Literal["embedded", "neo4j"]

OF_EACH = 4
"""Columns that each triple has: head, tail, weight, timestamp."""
_REPEATED = re.compile(r"\[\[(.*?)\]\](?!\])", re.DOTALL)
_PLACEHOLDER = re.compile(r"""\{(?P<mark>"?)(?P<key>type|relation|head|tail|property|kind)(?P=mark)\}""")


def statement(dialect: Dialect, name: str, *, properties: Sequence[str] = (), **names: str) -> str:
    """The statement of one file, ready to run with its parameters.

    :param name: the file's name without ``.cypher``.
    :param properties: what the parts between ``[[`` and ``]]`` are repeated for.
    :param names: what the other placeholders stand for; those the file does not use are left alone.
    :raises StoreError: for a name that is no plain name, and for a placeholder without a value.
    """

    def repeat(match: re.Match[str]) -> str:
        """The repeated part, once per property."""
        return "".join(
            _fill(match[1].replace("{place}", str(place)), {**names, "property": each}, name)
            for place, each in enumerate(properties, start=OF_EACH)
        )

    return _fill(_REPEATED.sub(repeat, read_statement(dialect, name)), names, name)


@cache
def read_statement(dialect: Dialect, name: str) -> str:
    """The text of one file, placeholders and all, without its comments.

    :raises StoreError: where the file is missing, as after a broken installation.
    """
    place = files("cypher").joinpath(dialect, f"{name}.cypher")
    try:
        text = place.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StoreError(f"cypher/{dialect}/{name}.cypher is missing: install whyrec again") from None
    return "\n".join(line for line in text.splitlines() if not line.startswith("//"))


def _fill(text: str, names: dict[str, str], origin: str) -> str:
    def name(match: re.Match[str]) -> str:
        """The name behind a placeholder, quoted."""
        value = names.get(match["key"])
        if value is None or not NAME.fullmatch(value):
            raise StoreError(f"{origin}.cypher: {match['key']} is {value!r}; a name matches {NAME.pattern}")
        return f'"{value}"' if match["mark"] else f"`{value}`"

    return _PLACEHOLDER.sub(name, text)
