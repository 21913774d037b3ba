"""Words by number: nobody is told of "1 rows"."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from kg.counting import by_number, by_place
from kg.notices import Notices
from recommender.texts.languages import language

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 [row was|rows were] rejected", "1 row was rejected"),
        ("2 [row was|rows were] rejected", "2 rows were rejected"),
        ("0 [row|rows]", "0 rows"),
        ("1,001 [row|rows], 1 [cell|cells]", "1,001 rows, 1 cell"),
        ("1 of 3 [row|rows]", "1 of 3 rows"),
        ("1.5 [step|steps]", "1.5 steps"),
        ("p1 has 2 [brand|brands]; b2 has 1 [brand|brands]", "p1 has 2 brands; b2 has 1 brand"),
        ("items[].id, a|b and [x] stay", "items[].id, a|b and [x] stay"),
    ],
)
def test_the_number_before_a_mark_decides(text: str, told: str) -> None:
    assert by_number(text) == told


def test_the_value_of_the_place_before_a_mark_decides_and_no_data_does() -> None:
    template = "{n} [item is|items are] near {name}, {m:,} [person|people]"
    assert by_place(template, {"n": "1", "name": "Set of 2 [a|b]", "m": 5}) == "{n} item is near {name}, {m:,} people"
    named = language("en").section("similar")["found"]
    assert named.format(n=1, item="“Kit 2 [x|y]”") == "1 item is near “Kit 2 [x|y]”."
    assert named.format(n=2, item="“Kit”") == "2 items are near “Kit”."


def test_notices_count_before_they_speak() -> None:
    notices = Notices()
    notices.add("a.csv", "{n} [cell|cells] of 'x' [was|were] trimmed", 1)
    notices.add("b.csv", "{n} [cell|cells] of 'x' [was|were] trimmed", 1_000)
    assert notices.render() == ["a.csv: 1 cell of 'x' was trimmed", "b.csv: 1,000 cells of 'x' were trimmed"]


def test_every_mark_of_a_text_follows_a_place_and_chinese_has_none() -> None:
    for lang, folder in (
        ("en", "recommender/texts"),
        ("en", "whyrec/service/console/texts"),
        ("zh", "recommender/texts"),
    ):
        texts = tomllib.loads((ROOT / folder / f"{lang}.toml").read_text(encoding="utf-8"))
        for text in _texts(texts):
            marks = [found.start() for found in re.finditer(r"\[[^\[\]{}]*\|[^\[\]{}]*\]", text)]
            assert not marks or (lang == "en" and re.match(r".*?\{\w+", text[: marks[0]])), text


COUNTED = "rows|ids|cells|triples|entities|pairs|files|users|texts"


def test_no_message_puts_a_plural_after_a_number_that_may_be_one() -> None:
    """Numbers with separators are counts; what is a limit of the program is more than one."""
    found = []
    for package in ("kg", "cli", "recommender", "whyrec", "embeddings"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    found += [f"{path.relative_to(ROOT)}:{node.lineno}" for _ in _plurals(node)]
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    hits = re.findall(rf"\{{n\}} (?:bad |missing )?(?:{COUNTED})\b", node.value)
                    found += [f"{path.relative_to(ROOT)}:{node.lineno}" for _ in hits]
    assert found == []


def _plurals(node: ast.JoinedStr) -> list[str]:
    pairs = zip(node.values, node.values[1:], strict=False)
    return [
        after.value
        for number, after in pairs
        if isinstance(number, ast.FormattedValue)
        and number.format_spec is not None
        and ast.unparse(number.format_spec) == "f','"
        and not ast.unparse(number.value).isupper()
        and isinstance(after, ast.Constant)
        and re.match(rf" (?:{COUNTED})(?: |[:;,.)]|$)", str(after.value))
    ]


def _texts(node: object) -> list[str]:
    if isinstance(node, dict):
        return [text for one in node.values() for text in _texts(one)]
    return [node] if isinstance(node, str) else []
