"""N-Quads, TriG, lines that are no statements, IRIs that are none, and nodes that are known by their name."""

from pathlib import Path

import pytest

from kg.errors import LimitError, ReadError
from kg.formats.by_file_name import sources_for_paths
from kg.schema import read_schema
from tests.kg.files import bad_rows, graph, load_sources, rejects
from tests.kg.rdf.test_rdf import CASES, EX, PREFIXES, SCHEMA, load_files

SHOP = read_schema(Path(__file__).parents[3] / "kg" / "example" / "schema.toml")
PRICE = f'<{EX}p{{}}> <{EX}price> "{{}}" '


def test_one_bad_line_of_ntriples_is_one_reject(tmp_path: Path) -> None:
    lines = [
        PRICE.format(1, 1) + ".",
        PRICE.format(2, 2) + "",
        f'<{EX}{{id}}> <{EX}price> "3" .',
        f'<{EX}\\u007Bid> <{EX}price> "3" .',
        PRICE.format(4, 4) + ".",
    ]
    text = "\n".join(lines).encode() + b"\n<" + EX.encode() + b'p5> <x:y> "caf\xe9" .\n'
    (tmp_path / "p.nt").write_bytes(text)
    report = load_files(tmp_path, tmp_path / "p.nt")
    assert [(f.rows, f.loaded, f.rejected, f.filtered) for f in report.files] == [(6, 2, 4, 0)]
    found = [(r["line"], r["reason"], r["hint"].split(" ")[0]) for r in rejects(tmp_path)]
    assert found[:3] == [
        ("2", "not N-Triples", "column"),
        ("3", "not N-Triples", "column"),
        ("4", "not N-Triples", "column"),
    ]
    assert found[3][:2] == ("6", "not UTF-8, as N-Triples must be")
    assert bad_rows(tmp_path)["p.nt"].splitlines()[0].decode() == lines[1]
    (tmp_path / "none.nt").write_text("no triple\n")
    with pytest.raises(LimitError, match=r"none\.nt: none of its 1 row could be loaded; line 1: not N-Triples"):
        load_files(tmp_path, tmp_path / "none.nt")


@pytest.mark.parametrize("suffix", [".nq", ".trig"])
def test_graphs_with_names_are_taken_as_one(tmp_path: Path, suffix: str) -> None:
    quads = (
        PRICE.format(1, 1) + f"<{EX}graph> .\n" + PRICE.format(2, 2) + ".\n" + PRICE.format(3, "\\u0033") + "_:g .\n"
        f"<{EX}p1> <{EX}brand> <{EX}b1> <{EX}graph> . # said\n"
    )
    trig = f'{PREFIXES}ex:graph {{ ex:p1 ex:price "1"; ex:brand ex:b1 }}\n'
    trig += 'ex:p2 ex:price "2" .\nGRAPH _:g { ex:p3 ex:price "3" }\n'
    path = tmp_path / f"p{suffix}"
    path.write_text(quads if suffix == ".nq" else trig)
    report = load_files(tmp_path, path)
    assert report.rejected == 0
    assert [row[::3] for row in graph(tmp_path, SCHEMA)["Product"]] == [(f"{EX}p{i}", float(i)) for i in (1, 2, 3)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.ttl", f'<{EX}{{id}}> <{EX}price> "1" .'),
        ("p.trig", f'<{EX}{{id}}> <{EX}price> "1" .'),
        ("p.jsonld", f'{{"@id": "{EX}{{id}}", "{EX}price": "1"}}'),
    ],
)
def test_braces_are_no_part_of_an_iri(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=r"is no IRI, it holds '{'"):
        load_files(tmp_path, tmp_path / name)


def test_b142_a_brand_without_an_iri_is_one_brand_on_all_pages(tmp_path: Path) -> None:
    pages = sorted((CASES / "B142").glob("*.jsonld"))
    load_sources(tmp_path, SHOP, sources_for_paths(pages, SHOP), tmp_path)
    found = graph(tmp_path, SHOP)
    assert found["Brand"] == [("Nordlys", "Nordlys")]
    assert [row[1] for row in found["made_by"]] == ["Nordlys"] * 3
    (tmp_path / "page4.jsonld").write_text(
        '{"@context": "https://schema.org/", "@type": "Product", "sku": "S4", "name": "Cream 4",'
        ' "brand": {"@type": "Brand", "name": " Nordlys "}}'
    )
    load_sources(tmp_path, SHOP, sources_for_paths([tmp_path / "page4.jsonld"], SHOP), tmp_path)
    found = graph(tmp_path, SHOP)
    assert len(found["Brand"]) == 1 and ("S4", "Nordlys", 1.0) in found["made_by"]
