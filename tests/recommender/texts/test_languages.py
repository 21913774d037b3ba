"""One suite for all languages: the same texts with the same places; and what one more language takes."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel import Locale
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from kg.errors import UsageError
from recommender.explanation.phrasing import Phrasing
from recommender.rules.rule_set import RULES
from recommender.texts import languages
from recommender.texts.language import Language
from recommender.texts.languages import LANGUAGES, language
from tests.graphs import snapshot_of

LOCALES = {"en": "en_GB", "zh": "zh_CN"}
"""en_GB: its lists have no comma before “and”."""
MORE = {"counterfactual.item_fact": {"item"}}
"""What may be named again in a language, where English has a pronoun."""
OF_GROUPS = {"who", "Who", "whom", "whose", "did", "owned", "also", "each", "kind", "measure", "one"}
"""Words that every sentence about groups may use."""
each_language = pytest.mark.parametrize("code", [one.code for one in LANGUAGES])


def _texts(section: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        if isinstance(value, str):
            yield f"{before}{key}", value
        else:
            yield from _texts(value, f"{before}{key}.")


def _more(key: str) -> set[str]:
    return OF_GROUPS if key.startswith("groups.") else MORE.get(key, set())


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@each_language
def test_every_language_has_the_same_texts_with_no_other_places(code: str) -> None:
    first, other = (dict(_texts(language(one).texts)) for one in (LANGUAGES[0].code, code))
    assert list(first) == list(other)
    more = {key: _places(text) - _places(first[key]) - _more(key) for key, text in other.items()}
    assert not {key: places for key, places in more.items() if places}


@each_language
def test_every_rule_has_its_sentences(code: str) -> None:
    for name in (name for rule in RULES for name in rule.names):
        assert name in language(code).texts["rules"]
        assert language(code).audit(name)


@each_language
def test_lists_and_numbers_are_those_of_the_cldr(code: str) -> None:
    one, locale = language(code), Locale.parse(LOCALES[code])
    for names in ([], ["A"], ["A", "B"], ["A", "B", "C"], ["A", "B", "C", "D"]):
        assert one.listed(names) == (format_list(names, locale=locale) if names else "")
    for number in (0, 7, 999, 1000, 12_345, 1_234_567):
        assert one.number(number) == format_decimal(number, locale=locale)
    for part in (0.0, 0.01, 0.345, 1.0):
        assert one.percent(part) == format_percent(round(part, 2), locale=locale)
    assert one.percent(1.7) == one.percent(1.0) and one.percent(0.001) != one.percent(0.0)


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="`lang` 'fr': expected en or zh"):
        language("fr")


def test_one_more_language_is_a_file_of_texts_and_a_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pirate(Language):
        code = "pi"

        @property
        def texts(self) -> Mapping[str, Any]:
            phrasing = language("en").section("phrasing") | {"you": "Ye {phrase} {node}", "end": ", arr!"}
            return dict(language("en").texts) | {"phrasing": phrasing}

    monkeypatch.setattr(languages, "LANGUAGES", (*LANGUAGES, Pirate))
    language.cache_clear()
    try:
        entities = {"User": ["u"], "Product": ["rum"], "Course": [], "Ingredient": [], "Concern": []}
        snapshot = snapshot_of(tmp_path, entities, {"purchased": [("u", "rum")]})
        phrasing = Phrasing(snapshot, "pi")
        assert phrasing.sentence(phrasing.label("Product", 0)) == "“rum”, arr!"
    finally:
        language.cache_clear()
