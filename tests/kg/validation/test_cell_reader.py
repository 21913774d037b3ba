"""What a cell may hold: ids by length and by lost digits, weights, and cells that only good rows do without."""

from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from tests.kg.files import load_text
from tests.kg.loading.test_load import PRODUCTS, PURCHASED, SCHEMA, USERS


def test_the_bounds_of_cells(tmp_path: Path) -> None:
    lost, other = "4.00638E+12", "4.00639E+12"  # rounded by a spreadsheet: the one that comes twice may be two products
    prices = {"x" * 4000: "1", "x" * 4001: "1", other: "1", "p": "abc", "": "abc"}
    products = [*prices.items(), (lost, "1"), (lost, "2"), ("d", "3"), ("d", "3")]
    files = {
        "users.csv": "id\nu\n",
        "products.csv": "id,name,price\n" + "".join(f"{name},A,{price}\n" for name, price in products),
        "purchases.csv": "user,product,n\nu,p,0\nu,d,-1\nu,p,0.5\n",
    }
    report = load_text(tmp_path, SCHEMA, USERS + PRODUCTS + PURCHASED + 'weight = "n"\n', files)
    rejects = {file.place: sorted(file.rejects.select("line", "reason").rows()) for file in report.files}
    assert rejects["products.csv"] == [
        (3, "id too long"),
        (6, "empty id"),
        (7, "digits of the id are lost"),
        (8, "digits of the id are lost"),
    ]
    assert rejects["purchases.csv"] == [(2, "weight not above 0"), (3, "weight not above 0")]
    (left_out,) = report.files[1].left_out.select("line", "value").rows()
    assert left_out == (5, "abc") and report.files[1].loaded == 5


@pytest.mark.parametrize("dated", ["1-Mar", "Mar-01", "01-Mar-24", "2024-03-01 00:00:00", "2024-03-01"])
def test_ids_that_a_spreadsheet_made_dates_of_are_told(tmp_path: Path, dated: str) -> None:
    told = "in 'id' looks like a date that a spreadsheet made of ids, 1-Mar; export the column as text"
    mixed = load_text(
        tmp_path / "a", SCHEMA, PRODUCTS, {"products.csv": f"id,name,price\n{dated},A,1\nAB-2,B,1\nAB-3,C,1\n"}
    )
    assert sum(told in one and "1 id" in one for one in mixed.notices) == 1
    days = f"id,name,price\n{dated},A,1\n{dated.replace('1', '2')},B,1\n"  # all of them: days may be what is meant
    assert not any(
        "dates" in one for one in load_text(tmp_path / "b", SCHEMA, PRODUCTS, {"products.csv": days}).notices
    )


def test_a_day_in_a_workbook_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with xlsxwriter.Workbook(str(tmp_path / "in" / "products.xlsx")) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "d-mmm"})
        for number, row in enumerate([("id", "name", "price"), ("AB-1", "A", 1), (None, "B", 1), ("AB-3", "C", 1)]):
            sheet.write_row(number, 0, row)
        sheet.write_datetime(2, 0, datetime(2024, 3, 1), day)
    report = load_text(tmp_path, SCHEMA, PRODUCTS.replace(".csv", ".xlsx"), {})
    assert any("1 id in 'id' looks like a date" in one for one in report.notices)


def test_numbers_with_dashes_are_no_dates(tmp_path: Path) -> None:
    products = "id,name,price\n2024-03-01,A,1\n2024-55-01,B,1\nAB-3,C,1\nAB-4,C,1\nAB-5,C,1\n"
    report = load_text(tmp_path, SCHEMA, PRODUCTS, {"products.csv": products})
    assert not any("date" in one for one in report.notices)


def test_times_in_the_future_are_told(tmp_path: Path) -> None:
    """One purchase of 2099 is the now for all others: they fade to nothing, and a temporal split tests on it alone."""
    tomorrow = datetime.now().timestamp() + 3_600
    files = {
        "users.csv": "id\nu\n",
        "products.csv": "id,name,price\np,A,1\nd,B,1\n",
        "purchases.csv": f"user,product,n\nu,p,2099-01-01\nu,d,{tomorrow:.0f}\n",
    }
    report = load_text(tmp_path, SCHEMA, USERS + PRODUCTS + PURCHASED + 'timestamp = "n"\n', files)
    (told,) = (one for one in report.notices if "future" in one)
    assert told.startswith("purchases.csv: 1 time in 'n' lies in the future") and report.files[2].loaded == 2


def test_a_price_below_0_is_left_out_and_told(tmp_path: Path) -> None:
    """A discount's line of −3 was the cheapest product under any price."""
    files = {"products.csv": "id,name,price\np,A,-3\nd,B,0\ne,C,2\n"}
    report = load_text(tmp_path, SCHEMA, PRODUCTS, files)
    (left_out,) = report.files[0].left_out.select("line", "value", "reason").rows()
    assert left_out == (2, "-3", "below 0") and report.files[0].loaded == 3
