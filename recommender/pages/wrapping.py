"""Wrapping: text broken into lines that fit a width, where nothing measures it, as in a picture."""

import unicodedata

NARROW = frozenset("iljtfrI.,:;'’!|()[]/ -1")
WIDE = frozenset("mwMW@%&—…")
ELLIPSIS = "…"


def width(text: str) -> float:
    """About how wide a text is, in ems of a usual sans-serif font; rather too much than too little."""
    return sum(map(_of, text))


def wrap(text: str, ems: float, most: int) -> list[str]:
    """At most ``most`` lines of at most ``ems``; broken between words, or within one that is too long.

    What does not fit is cut, with an ellipsis; at least one line comes out.
    """
    lines, rest = list[str](), " ".join(text.split())
    while rest:
        end = _fitting(rest, ems)
        if len(lines) == most - 1 and end < len(rest):
            lines.append(rest[: _fitting(rest, ems - width(ELLIPSIS))].rstrip() + ELLIPSIS)
            break
        if end < len(rest) and (space := rest.rfind(" ", 0, end + 1)) > 0 and not _is_wide(rest[end]):
            end = space
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return lines or [""]


def _fitting(text: str, ems: float) -> int:
    """Number of characters at the start that fit, at least one."""
    total = 0.0
    for position, char in enumerate(text):
        total += _of(char)
        if total > ems:
            return max(position, 1)
    return len(text)


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _of(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if _is_wide(char):
        return 1.05
    if char in WIDE:
        return 0.95
    if char in NARROW:
        return 0.4
    return 0.72 if char.isupper() else 0.6
