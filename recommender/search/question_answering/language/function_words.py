"""The function words of a language: what asks, denies, counts or compares."""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def function_words(lang: str) -> dict[str, Any]:
    """The function words of a language, by what they do; shared, so not to be changed."""
    path = files("recommender.search.question_answering.language") / "words" / f"{lang}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
