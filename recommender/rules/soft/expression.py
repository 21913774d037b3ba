"""Expression: which items a soft rule is about, by their properties and triples.

::

    expression = condition ("and" condition)*
    condition  = ["not"] (relation:ID | Type:ID | property | property operator value | "new")
    operator   = < | <= | > | >= | = | !=

``price < 20 and made_by:Laneige``, ``not in_stock``, ``language = en``. An id with `` and `` in it stands in double
quotes. ``new`` is what was first used last, or never. A property alone holds where it is true; what an item has no
value of does not hold, negated or not. Polars' SQL reads more, but takes longer to import than a list takes to make.
"""

import operator
import re
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from kg.document import nearest
from kg.errors import UsageError
from recommender.catalogue.properties import NUMBER, UNKNOWN
from recommender.rules.rule import Ground

Mask = NDArray[np.bool_]
AND = re.compile(r'\s+and\s+(?=(?:[^"]*"[^"]*")*[^"]*$)', re.IGNORECASE)
PERCENT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*%\s+")
"""What may stand before an expression: how much, or how many."""
NOT = re.compile(r"not\s+", re.IGNORECASE)
COMPARED = re.compile(r"([A-Za-z_]\w*)\s*(<=|>=|!=|=|<|>)\s*(.+)")
LINKED = re.compile(r"(~?[A-Za-z_]\w*):(.+)")
OPERATORS: Mapping[str, Callable[[NDArray[np.float64], float], Mask]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}
NEW = "new"
TRUTHS = {"true": 1.0, "false": 0.0}


def items_of(ground: Ground, text: str, field: str) -> Mask:
    """The items that an expression holds for: shape (catalogue.size,), bool.

    :param field: the rule it is of, named in errors.
    :raises UsageError: for what is no expression, an unknown relation, type or property, naming the nearest, or a value
        that does not fit the property.
    :raises UnknownEntityError: for an unknown id.
    """
    found = np.ones(ground.catalogue.size, dtype=bool)
    for condition in AND.split(text.strip()):
        found &= _condition(ground, condition.strip(), field)
    return found


def with_ids(text: str, named: Callable[[str], str]) -> str:
    """An expression with ids for names.

    :param named: ``relation:NAME`` → ``relation:ID``.
    """
    percent = PERCENT.match(text)
    start = percent.end() if percent else 0
    return text[:start] + " and ".join(_with_id(condition, named) for condition in AND.split(text[start:]))


def _with_id(condition: str, named: Callable[[str], str]) -> str:
    negated = NOT.match(condition)
    start = negated.end() if negated else 0
    linked = LINKED.fullmatch(condition[start:])
    if linked is None:
        return condition
    relation, entity_id = named(f"{linked[1]}:{_unquoted(linked[2])}").split(":", 1)
    quote = '"' if AND.search(entity_id) else ""
    return f"{condition[:start]}{relation}:{quote}{entity_id}{quote}"


def _condition(ground: Ground, text: str, field: str) -> Mask:
    if negated := NOT.match(text):
        holds, known = _holds(ground, text[negated.end() :], field)
        return known & ~holds
    holds, known = _holds(ground, text, field)
    return known & holds


def _holds(ground: Ground, text: str, field: str) -> tuple[Mask, Mask]:
    """Where a condition holds, and where that is known."""
    if linked := LINKED.fullmatch(text):
        mask = np.zeros(ground.catalogue.size, dtype=bool)
        mask[ground.avoidance.read(f"{linked[1]}:{_unquoted(linked[2])}", field).items] = True
        return mask, np.ones(len(mask), dtype=bool)
    compared = COMPARED.fullmatch(text)
    name, sign, value = (compared[1], compared[2], compared[3].strip()) if compared else (text, "=", "true")
    kinds = {
        entity.properties[name]
        for item_type in ground.catalogue.types
        if name in (entity := ground.snapshot.schema.entity[item_type]).properties
    }
    if text == NEW and not kinds:
        return ground.catalogue.new, np.ones(ground.catalogue.size, dtype=bool)
    if not kinds:
        known = [p for one in ground.catalogue.types for p in ground.snapshot.schema.entity[one].properties]
        raise UsageError(
            f"`{field}` {text!r}: expected relation:ID, Type:ID or a property of an item, as in price < 20; "
            f"{nearest(name, list(dict.fromkeys(known)) or list(ground.snapshot.schema.relation))}"
        )
    if kinds == {"str"}:
        return _texts(ground, (name, sign, _unquoted(value)), field)
    return _numbers(ground, (name, sign, value), field)


def _texts(ground: Ground, asked: tuple[str, str, str], field: str) -> tuple[Mask, Mask]:
    name, sign, value = asked
    if sign not in ("=", "!="):
        raise UsageError(f"`{field}` {' '.join(asked)!r}: {name} is a text; expected = or !=")
    texts = ground.properties.texts(name)
    code = texts.values.index(value.casefold()) if value.casefold() in texts.values else UNKNOWN - 1
    same = texts.codes == code
    return (same if sign == "=" else ~same), texts.codes != UNKNOWN


def _numbers(ground: Ground, asked: tuple[str, str, str], field: str) -> tuple[Mask, Mask]:
    name, sign, value = asked
    try:
        number = TRUTHS[value.casefold()] if value.casefold() in TRUTHS else float(value)
    except ValueError:
        raise UsageError(f"`{field}` {' '.join(asked)!r}: {name} is a number or a truth, {value!r} is none") from None
    numbers = ground.properties.numbers(name, *NUMBER, "bool")
    return np.asarray(OPERATORS[sign](numbers, number)), ~np.isnan(numbers)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
