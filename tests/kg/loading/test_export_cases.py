"""What other programs write, from B127 on: each folder of ``tests/cases`` through the mapping of a user."""

from pathlib import Path
from typing import Any

import pytest

from kg.errors import LimitError, MappingError, ReadError
from kg.formats.by_file_name import sources_for_paths
from kg.loading.delete_limit import DeleteLimit
from kg.mapping.mapping import read_mapping
from kg.schema import parse_schema, read_schema
from kg.staging.report import LoadReport
from tests.kg.files import graph, load_sources, load_text, rejects

CASES = Path(__file__).parents[2] / "cases"
SCHEMA = read_schema(CASES / "schema_exports.toml")


def load_case(name: str, workspace: Path, mapping: str = "mapping.toml") -> LoadReport:
    case = CASES / name
    return load_sources(workspace, SCHEMA, read_mapping(case / mapping, SCHEMA), case)


def load_paths(workspace: Path, *paths: Path, triples: bool = False) -> LoadReport:
    return load_sources(workspace, SCHEMA, sources_for_paths(paths, SCHEMA, triples), CASES)


def counts(report: LoadReport) -> list[tuple[int, int, int, int]]:
    return [(file.rows, file.loaded, file.rejected, file.filtered) for file in report.files]


def tails(workspace: Path, relation: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for head, tail, *_ in graph(workspace, SCHEMA).get(relation, []):
        found.setdefault(head, []).append(tail)
    return found


def told(report: LoadReport) -> str:
    return "\n".join(report.notices)


def test_b127_rows_of_variants_erase_nothing(tmp_path: Path) -> None:
    report = load_case("B127", tmp_path)
    assert counts(report) == [(4, 4, 0, 0)]
    found = graph(tmp_path, SCHEMA)
    assert [row[:2] for row in found["Product"]] == [("calm-serum", "Calm Serum"), ("day-veil", "Day Veil SPF 30")]
    assert tails(tmp_path, "tagged") == {"calm-serum": ["dry skin", "vegan"], "day-veil": ["sun", "vegan"]}
    assert len(found["Brand"]) == 2 and report.contradictions == 1


def test_b128_no_category_is_torn(tmp_path: Path) -> None:
    report = load_case("B128", tmp_path)
    found = tails(tmp_path, "in_category")
    assert found["PF-2"] == ["Body Care > Perfume, Cologne & Mist > Unisex", "Gifts"]
    assert found["PF-3"] == ["Body Care > Perfume, Cologne & Mist"]
    assert "2 cells of 'Categories' hold an escaped separator" in told(report)


def test_b128_levels_become_parents(tmp_path: Path) -> None:
    case = CASES / "B128"
    mapping = (case / "mapping.toml").read_text() + 'levels = ">"\nparent = "subcategory_of"\n'
    load_text(tmp_path, SCHEMA, mapping, {"wc-product-export.csv": (case / "wc-product-export.csv").read_text()})
    found = graph(tmp_path, SCHEMA)
    assert ("Body Care > Perfume, Cologne & Mist", "Perfume, Cologne & Mist") in found["Category"]
    assert tails(tmp_path, "subcategory_of")["Body Care > Perfume, Cologne & Mist > Unisex"] == [
        "Body Care > Perfume, Cologne & Mist"
    ]
    assert tails(tmp_path, "subcategory_of")["Body Care > Balms"] == ["Body Care"]


def test_b129_words_for_availability(tmp_path: Path) -> None:
    report = load_case("B129", tmp_path)
    assert [row[2:4] for row in graph(tmp_path, SCHEMA)["Product"]] == [(24.0, True), (1119.5, False), (12.0,)]
    assert "1 cell of 'availability' could not be read and was left out" in told(report)
    mapping = (CASES / "B129" / "mapping.toml").read_text()
    mapping = mapping.replace("[[source.link]]", "values = { availability = { preorder = false } }\n[[source.link]]")
    files = {"feed.tsv": (CASES / "B129" / "feed.tsv").read_text()}
    assert load_text(tmp_path, SCHEMA, mapping, files).left_out == 0
    assert graph(tmp_path, SCHEMA)["Product"][2][2:4] == (12.0, False)


def test_b130_a_workbook_is_read_and_under_another_name_refused(tmp_path: Path) -> None:
    case = CASES / "B130"
    with pytest.raises(MappingError, match=r"Product\.csv: this is an Excel workbook, whatever its name; .*\.xlsx"):
        load_paths(tmp_path, case / "Product.csv")
    with pytest.raises(MappingError, match=r"'feed' is neither an entity type nor a relation"):
        load_paths(tmp_path, case / "feed.xml")
    assert graph(tmp_path, SCHEMA) == {}
    load_paths(tmp_path, case / "Product.xlsx")
    assert graph(tmp_path, SCHEMA)["Product"]


NESTED = (CASES / "B131" / "mapping.toml").read_text()


@pytest.mark.parametrize("tail", ["context.course_id", "event.course_id"])
def test_b131_nested_keys_and_rows_that_are_filtered(tmp_path: Path, tail: str) -> None:
    mapping = NESTED.replace('tail = "event"', f'tail = "{tail}"')
    files = {"tracking.jsonl": (CASES / "B131" / "tracking.jsonl").read_text()}
    report = load_text(tmp_path, SCHEMA, mapping, files)
    assert counts(report) == [(4, 2, 0, 2)]
    assert tails(tmp_path, "enrolled_in") == {
        "ann": ["course-v1:Nord+SKIN101+2024"],
        "bea": ["course-v1:Nord+OIL1+2024"],
    }


def test_b131_an_object_for_an_id_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="none of its 4 rows"):
        load_case("B131", tmp_path)
    assert [(r["line"], r["field"]) for r in rejects(tmp_path)] == [("1", "event"), ("4", "event")]
    assert "name a key inside it" in rejects(tmp_path)[0]["hint"]


def test_b134_eight_digits_are_a_day(tmp_path: Path) -> None:
    load_case("B134", tmp_path)
    day = 86_400_000
    assert [row[3] // day - 19_723 for row in graph(tmp_path, SCHEMA)["bought"]] == [8, 9, 10]


def test_b135_microseconds_by_size(tmp_path: Path) -> None:
    load_paths(tmp_path, CASES / "B135" / "bought.inter")
    assert graph(tmp_path, SCHEMA)["bought"][0] == ("u1", "i1", 5.0, 1_704_796_153_123)


def test_b136_a_return_is_no_purchase(tmp_path: Path) -> None:
    report = load_case("B136", tmp_path)
    assert counts(report) == [(9, 6, 3, 0)]
    assert {r["reason"] for r in rejects(tmp_path)} == {"weight not above 0"}
    mapping = (CASES / "B136" / "mapping.toml").read_text() + 'returns = "net"\n'
    files = {"orders.csv": (CASES / "B136" / "orders.csv").read_text()}
    assert counts(load_text(tmp_path / "net", SCHEMA, mapping, files)) == [(9, 9, 0, 0)]
    assert [row[:3] for row in graph(tmp_path / "net", SCHEMA)["bought"]] == [
        ("u1", "p1", 2.0),
        ("u2", "p2", 1.0),
        ("u2", "p3", 1.0),
        ("u3", "p1", 1.0),
        ("u4", "p4", 1.0),
    ]


def test_b138_columns_of_0_and_1(tmp_path: Path) -> None:
    assert "columns of 0 and 1 tell tail_is_column = true" in told(load_case("B138", tmp_path / "untold"))
    mapping = (CASES / "B138" / "mapping.toml").read_text()
    mapping = mapping.replace('relation = "suits"', 'relation = "suits"\ntail_is_column = true')
    load_text(tmp_path, SCHEMA, mapping, {"cosmetics.csv": (CASES / "B138" / "cosmetics.csv").read_text()})
    assert tails(tmp_path, "suits") == {
        "Calm Cream": ["Combination", "Dry"],
        "Foam": ["Oily"],
        "Light Gel": ["Combination", "Oily"],
    }


def test_b140_html_in_cells(tmp_path: Path) -> None:
    report = load_case("B140", tmp_path)
    found = tails(tmp_path, "contains")
    assert {"AQUA", "PARFUM", "BUTYROSPERMUM PARKII BUTTER"} <= set(found["p1"]) and {"AQUA", "NIACINAMIDE"} <= set(
        found["p2"]
    )
    assert not any(mark in name for names in found.values() for name in names for mark in "<>;")
    assert "1 cell of 'brand' holds HTML" in told(report)
    mapping = (CASES / "B140" / "mapping.toml").read_text().replace('id = "sku"', 'id = "sku"\nhtml = true')
    load_text(tmp_path / "told", SCHEMA, mapping, {"products.csv": (CASES / "B140" / "products.csv").read_text()})
    assert graph(tmp_path / "told", SCHEMA)["Brand"] == [("L'Or Nord",)]
    assert graph(tmp_path / "told", SCHEMA)["Product"][0][1::3] == ("Crème Nuit", "Rich & calm")


def test_b141_no_phrase_of_a_pack_hides_an_ingredient(tmp_path: Path) -> None:
    load_case("B141", tmp_path)
    found = tails(tmp_path, "contains")
    assert [name for name, parts in found.items() if "PARFUM" not in parts] == []
    assert len(found) == 17
    every = {part for parts in found.values() for part in parts}
    assert every == {
        *("AQUA", "GLYCERIN", "PARFUM", "PHENOXYETHANOL", "LINALOOL", "SALICYLIC ACID"),
    }


def test_b144_rounded_ids_are_told_and_never_merged(tmp_path: Path) -> None:
    case = CASES / "B144"
    report = load_paths(tmp_path, case / "Product.csv", case / "User.csv", case / "bought.csv")
    assert graph(tmp_path, SCHEMA)["Product"] == [("7.61234E+12", "Oil", 12.0)]
    assert [r["reason"] for r in rejects(tmp_path)][:3] == ["digits of the id are lost"] * 3
    assert "look like numbers that a spreadsheet rounded" in told(report)
    assert "bought.csv: 2 ids in 'tail' look like" in told(report)


def test_b146_nodes_and_relations_in_one_file(tmp_path: Path) -> None:
    report = load_case("B146", tmp_path)
    assert [(loaded, rejected) for _, loaded, rejected, _ in counts(report)] == [(2, 0), (1, 0), (1, 0)]
    assert graph(tmp_path, SCHEMA)["bought"] == [("2", "0", 1.0, 1_709_251_200_000)]


def test_b147_triples_in_another_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="none of its 5 rows could be loaded"):
        load_paths(tmp_path, CASES / "B147" / "train2id.txt", triples=True)
    assert graph(tmp_path, SCHEMA) == {}


def test_b155_partitions_of_a_cluster(tmp_path: Path) -> None:
    report = load_case("B155", tmp_path)
    assert [(rows, loaded) for rows, loaded, _, _ in counts(report)] == [(1, 1), (1, 1)]
    with pytest.raises(ReadError, match=r"part-01\.csv: missing column"):
        load_case("B155", tmp_path / "parts", "parts.toml")


def test_b158_double_colons(tmp_path: Path) -> None:
    load_case("B158", tmp_path)
    mapping = (CASES / "B158" / "mapping.toml").read_text().replace('":"', '"::"').replace('"", ', "")
    load_text(tmp_path / "two", SCHEMA, mapping, {"ratings.dat": (CASES / "B158" / "ratings.dat").read_text()})
    found: list[Any] = [graph(folder, SCHEMA)["bought"] for folder in (tmp_path, tmp_path / "two")]
    assert found[0] == found[1] and len(found[0]) == 3


def test_b148_a_delta_may_be_the_whole_truth_about_its_links(tmp_path: Path) -> None:
    load_case("B148", tmp_path, "day1.toml")
    report = load_case("B148", tmp_path, "day2.toml")
    assert "1 Product had one made_by and now has several, such as 'p1': 'Nordlys' and 'Solfar'" in told(report)
    assert 'rows = "replace-links"' in told(report) and report.contradictions == 1
    assert report.contradictions_file is not None
    assert ",made_by,p1,Solfar,tail,Solfar,Nordlys" in report.contradictions_file.read_text()
    assert tails(tmp_path, "made_by") == {"p1": ["Nordlys", "Solfar"], "p2": ["Solfar"]}


@pytest.mark.parametrize(("rows", "brands"), [("replace-links", ["Solfar"]), ("add", ["Nordlys", "Solfar"])])
def test_b148_what_a_row_says_about_links_is_told_in_the_mapping(tmp_path: Path, rows: str, brands: list[str]) -> None:
    load_case("B148", tmp_path, "day1.toml")
    mapping = (CASES / "B148" / "day2.toml").read_text().replace("[[source]]", f'[[source]]\nrows = "{rows}"')
    files = {"day2.csv": (CASES / "B148" / "day2.csv").read_text()}
    report = load_text(tmp_path, SCHEMA, mapping, files, max_deletes=DeleteLimit.parse("5%"))
    assert tails(tmp_path, "made_by") == {"p1": brands, "p2": ["Solfar"]}
    assert "several" not in told(report) and report.triples["made_by"]["deleted"] == (rows == "replace-links")
    assert len(graph(tmp_path, SCHEMA)["Product"]) == 2


@pytest.mark.parametrize("erases", [False, True])
def test_an_empty_cell_deletes_links_only_where_the_source_says_so(tmp_path: Path, erases: bool) -> None:
    load_case("B148", tmp_path, "day1.toml")
    said = 'rows = "replace-links"\n' + ("null_erases = true\n" if erases else "")
    mapping = (CASES / "B148" / "day2.toml").read_text().replace("[[source]]", f"[[source]]\n{said}")
    first, *_ = (CASES / "B148" / "day2.csv").read_text().splitlines()
    cells = {"sku": "p1", "name": "A", "brand": "", "price": "1"}
    row = ",".join(cells.get(name, "") for name in first.split(","))
    report = load_text(tmp_path, SCHEMA, mapping, {"day2.csv": f"{first}\n{row}\n"})
    kept = {} if erases else {"p1": ["Nordlys"]}
    assert tails(tmp_path, "made_by") == {**kept, "p2": ["Solfar"]}
    assert report.triples["made_by"]["deleted"] == erases
    word = "loses" if erases else "keeps"
    assert f"1 Product with an empty cell {word} its made_by, such as 'p1'; null_erases = true" in told(report)


def test_a_column_of_zeros_is_no_empty_cell(tmp_path: Path) -> None:
    treats = {"treats": {"head": "Product", "tail": "Concern"}}
    schema = parse_schema(
        {"name": "shop", "entity": {"Product": {"domain": "cosmetics"}, "Concern": {}}, "relation": treats}
    )
    source = """
[[source]]
file = "products.csv"
entity = "Product"
id = "sku"
rows = "replace-links"
[[source.link]]
relation = "treats"
tail = "acne"
tail_is_column = true
"""
    load_text(tmp_path, schema, source, {"products.csv": "sku,acne\np1,1\np2,1\n"})
    report = load_text(tmp_path, schema, source, {"products.csv": "sku,acne\np1,0\np2,\n"})
    assert [row[:2] for row in graph(tmp_path, schema)["treats"]] == [("p2", "acne")]
    assert report.triples["treats"]["deleted"] == 1
    assert "1 Product with an empty cell keeps its treats, such as 'p2'" in told(report)


def test_rows_that_name_different_tails_and_rows_that_repeat_each_other_are_counted(tmp_path: Path) -> None:
    mapping = (CASES / "B148" / "day1.toml").read_text()
    rows = "sku,name,brand,price\np1,A,x,1\np1,A,y,1\np2,B,x,1\np2,B,x,1\n"
    report = load_text(tmp_path, SCHEMA, mapping, {"day1.csv": rows})
    assert "1 Product has several made_by, of which each row names one" in told(report)
    assert report.duplicates == report.to_json()["duplicates"] == {"made_by": 1}
