"""English words by number: ``3 [row was|rows were] rejected`` says what fits to the number that stands before it.

Messages are written with both forms in brackets, so that nobody is told of "1 rows". Chinese has one form only.
"""

import re
from collections.abc import Mapping

_MARK = r"\[([^\[\]|{}]*)\|([^\[\]|{}]*)\]"
_NUMBERED = re.compile(rf"(?<![\w.,])(\d[\d,]*(?:\.\d+)?)(?![\w.]*\w)|{_MARK}")
_PLACED = re.compile(rf"\{{(\w+)[^{{}}]*\}}|{_MARK}")


def by_number(text: str) -> str:
    """The text with one of the two words of each mark, by the number that stands last before it."""
    last = ""

    def chosen(found: re.Match[str]) -> str:
        """The word that fits to the last number; a number as it is."""
        nonlocal last
        if found[1] is not None:
            last = found[1]
            return found[0]
        return _form(found, last)

    return _NUMBERED.sub(chosen, text)


def by_place(template: str, values: Mapping[str, object]) -> str:
    """The same for a template of ``str.format``, by the value of the place that stands last before a mark."""
    last = ""

    def chosen(found: re.Match[str]) -> str:
        """The word that fits to the last value; a place as it is."""
        nonlocal last
        if found[1] is not None:
            last = str(values.get(found[1], ""))
            return found[0]
        return _form(found, last)

    return _PLACED.sub(chosen, template) if "|" in template else template


def _form(found: re.Match[str], number: str) -> str:
    one, many = found[found.re.groups - 1], found[found.re.groups]
    return one if number == "1" else many
