"""Messages of the program in other languages: found by their English, whole or part by part.

What raises an error, or rejects a row, says so in English; whoever tells it to a person asks here. A part that nobody
has translated stays as it is.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files

NAME, TOML = "messages_", ".toml"
BETWEEN = "; "
_OR = re.compile(r"(?<=\w) or (?=\w)")


def translated(message: str, lang: str) -> str:
    """A message in a language.

    :param message: in English, as an error or a reject has it.
    :param lang: code of the language; whatever somebody asked for, since a wrong one is told, too.
    """
    if lang not in _languages() or not message:
        return message
    templates = _templates(lang)
    whole = _found(message, templates)
    if whole is not None:
        return whole
    return "；".join(_found(part, templates) or part for part in message.split(BETWEEN))


def _found(message: str, templates: "tuple[tuple[re.Pattern[str], str], ...]") -> str | None:
    for pattern, told in templates:
        if (found := pattern.fullmatch(message)) is not None:
            return told.format(*(_OR.sub(" 或 ", one) for one in found.groups()))
    return None


@cache
def _languages() -> frozenset[str]:
    """Those that there are messages in: English needs none."""
    names = (one.name for one in files("recommender.texts").iterdir())
    return frozenset(name[len(NAME) : -len(TOML)] for name in names if name.startswith(NAME) and name.endswith(TOML))


@cache
def _templates(lang: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Patterns and what they become, those that say most first."""
    file = files("recommender.texts") / f"{NAME}{lang}{TOML}"
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return tuple((_pattern(one), told[one]) for one in sorted(told, key=lambda one: -len(one.replace("{}", ""))))


def _pattern(template: str) -> re.Pattern[str]:
    """A value is anything but the end of a part, unless the template itself has several."""
    value = "(.+?)" if BETWEEN in template else "((?:(?!; ).)+?)"
    return re.compile(value.join(map(re.escape, template.split("{}"))), re.DOTALL)
