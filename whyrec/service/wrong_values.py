"""What is wrong with a value, in our own words: of a request's parameter or body, and of a tool's argument."""

from collections.abc import Iterable, Mapping
from typing import Any

from kg.document import reason_of

BODY = "body"
WORDS = {
    "missing": "is missing",
    "extra_forbidden": "there is no such field",
    "greater_than_equal": "expected {ge} or more",
    "greater_than": "expected more than {gt}",
    "less_than_equal": "expected {le} or less",
    "less_than": "expected less than {lt}",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "string_too_short": "expected a text that is not empty",
    "string_too_long": "expected {max_length} characters at most",
    "string_pattern_mismatch": "holds a character that may not be in it",
    "string_type": "expected a text",
    "string_unicode": "expected a text",
    "too_short": "expected {min_length} or more of them",
    "too_long": "expected {max_length} of them at most",
    "list_type": "expected a list",
    "finite_number": "expected a number",
    "json_invalid": "is no JSON",
}
KINDS = {
    "int": "expected a whole number",
    "float": "expected a number",
    "bool": "expected true or false",
    "model": "expected an object",
    "dict": "expected an object",
    "dataclass": "expected an object",
}
"""The beginnings of further kinds of errors: ``int_parsing``, ``int_from_float`` …"""


def wrong_value(error: Mapping[str, Any]) -> str:
    """What one of pydantic's errors says, without its words and without what came."""
    kind = error["type"]
    found = WORDS.get(kind) or KINDS.get(kind.partition("_")[0])
    return found.format(**error.get("ctx", {})) if found else reason_of(error)


def wrong_fields(errors: Iterable[Mapping[str, Any]], skipped: int = 0) -> dict[str, str]:
    """Field → what is wrong with it; of what may be one or the other what is wrong with it as the first.

    :param skipped: parts of each place that say where the fields are, such as ``query``.
    """
    found: dict[str, str] = {}
    for one in errors:
        place, name = one["loc"][skipped:], ""
        for part in () if one["type"] == "json_invalid" else place:
            if name and not isinstance(part, int):  # which of several types was tried
                break
            name += f".{part}" if name else str(part)
        found.setdefault(name or BODY, wrong_value(one))
    return found
