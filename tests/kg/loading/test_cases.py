"""Odd files that other programs lost rows to; each folder of ``tests/cases`` is one, with the mapping of a user."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from kg.errors import LimitError, ReadError
from kg.mapping.mapping import read_mapping
from kg.schema import read_schema
from tests.kg.files import bad_rows, graph, load_sources, load_text, rejects

CASES = Path(__file__).parents[2] / "cases"
SCHEMA = read_schema(CASES / "schema.toml")
U, P = ("User", "Product")


@dataclass
class Outcome:
    """What must happen: rows per file (rows, rejected), rejects (line, reason), parts of the graph, notices."""

    files: dict[str, tuple[int, int]]
    rejects: list[tuple[str, str]] = field(default_factory=list)
    graph: dict[str, Any] = field(default_factory=dict)
    notice: str = ""


def ids(workspace: Path, entity_type: str) -> list[str]:
    return [row[0] for row in graph(workspace, SCHEMA)[entity_type]]


def contents(*products: tuple[str, str]) -> dict[str, list[tuple[str, str, float]]]:
    """``contains`` triples from (product, comma separated names)."""
    return {"contains": sorted((p, name, 1.0) for p, names in products for name in names.split("|"))}


PEOPLE = {"users.csv": (2, 0), "products.csv": (3, 0)}
OUTCOMES = {
    "B001": Outcome({"users.csv": (2, 0)}, graph={U: [("u1", None, "Ann"), ("u2", None, "Bo")]}),
    "B003": Outcome({"users.tsv": (2, 0)}, graph={U: [("u1", None, "Zoë"), ("u2", None, "李雷")]}, notice="utf-16"),
    "B004": Outcome({"products.csv": (2, 0)}, graph={P: [("p1", "保湿面霜"), ("p2", "洁面乳")]}),
    "B006": Outcome({"users.csv": (2, 0)}, graph={U: [("u1", None, "㐂美"), ("u2", None, "𠮷田😀")]}),
    "B007": Outcome(
        {"products.csv": (3, 1)},
        [("3", "invalid bytes for the encoding")],
        {P: [("p1", None, "Café"), ("p3", None, "Gel")]},
    ),
    "B009": Outcome(
        {"products.csv": (6, 0), "products.jsonl": (4, 0)},
        graph={"SkinType": [("dry",)], "for_skin": [("p6", "dry", 1.0)]},
    ),
    "B010": Outcome(
        {"users.csv": (3, 1)},
        [("3", "empty id")],
        {U: [("9007199254740992", None, "Cy"), ("9007199254740993", None, "Ann")]},
    ),
    "B012": Outcome({"products.csv": (2, 0)}, graph={P: [("007", None, "Bond Cream"), ("7", None, "Seven Serum")]}),
    "B013": Outcome(
        {"users.csv": (1, 0), "products.csv": (2, 0), "purchases.csv": (2, 0)},
        graph={"bought": [("u1", "101", 1.0), ("u1", "102", 1.0)]},
        notice="2 ids in 'product_id' were read without '.0'",
    ),
    "B015": Outcome(
        {"users.csv": (1, 0), "products.csv": (4, 0), "purchases.csv": (4, 0)},
        graph={U: [("u1",)], "bought": [("u1", f"p{i}", 1.0) for i in (1, 2, 3, 4)]},
        notice="3 cells of 'user_id' were trimmed",
    ),
    "B016": Outcome(
        {"users.csv": (2, 0), "products.csv": (1, 0), "purchases.csv": (1, 0)},
        graph={U: [("Ab", None, "Bo"), ("aB", None, "Ann")], "bought": [("aB", "p1", 1.0)]},
    ),
    "B018": Outcome(
        {"products.csv": (1, 0)}, graph=contents(("p1", "AQUA|GLYCERIN|NIACINAMIDE|SODIUM HYALURONATE|PHENOXYETHANOL"))
    ),
    "B019": Outcome(
        {"products.csv": (3, 0)},
        graph=contents(("p1", "PARFUM|乳化剤|AQUA"), ("p2", "AQUA|GLYCERIN|PARFUM"), ("p3", "CEL·LULOSA|AIGUA")),
    ),
    "B021": Outcome({"products.csv": (1, 0)}, graph=contents(("p1", "LAURETH-4|1,2-HEXANEDIOL|CI 77491|CI 77492"))),
    "B022": Outcome(
        {"products.csv": (2, 0)},
        graph=contents(("p1", "MICA|TALC"), ("p2", "RICINUS COMMUNIS SEED OIL")),
        notice='4 names after "may contain"',
    ),
    "B024": Outcome(
        {"products.csv": (1, 0)},
        graph=contents(("p1", "ALOE BARBADENSIS LEAF JUICE|SIMMONDSIA CHINENSIS SEED OIL|TOCOPHEROL")),
    ),
    "B025": Outcome({"products.csv": (3, 0)}, graph=contents(*((p, "AQUA|GLYCERIN") for p in ("p1", "p2", "p3")))),
    "B027": Outcome(
        {"products.csv": (3, 0)},
        graph={
            "Ingredient": [
                ("(DAMASCENONE ) ROSE KETONE-4", "(Damascenone ) Rose Ketone-4"),
                ("AQUA", "Aqua"),
                ("BACK\\SLASH OIL", "Back\\slash Oil"),
                ("C++ COMPLEX", "C++ Complex"),
                ("CYCLOPENTENYL)PENT-4-EN-2-OL", "Cyclopentenyl)Pent-4-en-2-ol"),
            ]
        },
    ),
    "B028": Outcome(
        {"products.csv": (2, 0)},
        graph=contents(("p1", "AQUA|GLYCERIN"), ("p2", "AQUA|CETEARYL ALCOHOL|HYDROGEN PEROXIDE")),
        notice="free text in 2 cells of 'ingredients'",
    ),
    "B030": Outcome(
        {"products.csv": (4, 1)},
        [("3", "unterminated quote")],
        {P: [("p1", None, "Toner"), ("p3", None, "Gel"), ("p4", None, "Oil")]},
    ),
    "B031": Outcome(
        {"products.tsv": (3, 0)},
        graph={P: [("p1", None, "Toner"), ("p2", None, '5" Mirror'), ("p3", None, '"Gel')]},
    ),
    "B033": Outcome(
        {"products.csv": (2, 0)},
        graph={
            P: [("p1", None, None, None, "soft\\"), ("p2", None, None, None, 'say "hi"')],
            "Brand": [("A",), ("B",)],
        },
    ),
    "B034": Outcome({"products.csv": (3, 1)}, [("3", "4 fields, expected 3")], {"Brand": [("A",), ("C",)]}),
    "B036": Outcome({"products.csv": (3, 0)}, graph={"Brand": [("A",), ("B",), ("C",)]}),
    "B040": Outcome({"users.csv.gz": (3, 0)}, graph={U: [("u1", None, "Ann"), ("u2", None, "Bo"), ("u3", None, "Cy")]}),
    "B042": Outcome({"products.csv": (3, 1)}, [("3", "NUL byte")], {P: [("p1", None, "Toner"), ("p3", None, "Gel")]}),
    "B045": Outcome(
        {"users.csv": (1, 0), "products.csv": (4, 0), "purchases.csv": (4, 1)},
        [("5", "timestamp out of range")],
        {"bought": [("u1", f"p{i}", 1.0, 1_700_000_000_000) for i in (1, 2, 3)]},
    ),
    "B046/told": Outcome(
        {"courses.csv": (4, 0)},
        graph={"Course": [("c1", "A", 12.99), ("c2", "B", 1355.9), ("c3", "C", 1000.0), ("c4", "D", 2.4)]},
    ),
    "B048": Outcome(
        {"users.csv": (2, 0)}, graph={U: [("u1", None, "Ann"), ("u2", None, "Bo")]}, notice="';' separates"
    ),
    "B049": Outcome(
        {"products.jsonl": (5, 2)},
        [("3", "bad JSON"), ("4", "bad JSON")],
        {P: [("p1", None, None, 4.5), ("p2",), ("p5", None, None, 5.0)]},
    ),
    "B051": Outcome(
        {"products.jsonl": (5, 1)},
        [("5", "must be text or a list of text")],
        contents(("p3", "AQUA|1,2-HEXANEDIOL"), ("p4", "AQUA|GLYCERIN")),
    ),
    "B052": Outcome({"a.jsonl": (2, 0)}, graph={U: [("u1",), ("u2",)]}),
    "B054": Outcome(
        {"products.parquet": (4, 0)},
        graph=contents(("p1", "AQUA|1,2-HEXANEDIOL"), ("p3", "GLYCERIN")),
        notice="1 missing element in lists of 'ingredients'",
    ),
    "B055": Outcome(
        {"products.parquet": (3, 0)},
        graph={
            "made_by": [("p1", "Acme", 1.0), ("p2", "Beta", 1.0), ("p3", "Acme", 1.0)],
            "for_skin": [("p1", "dry", 1.0), ("p2", "oily", 1.0), ("p3", "dry", 1.0)],
        },
    ),
    "B057": Outcome(
        {"users.csv": (4, 3)}, [("3", "empty id"), ("4", "empty id"), ("5", "empty id")], {U: [("u1", None, "Ann")]}
    ),
    "B058": Outcome(
        {"products.csv": (2, 0)}, graph={P: [("p1", None, "Toner"), ("p2", None, "Serum")]}, notice="Product_ID"
    ),
    "B060": Outcome(
        {"products.csv": (3, 0)},
        graph={P: [("p1", None, "Glow ✨👩\u200d🔬"), ("p2", None, "كريم الورد"), ("p3", None, "𠮷野 美容液")]},
    ),
    "B061": Outcome(
        PEOPLE | {"purchases.csv": (4, 2)},
        [("3", "unknown Product"), ("4", "unknown User")],
        {U: [("u1", None, "Ann"), ("u2", None, "Bo")], "bought": [("u1", "p1", 1.0), ("u2", "p3", 1.0)]},
    ),
    "B063": Outcome(
        PEOPLE | {"purchases.csv": (3, 0)}, graph={"bought": [("u1", "p1", 1.0), ("u1", "p2", 1.0), ("u2", "p3", 1.0)]}
    ),
    "B064": Outcome(PEOPLE | {"purchases.csv": (3, 0)}, graph={"bought": [("u1", "p1", 1.0, 1_706_745_600_000)]}),
    "B066": Outcome({"categories.csv": (8, 0)}, notice="cycles (1): A - B - C; linked to themselves (1): D"),
    "B121": Outcome(
        PEOPLE | {"interactions.csv": (3, 2)},
        [("3", "unknown relation"), ("4", "unknown relation")],
        {U: [("u1", None, "Ann"), ("u2", None, "Bo")], "bought": [("u1", "p1", 1.0)]},
    ),
    "B126": Outcome(
        {"users.csv": (3, 0)},
        graph={U: [("../../evil", None, "Ann"), ("k" * 300, None, "Cy"), ("u\x1b[2Jx", None, "Bo")]},
    ),
}


def load_case(name: str, workspace: Path) -> Any:
    case, _, variant = name.partition("/")
    mapping = CASES / case / (f"mapping_{variant}.toml" if variant else "mapping.toml")
    return load_sources(workspace, SCHEMA, read_mapping(mapping, SCHEMA), mapping.parent)


@pytest.mark.parametrize("name", OUTCOMES)
def test_case(name: str, tmp_path: Path) -> None:
    expected = OUTCOMES[name]
    report = load_case(name, tmp_path)
    assert {f.place: (f.rows, f.rejected) for f in report.files} == expected.files
    assert [(r["line"], r["reason"]) for r in (rejects(tmp_path) if expected.rejects else [])] == expected.rejects
    found = graph(tmp_path, SCHEMA)
    assert {key: found[key] for key in expected.graph} == expected.graph
    assert expected.notice in "\n".join(report.notices)
    assert not list((tmp_path / "staging").iterdir())
    again = load_case(name, tmp_path).to_json()
    counts = [*again["entities"].values(), *again["triples"].values()]
    assert all(count["created"] == count["updated"] == 0 for count in counts)


REFUSED = {
    "B004/untold": (ReadError, "line 1, byte 1: not valid UTF-8; tell the encoding"),
    "B006/gbk": (LimitError, "none of its 2 rows could be loaded; line 2: invalid bytes"),
    "B037": (ReadError, r"duplicate column 'user_id' \(columns 1 and 3\)"),
    "B039": (ReadError, "no header, the file is empty"),
    "B039/blank": (ReadError, "no header, the file is empty"),
    "B046": (LimitError, "not one cell of 'price' could be read; line 2: ambiguous number: 12,99 €"),
    "B052/array": (ReadError, "this is a JSON array, not JSON Lines"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_a_whole_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        load_case(name, tmp_path)
    assert graph(tmp_path, SCHEMA) == {}


def test_unterminated_quote_says_what_it_swallowed(tmp_path: Path) -> None:
    load_case("B030", tmp_path)
    assert rejects(tmp_path)[0]["hint"] == "close the quote; the 2 lines after it were read on their own"
    assert bad_rows(tmp_path) == {"products.csv": b'product_id,name,brand\np2,"Serum,B\n'}


def test_a_cell_of_140000_characters_is_loaded_whole(tmp_path: Path) -> None:
    """B043: beyond the field limit of Python's csv module."""
    mapping = (CASES / "B033" / "mapping.toml").read_text().replace("note", "description").split("[[source.link]]")[0]
    text = "x" * 140_000
    for name, cell in (("plain", text), ("quoted", f'"{text}\n"')):
        files = {"products.csv": f"product_id,description\np1,{cell}\np2,short\n"}
        load_text(tmp_path / name, SCHEMA, mapping, files)
        assert graph(tmp_path / name, SCHEMA)[P][0][-1] == text


def test_an_overlong_id_costs_its_own_row_only(tmp_path: Path) -> None:
    """B067: no index of Neo4j holds 9,000 bytes."""
    mapping = (CASES / "B018" / "mapping.toml").read_text()
    files = {"products.csv": f"product_id,name,ingredients\np1,A,{'Longname' * 1125}\np2,B,Aqua\n"}
    load_text(tmp_path, SCHEMA, mapping, files)
    assert [(r["line"], r["field"], r["reason"]) for r in rejects(tmp_path)] == [("2", "ingredients", "id too long")]
    assert ids(tmp_path, P) == ["p2"]
    assert ids(tmp_path, "Ingredient") == ["AQUA"]
