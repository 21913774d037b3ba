"""``init --from`` on files of unknown make: which columns are the id, the label, a list, a weight."""

import random
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from pydantic import ValidationError

from kg.formats.by_file_name import sources_for_paths
from kg.formats.first_look import first_look
from kg.mapping.source import Source
from kg.schema import parse_schema
from tests.kg.formats.test_first_look import loaded

PRODUCTS = "product_id,brand_id,brand_name,product_name,ingridients\n" + "".join(
    f'P{n},{n % 5},Brand {n % 5},Serum {n},"Aqua, Glycerin, Extract {n}, Parfum"\n' for n in range(60)
)
REVIEWS = "author_id,product_id,review_rating,skin_type\nu1,P1,5,dry\nu2,P2,1,oily\nu1,P3,4,dry\n"


def test_ingredients_are_a_list_however_they_are_spelt_and_no_name_is_a_brand(tmp_path: Path) -> None:
    found, there, report = loaded(tmp_path, {"products.csv": PRODUCTS, "reviews.csv": REVIEWS})
    assert report.rejected == 0 and there["Product"][0][:2] == ("P0", "Serum 0")
    assert ("P0", "GLYCERIN", 1.0) in there["contains"] and ("P0", "Brand 0", 1.0) in there["has_brand"]
    assert [row[:3] for row in there["rated"]] == [("u1", "P1", 5.0), ("u1", "P3", 4.0), ("u2", "P2", 1.0)]
    doubts = "\n".join(found.unsure)
    assert "'ingridients': read as an ingredient list" in doubts and "'ingridients' is not used" not in doubts
    assert "not used, since the rows are of what people did: skin_type" in doubts


def test_where_no_column_is_one_of_a_kind_the_name_is_the_id(tmp_path: Path) -> None:
    kinds = random.Random(0).choices(["toner", "cream"], k=40)
    text = "brand,name,type\n" + "".join(f"B{n % 4},Item {max(n, 1)},{kind}\n" for n, kind in enumerate(kinds))
    found, there, _ = loaded(tmp_path, {"catalogue.csv": text})
    assert len(there["Catalogue"]) == 39 and "'name' is taken for the id, but it is not unique" in "\n".join(
        found.unsure
    )


def test_what_recbole_writes_behind_a_name_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "shop.inter"
    path.write_text("user_id:token\titem_id:token\nu1\ti1\nu2\ti1\nu1\ti2\n", encoding="utf-8")
    assert set(tomllib.loads(first_look([path], "test").schema)["entity"]) == {"User", "Item"}


def test_files_of_a_pattern_are_known_by_the_name_before_their_number(tmp_path: Path) -> None:
    schema = parse_schema(tomllib.loads((files("kg") / "example/schema.toml").read_text(encoding="utf-8")))
    paths = [tmp_path / name for name in ("purchased_2024-01.csv", "purchased-part2.csv", "Product2.csv")]
    for path in paths:
        path.write_text("head,tail\n", encoding="utf-8")
    found = sources_for_paths(paths, schema)
    assert [source.relation or source.entity for source in found] == ["purchased", "purchased", "Product"]


def test_what_is_told_again_needs_a_time() -> None:
    with pytest.raises(ValidationError, match="once needs timestamp"):
        Source(file="x.csv", relation="purchased", head="a", tail="b", once="order")


@pytest.mark.parametrize(
    ("cells", "currency", "amounts"),
    [
        (("￥199", "￥29.9", "¥1,299.00"), "CNY", (199.0, 29.9, 1299.0)),
        (("199元", "29.9元", "1,299元"), "CNY", (199.0, 29.9, 1299.0)),
        (("$12.50", "$9", "$1,012.50"), "USD", (12.5, 9.0, 1012.5)),
        (("12,50 €", "9 €", "1.012,50 €"), "EUR", (12.5, 9.0, 1012.5)),
        (("GBP 12.50", "GBP 9.00", "12.00 GBP"), "GBP", (12.5, 9.0, 12.0)),
        (("1,299.00", "9.50", "12.00"), None, (1299.0, 9.5, 12.0)),
        (("12.5", "9.5", "12.0"), None, (12.5, 9.5, 12.0)),
    ],
)
def test_prices_are_numbers_however_money_is_written(
    tmp_path: Path, cells: tuple[str, ...], currency: str | None, amounts: tuple[float, ...]
) -> None:
    rows = "".join(f'P{n},"{cell}",上海\n' for n, cell in enumerate(cells))
    found, there, report = loaded(tmp_path, {"商品.csv": f"商品编号,价格,产地\n{rows}"})
    product = parse_schema(tomllib.loads(found.schema)).entity["Product"]
    assert (product.properties, product.currency.get("price")) == ({"price": "float"}, currency)
    assert (report.rejected, there["Product"]) == (0, [(f"P{n}", None, one) for n, one in enumerate(amounts)])
    doubt = "'价格': taken for CNY"
    assert any(doubt in one for one in found.unsure) == (cells[0] == "￥199")


def test_codes_that_end_in_digits_are_no_money(tmp_path: Path) -> None:
    found, _, _ = loaded(tmp_path, {"products.csv": "id,series\nP1,MAC101\nP2,MAC102\nP3,MAC101\n"})
    assert not parse_schema(tomllib.loads(found.schema)).entity["Product"].properties


def test_a_mark_is_told_for_amounts_alone_and_only_where_all_numbers_have_it(tmp_path: Path) -> None:
    found, there, _ = loaded(tmp_path, {"products.csv": 'id,price,rate\nP1,"12,50 €",4.5\nP2,"9,00 €",3.5\n'})
    assert "decimal =" not in found.mapping and [row[-1] for row in there["Product"]] == [4.5, 3.5]
    assert any("'price' is not used: amounts with a comma and numbers with a point" in one for one in found.unsure)


@pytest.mark.parametrize(
    ("name", "relation", "item"),
    [
        ("purchased", "purchased", "Product"),
        ("enrolled", "enrolled_in", "Course"),
        ("completed", "completed", "Item"),
    ],
)
def test_heads_and_tails_are_named_by_their_file(tmp_path: Path, name: str, relation: str, item: str) -> None:
    files = {f"{name}.csv": "head,tail\nu1,p1\nu2,p1\n", "has_brand.csv": "head,tail,weight\np1,b1,2\np2,b1,1\n"}
    found, there, report = loaded(tmp_path, files)
    schema = parse_schema(tomllib.loads(found.schema))
    assert (set(schema.entity), report.rejected) == ({"User", item, "Brand"}, 0)
    assert (schema.ends(relation), schema.ends("has_brand")) == (("User", item), (item, "Brand"))
    assert there["has_brand"] == [("p1", "b1", 2.0), ("p2", "b1", 1.0)] and schema.entity[item].domain


def test_tails_are_what_another_file_lists(tmp_path: Path) -> None:
    files = {"rated.csv": "head,tail\nu1,p1\nu2,p1\n", "films.csv": "id,name\np1,Alien\np2,Heat\n"}
    found, there, _ = loaded(tmp_path, files)
    assert parse_schema(tomllib.loads(found.schema)).ends("rated") == ("User", "Film") and len(there["Film"]) == 2
