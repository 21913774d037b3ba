"""Brackets of a text that match; a bracket without partner is an ordinary character."""

import re

PARTNER = {")": "(", "]": "["}
_BRACKET = re.compile(r"[()\[\]]")


def matched(text: str) -> dict[int, int]:
    """Position of each opening bracket that is closed → position of its partner.

    A closing bracket belongs to the last one that is still open, if that is of its kind; so a bracket that is never
    closed binds nothing.
    """
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in _BRACKET.finditer(text):
        position, character = found.start(), found[0]
        if character in "([":
            opened.append(position)
        elif opened and text[opened[-1]] == PARTNER[character]:
            pairs[opened.pop()] = position
    return pairs


def groups(text: str) -> list[tuple[int, int]]:
    """(start, end) of each outermost pair, brackets included, from the left."""
    found: list[tuple[int, int]] = []
    for start, last in sorted(matched(text).items()):
        if not found or start >= found[-1][1]:
            found.append((start, last + 1))
    return found


def unmatched(text: str) -> list[int]:
    """Positions of the brackets without partner, from the left."""
    pairs = matched(text)
    bound = {*pairs, *pairs.values()}
    return [found.start() for found in _BRACKET.finditer(text) if found.start() not in bound]
