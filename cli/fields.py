"""Fields as options: the library names what it takes by field, `max_price`, and the command line by option."""

import re
from collections.abc import Sequence
from itertools import pairwise

OPTIONS = {
    "input_name": "--as",
    "add": "--with",
    "remove": "--without",
    "anchors": "--anchor",
    "n": "-n",
    "embeddings=False": "--no-embeddings",
    "tuning=False": "--no-tuning",
    "people=False": "--without-people",
    "reader": "--for",
}
"""Fields whose option is not their name with dashes."""
FIELD = re.compile(r"`([a-z][a-z_]*)(?:=([^`]*))?`")


def flagged(text: str) -> str:
    """A message of the library in the words of the command line.

    `max_price` becomes --max-price, `resume=True` becomes --resume, and `split=last` becomes --split last.
    """
    return FIELD.sub(_option, text)


def asked_language(words: Sequence[str]) -> str:
    """What ``--lang`` says, which a command that ends before its time may not have read yet."""
    told = [two for one, two in pairwise(words) if one == "--lang"]
    return [*told, *(one.removeprefix("--lang=") for one in words if one.startswith("--lang=")), ""][0]


def _option(found: re.Match[str]) -> str:
    field, value = found.groups()
    if f"{field}={value}" in OPTIONS:
        return OPTIONS[f"{field}={value}"]
    option = OPTIONS.get(field, f"--{field.replace('_', '-')}")
    return option if value in (None, "True") else f"{option} {value}"
