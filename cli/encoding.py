"""What an encoding cannot hold is written with signs it has, so that no output fails for the terminal it meets."""

import codecs

SIGNS = {
    **{"–": "-", "—": "-", "−": "-", "‑": "-", "…": "...", "·": "|", "→": "->", "←": "<-", "±": "+/-", "×": "x"},
    **{"≤": "<=", "≥": ">=", "≈": "~", "“": '"', "”": '"', "‘": "'", "’": "'", "\xa0": " ", "\u202f": " "},
}
"""The signs in whyrec's own sentences. Letters are never likened to others: an id has to stay told apart from the
next, so they are written as Python escapes them (``\\u73ab``)."""
HANDLER = "whyrec.signs"


def fitted(text: str, encoding: str | None) -> str:
    """The text with nothing in it that the encoding cannot hold.

    :param encoding: name of a codec; UTF-8 where absent or unknown.
    """
    try:
        return text.encode(encoding or "utf-8", HANDLER).decode(encoding or "utf-8")
    except LookupError:
        return text.encode("utf-8", HANDLER).decode("utf-8")


def holds(text: str, encoding: str | None) -> bool:
    """Whether the encoding can hold the text as it is."""
    try:
        text.encode(encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def as_typed(argument: str) -> str:
    """An argument whose UTF-8 bytes Python could not read, because the locale has another encoding, as text."""
    try:
        return argument.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeError:
        return argument


def _signs(problem: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    found = problem.object[problem.start : problem.end]
    return "".join(SIGNS.get(ch) or ch.encode("ascii", "backslashreplace").decode() for ch in found), problem.end


codecs.register_error(HANDLER, _signs)
