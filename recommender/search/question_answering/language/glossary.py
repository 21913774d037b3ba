"""Other words for things: everyday names, Chinese names of what is labelled in English, languages and countries."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from recommender.search.folding import has_cjk
from recommender.search.question_answering.language.morphology import fold_question


def other_names(form: str) -> tuple[str, ...]:
    """What catalogues call a thing that a question calls by a folded form, folded, the likeliest first."""
    found = _glossary().get(form, ())
    return (*found, *_places_and_languages().get(form, ())) if has_cjk(form) else found


def is_language(form: str) -> bool:
    """Whether a folded form is the English name of a language."""
    return form in _english_languages()


@cache
def _glossary() -> Mapping[str, tuple[str, ...]]:
    path = files("recommender.search.question_answering.language") / "words" / "glossary.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        fold_question(word): tuple(map(fold_question, names))
        for table in tables.values()
        for word, names in table.items()
    }


@cache
def _english_languages() -> frozenset[str]:
    from babel import Locale

    return frozenset(fold_question(name) for name in Locale("en").languages.values())


@cache
def _places_and_languages() -> Mapping[str, tuple[str, ...]]:
    """Chinese names of languages, with 语 and with 文, and of countries → their English names, from CLDR."""
    from babel import Locale

    found: dict[str, tuple[str, ...]] = {}
    english, chinese = Locale("en"), Locale("zh")
    for own, other in ((english.languages, chinese.languages), (english.territories, chinese.territories)):
        for code, name in other.items():
            if code in own:
                found.setdefault(fold_question(name), (fold_question(own[code]),))
    for name, told in list(found.items()):
        if name[-1:] in ("语", "文"):
            for end in ("语", "文"):
                found.setdefault(f"{name[:-1]}{end}", told)
    return found
