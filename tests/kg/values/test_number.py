"""Numbers, truth values and timestamps written as text: what is ambiguous is refused."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.values.number import parse_numbers, parse_truth_values, parse_whole_numbers
from kg.values.timestamp import parse_timestamps


@pytest.mark.parametrize(
    ("cell", "decimal", "semicolons", "outcome"),
    [
        ("12.5", None, False, 12.5),
        ("1e-3", None, False, 0.001),
        ("1.000", None, False, 1.0),
        ("1.000", None, True, "ambiguous number"),
        ("0.125", None, True, 0.125),
        ("1.355,90", None, False, "ambiguous number"),
        ("€ 12,99", None, False, "ambiguous number"),
        ("1,000", None, False, "ambiguous number"),
        ("€ 12,99", ",", False, 12.99),
        ("-1.355,90 EUR", ",", False, -1355.9),
        ("1.000", ",", False, 1000.0),
        ("12.99", ",", False, "ambiguous number"),
        ("$1,355.90", ".", False, 1355.9),
        ("1'000.5", ".", False, 1000.5),
        ("1,35", ".", False, "ambiguous number"),
        ("1 000,5", ",", False, 1000.5),
        ("１２．５", None, False, 12.5),
        ("￥１，２００．５", ".", False, 1200.5),
        ("１，２", None, False, "ambiguous number"),
        ("NaN", None, False, "not a number"),
        ("inf", None, False, "not a number"),
        ("1e400", None, False, "not a number"),
        ("twelve", None, False, "not a number"),
        ("٣", None, False, "not a number"),
        ("0x10", None, False, "not a number"),
        ("1_000", None, False, "not a number"),
    ],
)
def test_numbers(cell: str, decimal: str | None, semicolons: bool, outcome: float | str) -> None:
    parsed = parse_numbers(pl.Series([cell, None]), decimal, semicolons)
    assert outcome in (parsed.values[0], parsed.reason[0])
    assert parsed.values[1] is None and parsed.reason[1] is None


def test_whole_numbers() -> None:
    cells = pl.Series(["3", "3.0", "3.5", "9223372036854775807", "9223372036854775808", None])
    parsed = parse_whole_numbers(cells, None, False)
    assert parsed.values.to_list() == [3, 3, None, 9223372036854775807, None, None]
    assert parsed.reason.is_not_null().to_list() == [False, False, True, False, True, False]


def test_truth_values() -> None:
    parsed = parse_truth_values(pl.Series(["True", "０", "YES", "2", None]))
    assert parsed.values.to_list() == [True, False, True, None, None]
    assert parsed.reason.to_list() == [None, None, None, "not true or false", None]


@pytest.mark.parametrize(
    ("cell", "outcome"),
    [
        ("1700000000", 1_700_000_000_000),
        ("1700000000.25", 1_700_000_000_250),
        ("1700000000000", 1_700_000_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-15 06:13:20+08:00", 1_700_000_000_000),
        ("2023-11-14T22:13:20.123456789", 1_700_000_000_123),
        ("2024-01-01", 1_704_067_200_000),
        ("1989-12-31T23:59:59Z", "timestamp out of range"),
        ("2100-12-31T23:59:59Z", 4_133_980_799_000),
        ("2101-01-01", "timestamp out of range"),
        ("20240101", 1_704_067_200_000),
        ("1700000000000000", 1_700_000_000_000),
        ("2024-02-30", "not a timestamp"),
        ("01/02/2024", "day or month first is not told"),
        ("13.01.2024 10:00", "day or month first is not told"),
        ("45300", "looks like a spreadsheet's number of a day"),
        ("2024/1/9", 1_704_758_400_000),
        ("2024年1月9日", 1_704_758_400_000),
        ("9 Jan 2024", 1_704_758_400_000),
        ("January 9, 2024, 6:30 pm", 1_704_825_000_000),
        ("Tue, 09 Jan 2024 18:30:00 GMT", 1_704_825_000_000),
        ("Tue Jan 09 2024 19:30:00 GMT+0100 (CET)", 1_704_825_000_000),
        ("2024-01-09T19:30:00+01:00[Europe/Berlin]", 1_704_825_000_000),
        ("20240109183000", 1_704_825_000_000),
        ("2024/13/09", "not a timestamp"),
        ("30 Feb 2024", "not a timestamp"),
        ("9 Jan 24", "not a timestamp"),
        ("2024-01-09 13:00 PM", "not a timestamp"),
        ("20241309183000", "timestamp out of range"),
        ("２０２４－０１-09", 1_704_758_400_000),
        ("2024-01-09 10:00 Europe/Berlin", "not a timestamp"),
        ("2024-01-09T10:00:00[Europe/Berlin]", "not a timestamp"),
        ("1.7e9", "not a timestamp"),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000),
        ("2017-01-01T07:59:60.25+08:00", 1_483_228_800_250),
        ("20161231T235960", 1_483_228_800_000),
        ("20161231235960", 1_483_228_800_000),
        ("31 Dec 2016 23:59:60 GMT", 1_483_228_800_000),
        ("2016-12-31T10:00:60Z", "not a timestamp"),
        ("2016-12-31T24:00:00", 1_483_228_800_000),
        ("2017-01-01T24:00:00+24:00", "not a timestamp"),
        ("2016-12-31T24:00:00-08:00", 1_483_257_600_000),
        ("2016-12-31 24:00", 1_483_228_800_000),
        ("20161231T2400Z", 1_483_228_800_000),
        ("20161231240000", 1_483_228_800_000),
        ("2016-12-31T24:00:01", "not a timestamp"),
        ("2016-12-31T24:30", "not a timestamp"),
        ("2016-12-31 24:00 PM", "not a timestamp"),
    ],
)
def test_timestamps(cell: str, outcome: int | str) -> None:
    parsed = parse_timestamps(pl.Series([cell, None]))
    assert outcome in (parsed.values[0], parsed.reason[0])
    assert parsed.values[1] is None and parsed.reason[1] is None


def test_the_order_of_day_and_month_is_what_is_told() -> None:
    cells = pl.Series(["01/02/2024", "13.01.2024", "1-2-2024 3:00 PM"])
    days = parse_timestamps(cells, "day-first").values.cast(pl.Datetime("ms")).dt.strftime("%m-%d %H").to_list()
    assert days == ["02-01 00", "01-13 00", "02-01 15"]
    month_first = parse_timestamps(cells, "month-first")
    assert month_first.values.cast(pl.Datetime("ms")).dt.month().to_list() == [1, None, 1]
    assert month_first.reason.is_not_null().to_list() == [False, True, False]


SPELLINGS = st.text("0159.eE+-_ n", max_size=8) | st.sampled_from(
    [
        *(
            "nan",
            "inf",
            "1e999",
            "-0",
            "1.",
            ".5",
            "1_000",
            "١",
            "１２．５",
            "２０２４-01-09",
            "0" * 20 + "1",
            "9" * 19,
            "1700000000",
            "1700000000000",
        )
    ]
)


@given(st.lists(SPELLINGS | st.none(), min_size=1, max_size=4))
def test_a_cell_is_read_the_same_in_any_company(cells: list[str | None]) -> None:
    for read in (lambda column: parse_numbers(column, None, False), parse_timestamps):
        alone = [read(pl.Series([cell], dtype=pl.String)) for cell in cells]
        together = read(pl.Series([*cells, "1", "2024-01-31", "x"], dtype=pl.String))
        company = read(pl.Series([*cells, "1700000000"], dtype=pl.String))
        for found in (together, company):
            assert found.values.head(len(cells)).to_list() == [parsed.values.item() for parsed in alone]
            assert found.reason.head(len(cells)).to_list() == [parsed.reason.item() for parsed in alone]
