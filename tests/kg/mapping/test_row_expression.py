"""The grammar of ``where``: what passes means what it says, and nothing in it can read anything but its row."""

import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import MappingError
from kg.mapping.row_expression import FUNCTIONS, KEYWORDS, QUERIES, TYPES, row_expression
from kg.mapping.row_filter import RowFilter

ROWS = pl.DataFrame({"a": ["x", "it's"], "n": [3.0, 4.0], "价格": [1.0, 5.0], "b.c": ["p", "q"], "order": ["1", None]})


@pytest.mark.parametrize(
    ("where", "kept"),
    [
        ("a = 'x' AND n > 2", [True, False]),
        ("a = 'it''s'", [False, True]),
        ("价格 > 3", [False, True]),
        ("b.c = 'p'", [True, False]),
        ("\"order\" = '1'", [True, False]),
        ("a IS DISTINCT FROM 'x'", [False, True]),
        ("n NOT BETWEEN 1 AND 3.5e0", [False, True]),
        ("n::int // 2 = 2 OR CAST(n AS varchar) = '3.0'", [True, True]),
        ("CASE WHEN n > 3 THEN true ELSE false END", [False, True]),
        ("starts_with(lower(a), 'X') OR a LIKE '%t%'", [False, True]),
        ("coalesce(\"order\", '2') IN ('2', '3')", [False, True]),
    ],
)
def test_a_condition_means_what_it_says(where: str, kept: list[bool]) -> None:
    assert ROWS.select(pl.sql_expr(row_expression(where)).alias("k"))["k"].fill_null(False).to_list() == kept


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("a IN (SELECT column_1 FROM read_csv('{file}'))", "SELECT: no queries"),
        ("a = (SELECT a FROM read_parquet('http://127.0.0.1:9/x'))", "SELECT: no queries"),
        ("EXISTS (a)", "EXISTS: no queries"),
        ("a = (TABLE x)", "TABLE: no queries"),
        ("a IN (WITH t AS (a) b)", "WITH: no queries"),
        ("order = '1'", 'a column of this name is written "order"'),
        ("read_csv('{file}') = 'x'", "read_csv: no function of one row"),
        ("\"read_csv\"('{file}') = 'x'", "no function"),
        ("sum(n) > 3", "more than one row at a time"),
        ("a = 'x' -- b", "--: comments are not understood"),
        ("n > 3 -- n", "--: comments are not understood"),
        ("a /* b */ = 'x'", "comments are not understood"),
        ("a = $1", "this is not understood"),
        ("n ISNULL", "missing between n and"),
        ("a = 'x' \"order\" = '1'", "missing between 'x' and \"order\""),
        ("a = DATE '2020-01-01'", "missing between DATE and"),
        ("cast(n as int) 4 = 4", "missing between"),
        ("a = 'x' AS b", "b: no type"),
        ("a; DROP", "this is not understood"),
        ("a = 'x", "this text has no end"),
        ("(" * 5000 + "a" + ")" * 5000, "too long"),
        (" AND ".join(["a = 'x'"] * 5000), "characters, the most are"),
        ("replace(" * 8 + "a" + f", 'a', '{'a' * 60}')" * 8 + " = 'x'", "167,961,600,000,000 times longer"),
        (f"concat({', '.join('a' * 3000)}) = 'x'", "it could make a text 3,000 times longer"),
        ("replace(a, b, 'x') = 'x'", "are 'in single quotes'"),
        ("a ~ '('", "regex parse error"),
    ],
)
def test_what_is_no_condition_on_one_row_is_refused(where: str, message: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("x\nhunter2\n")
    with pytest.raises(MappingError, match=message) as caught:
        RowFilter(where.replace("{file}", str(secret)), {})
    assert "hunter2" not in str(caught.value) and len(str(caught.value)) < 2000


ODD = {"a", "n", '"a"', "'x'", "1", "(", ")", ",", "AND", "=", "'", '"', ";"}
words = st.sampled_from(sorted(FUNCTIONS | QUERIES | ODD))


@given(st.one_of(st.lists(words, max_size=12).map(" ".join), st.text(max_size=30)))
def test_no_query_gets_through_whatever_is_written(text: str) -> None:
    try:
        written = row_expression(text)
    except MappingError:
        return
    bare = re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")+\"", " ", written)
    assert not set(re.findall(r"\w+", bare.casefold())) & (QUERIES - {"from"})
    called = {name.casefold() for name in re.findall(r"([^\W\d]\w*) \(", bare)}
    assert called <= FUNCTIONS | KEYWORDS | TYPES


def test_a_row_for_which_there_is_no_result_is_told_and_costs_no_other_row() -> None:
    cells = [None if i == 7 else "XL" if i in (3, 500) else str(i) for i in range(1000)]
    keep, why = RowFilter("cast(a as int) >= 990 and a <> ''", {}).keeps(pl.DataFrame({"a": cells}))
    assert keep.sum() == 10 and why.is_not_null().arg_true().to_list() == [3, 500]
    assert "conversion" in why[3] and "XL" not in why[3]
    with pytest.raises(MappingError, match="cannot be worked out"):
        RowFilter("cast(a as int) > 1 and a <> ''", {}).keeps(pl.DataFrame({"a": ["x"] * 3000}))


@pytest.mark.parametrize(("where", "kind"), [("NOT a", "truth"), ("cast(a as int) = 3", "number"), ("a ~ 'x'", "text")])
def test_a_column_is_read_as_what_the_condition_can_do_with_it(where: str, kind: str) -> None:
    assert RowFilter(where, {}).kinds == {"a": kind}


@pytest.mark.parametrize("where", ["'%Y' <> (1e308 // a)", "a = bit_length(div(0, NULL))", "(1e308 // NULL) IN (a)"])
def test_what_the_engine_panics_at_is_one_message(where: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MappingError, match="where "):
        RowFilter(where, {})
    assert capfd.readouterr().err == ""


def test_a_panic_of_the_engine_at_some_rows_costs_only_those(capfd: pytest.CaptureFixture[str]) -> None:
    cells = ["1", "9223372036854775807", None, "2"]
    keep, why = RowFilter("concat(a::bigint::datetime, 'x') > '1970'", {}).keeps(pl.DataFrame({"a": cells}))
    assert (keep.to_list(), why.is_not_null().arg_true().to_list()) == ([True, False, True, True], [1])
    assert capfd.readouterr().err == ""
