"""An id as the graph keeps it, of one that came alone; :mod:`kg.values.cells` does the same to columns."""

import unicodedata

from kg.errors import UsageError

BLANKS = "".join(
    map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, 0x180E, *range(0x2000, 0x200C), 0x2028, 0x2029))
) + "".join(map(chr, (0x202F, 0x205F, 0x2060, 0x3000, 0xFEFF)))
"""White space, and what looks like none at all: zero-width space, word joiner, byte order mark."""
ID_NULLS = ("", "NULL", "null", "NaN", "nan", "\\N", "None", "NaT", "<NA>", "#N/A")
"""Nobody's id: what programs write where there is none. "NA" is one: Namibia has it, and brands."""


def as_text(given: object) -> str:
    """An id or a name that somebody gives, as it is; a message does not repeat what is none: it may be a person.

    :raises UsageError: for a number and the like: 7 might be ``7``, ``007`` or ``7.0``.
    """
    if isinstance(given, str):
        return given
    kind = type(given).__name__
    raise UsageError(f"ids and names are text, and this is of type {kind}; write it as it stands in the files")


def identifier(text: str) -> str:
    """The id that a text is: without ``BLANKS`` around it, in Unicode NFC; empty where it stands for no value."""
    found = unicodedata.normalize("NFC", text.strip(BLANKS))
    return "" if found in ID_NULLS else found
