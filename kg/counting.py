"""English words by number: ``3 [row was|rows were] rejected`` says what fits to the number that stands before it.

Messages are written with both forms in brackets, so that nobody is told of "1 rows". Chinese has one form only.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

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
        return found[2] if last == "1" else found[3]

    return _NUMBERED.sub(chosen, text)


def by_place(template: str, values: Mapping[str, object]) -> str:
    """The same for a template of ``str.format``, by the value of the place that stands last before a mark."""
    if "|" not in template:
        return template
    parts = [
        before + (one if str(values.get(place, "")) == "1" else many) for before, place, one, many in _marks(template)
    ]
    return "".join(parts)


@lru_cache(maxsize=1024)
def _marks(template: str) -> list[tuple[str, str, str, str]]:
    """Of each mark of a template, what stands before it, the last place, and its two words; then, without, the end."""
    found, place, begin = list[tuple[str, str, str, str]](), "", 0
    for one in _PLACED.finditer(template):
        if one[1] is not None:
            place = one[1]
            continue
        found.append((template[begin : one.start()], place, one[2], one[3]))
        begin = one.end()
    return [*found, (template[begin:], "", "", "")]
