"""What a cell may hold: ids by length and by lost digits, weights, and cells that only good rows do without."""

from pathlib import Path

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
