"""Terms: the parts of a question with what each stands for, and where names in it may end."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kg.text.words import is_cjk

LONGEST, LONGEST_CHINESE = 150, 40
"""Characters of the longest name that is looked for in a question, and of the longest that begins in Chinese."""


@dataclass(frozen=True)
class Term:
    """A part of a question and what it stands for.

    ``kind``: ``word`` (a function word; ``meant`` is what it does), ``entity`` (tuples of type and index), ``type``,
    ``relation`` (steps), ``property``, ``value`` (type, property, value), ``number``, or ``label`` (a word of labels).
    ``loose``: those of its entities that are called so for short; ``absent``: the marks that say it is not there;
    ``lead``: what the weak word before it does; ``further``: what other words for it name besides.
    """

    kind: str
    text: str
    meant: Any
    loose: tuple[tuple[str, int], ...] = ()
    absent: tuple[tuple[str, int], ...] = ()
    lead: str = ""
    further: tuple[tuple[str, int], ...] = ()


def name_ends(text: str, start: int) -> Iterator[int]:
    """Where a name that begins at ``start`` may end, the longest first: between words, or beside a character."""
    last = min(len(text), start + (LONGEST_CHINESE if is_cjk(text[start]) else LONGEST))
    for end in range(last, start, -1):
        parted = end == len(text) or text[end] == " " or is_cjk(text[end]) or is_cjk(text[end - 1])
        if parted and text[end - 1] != " ":
            yield end
