"""RDF in and out: odd files of others, terms of schema.org, whyrec's own exports."""

import gzip
import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import rdflib
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import example as explicit
from hypothesis import strategies as st

from kg.errors import LimitError, MappingError, ReadError
from kg.export.export import export
from kg.formats.by_file_name import sources_for_paths
from kg.mapping.mapping import rdf_mapping, read_mapping
from kg.notices import Notices
from kg.ontology.terms import entity_iri, entity_of
from kg.privacy.person_ids import People
from kg.privacy.pseudonym import Pseudonyms
from kg.rdf.blank_nodes import blank_ids
from kg.rdf.statements import StatementReader
from kg.rdf.syntaxes.json_ld import JsonLdReader
from kg.rdf.syntaxes.ntriples import NTriplesReader
from kg.rdf.syntaxes.turtle import TurtleReader
from kg.schema import Schema, parse_schema, read_schema
from kg.snapshot.building import take_snapshot
from kg.staging.report import LoadReport
from kg.workspace.creation import create_workspace
from kg.workspace.suppression import Suppression
from tests.kg.files import bad_rows, graph, load_sources, rejects, store_of

CASES = Path(__file__).parents[2] / "cases"
SCHEMA = read_schema(CASES / "rdf_schema.toml")
EX = "http://example.org/"
PREFIXES = f"@prefix ex: <{EX}> .\n@prefix s: <http://schema.org/> .\n"
SUFFIXES = (".ttl", ".nt", ".jsonld")


def load_files(workspace: Path, *paths: Path, more: str = "", schema: Schema = SCHEMA) -> LoadReport:
    """Load RDF files by the mapping of the cases, with ``more`` at its beginning."""
    workspace.mkdir(exist_ok=True)
    mapping = workspace / "mapping.toml"
    sources = "".join(f"[[source]]\nfile = '{path.absolute()}'\n" for path in paths)
    mapping.write_text(f"{sources}[rdf]\n{more}\n{(CASES / 'rdf_mapping.toml').read_text()}", encoding="utf-8")
    return load_sources(workspace, schema, read_mapping(mapping, schema), workspace)


def load_turtle(workspace: Path, text: str, more: str = "") -> LoadReport:
    """Load Turtle by the mapping of the cases."""
    workspace.mkdir(exist_ok=True)
    (workspace / "p.ttl").write_text(PREFIXES + text, encoding="utf-8")
    return load_files(workspace, workspace / "p.ttl", more=more)


def counts(report: LoadReport) -> list[tuple[int, int, int, int]]:
    """Rows, loaded, rejected, filtered of each file."""
    return [(file.rows, file.loaded, file.rejected, file.filtered) for file in report.files]


def unchanged(report: LoadReport) -> bool:
    """Whether a load wrote nothing."""
    return not any(one["created"] + one["updated"] for one in (*report.entities.values(), *report.triples.values()))


def contents(product: str, *names: str) -> list[tuple[str, str, float]]:
    return [(EX + product, name, 1.0) for name in names]


def test_b080_the_preferred_language_and_all_values(tmp_path: Path) -> None:
    report = load_files(tmp_path, CASES / "B080" / "p.ttl")
    assert counts(report) == [(6, 5, 0, 1)]
    assert graph(tmp_path, SCHEMA) == {
        "Product": [(f"{EX}p1", "Rose cream", "玫瑰面霜")],
        "Ingredient": [("Aqua",), ("Glycerin",)],
        "contains": contents("p1", "Aqua", "Glycerin"),
    }
    assert unchanged(load_files(tmp_path, CASES / "B080" / "p.ttl"))


def test_b082_blank_nodes_of_two_files_stay_two(tmp_path: Path) -> None:
    a, b = CASES / "B082" / "a.nt", CASES / "B082" / "b.nt"
    load_files(tmp_path, a, b)
    loaded = graph(tmp_path, SCHEMA)
    assert sorted(label for _, label in loaded["Brand"]) == ["Acme", "Beta"]
    assert all(re.fullmatch("_:[0-9a-f]{32}", brand) for brand, _ in loaded["Brand"])
    assert unchanged(load_files(tmp_path, b)) and unchanged(load_files(tmp_path, a))
    renamed = tmp_path / "c.nt"
    renamed.write_text("".join(reversed(a.read_text().replace("b0", "x").splitlines(keepends=True))))
    assert unchanged(load_files(tmp_path, renamed))


def test_b083_a_relative_iri_needs_a_base(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"p\.ttl: relative IRI <p1>; give a base"):
        load_files(tmp_path, CASES / "B083" / "p.ttl")
    load_files(tmp_path, CASES / "B083" / "p.ttl", more='base = "http://shop.test/"')
    assert graph(tmp_path, SCHEMA)["made_by"] == [("http://shop.test/p1", "http://shop.test/b1", 1.0)]


@pytest.mark.parametrize(
    ("name", "text"),
    [("x.nt", f"<{EX}p1> <p> <{EX}b> .\n"), ("x.jsonld", '{"@id": "p1", "@type": "http://example.org/Product"}')],
)
def test_relative_iris_are_refused_in_every_format(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=r"relative IRI <p1?>; give a base"):
        load_files(tmp_path, tmp_path / name)


def test_b085_values_come_as_they_are_written(tmp_path: Path) -> None:
    load_files(tmp_path, CASES / "B085" / "p.ttl")
    assert graph(tmp_path, SCHEMA)["Product"] == [(f"{EX}p1", None, None, 1.5, "1891", "2026-08-16T12:05:34Z", 5)]
    assert rdflib.NORMALIZE_LITERALS is True


def test_b086_a_literal_that_does_not_fit_is_rejected_alone(tmp_path: Path) -> None:
    assert counts(load_files(tmp_path, CASES / "B086" / "p.ttl")) == [(3, 2, 1, 0)]
    assert graph(tmp_path, SCHEMA)["Product"] == [
        (f"{EX}p1", None, None, 12.0),
        (f"{EX}p2",),
        (f"{EX}p3", None, None, 7.0),
    ]
    statement = f'<{EX}p2> <{EX}price> "hello"^^<http://www.w3.org/2001/XMLSchema#integer> .'
    (reject,) = rejects(tmp_path)
    assert (reject["field"], reject["value"], reject["reason"]) == (f"{EX}price", statement, "not an integer")
    assert bad_rows(tmp_path) == {"p.nt": f"{statement}\n".encode()}


def test_a_price_below_0_is_no_price(tmp_path: Path) -> None:
    (tmp_path / "p.nt").write_text(f'<{EX}p1> <{EX}price> "-3" .\n<{EX}p2> <{EX}price> "0" .\n')
    load_files(tmp_path, tmp_path / "p.nt")
    assert [(one["line"], one["reason"]) for one in rejects(tmp_path)] == [("1", "below 0")]


def test_rejects_of_ntriples_name_their_line_and_load_when_mended(tmp_path: Path) -> None:
    good, bad = f'<{EX}p1> <{EX}price> "1" .\n', f'<{EX}p2> <{EX}price> "x \\"y\\"" .\n'
    (tmp_path / "p.nt").write_text(f"# prices\n{good}\n{bad}")
    load_files(tmp_path, tmp_path / "p.nt")
    assert [(one["line"], one["reason"]) for one in rejects(tmp_path)] == [("4", "not a number")]
    (tmp_path / "mended.nt").write_bytes(bad_rows(tmp_path)["p.nt"].replace(b'x \\"y\\"', b"2"))
    load_files(tmp_path, tmp_path / "mended.nt")
    assert graph(tmp_path, SCHEMA)["Product"] == [(f"{EX}p1", None, None, 1.0), (f"{EX}p2", None, None, 2.0)]


def test_b088_a_cut_file_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"p\.ttl: line 5, column 16: not Turtle: Unexpected end of file"):
        load_files(tmp_path, CASES / "B088" / "p.ttl")
    assert graph(tmp_path, SCHEMA) == {}


@pytest.mark.parametrize(
    ("name", "text", "place"),
    [
        (
            "x.ttl",
            f"@prefix ex: <{EX}> .\nex:a ex:b ex:c ;; ex:d e:f .",
            "line 2, column 24: not Turtle: The prefix e: has",
        ),
        ("x.ttl", f"@prefix ex: <{EX}> .\nex:a ex:b 1, << ex:a ex:b 1 >> .", "a statement about a statement"),
        ("x.jsonld", '{\n"@id": }', "line 2, column 8"),
    ],
)
def test_syntax_errors_name_line_and_column(tmp_path: Path, name: str, text: str, place: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=f"{name}: {place}"):
        load_files(tmp_path, tmp_path / name)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        (f'<{EX}a> <{EX}b> "c" .\n<{EX}a> <{EX}b> "c\n', "2", "column 47"),
        (f'<{EX}a> <{EX}b> "\\x" .\n', "1", "column 48"),
        (f'<{EX}a> "b" "c" .\n', "1", "column 24"),
    ],
)
def test_lines_that_are_no_statements_are_rejects(tmp_path: Path, text: str, line: str, column: str) -> None:
    (tmp_path / "x.nt").write_text(text)
    with pytest.raises(LimitError, match="not N-Triples"):
        load_files(tmp_path, tmp_path / "x.nt")
    assert [(r["line"], r["hint"].split(":")[0]) for r in rejects(tmp_path)] == [(line, column)]


def test_a_file_without_statements_says_so(tmp_path: Path) -> None:
    report = load_turtle(tmp_path, "")
    assert counts(report) == [(0, 0, 0, 0)] and "no RDF statement in this file" in report.notices[0]


def test_b089_a_list_is_several_triples(tmp_path: Path) -> None:
    assert counts(load_files(tmp_path, CASES / "B089" / "p.ttl")) == [(8, 8, 0, 0)]
    loaded = graph(tmp_path, SCHEMA)
    assert loaded["Ingredient"] == [("Aqua",), ("Glycerin",), ("Parfum",)]
    assert loaded["contains"] == contents("p1", "Aqua", "Glycerin", "Parfum")


def test_a_broken_list_and_a_faulty_member_reject_the_statement_with_its_cells(tmp_path: Path) -> None:
    cell = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    broken = f'ex:p1 ex:ingredient _:l . _:l <{cell}first> "Aqua" ; <{cell}rest> _:l .'
    faulty = f'ex:p2 ex:ingredient ( "Talc" "{"x" * 4001}" ) .'
    report = load_turtle(tmp_path, f"{broken}\n{faulty}\nex:p3 ex:ingredient () , 'Mica' .")
    assert counts(report) == [(10, 2, 6, 2)]
    assert graph(tmp_path, SCHEMA)["Ingredient"] == [("Mica",)]
    reasons = sorted(one["reason"] for one in rejects(tmp_path))
    assert reasons == ["broken RDF list", "id too long", *["part of the list of a rejected statement"] * 4]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ('ex:name "Ro\\u0000se"', "NUL byte"),
        ('ex:ingredients ( "Aqua" ( "Parfum" ) )', "broken RDF list"),
        ('ex:ingredients ( "Aq\\u0000ua" )', "broken RDF list"),
        ('ex:ingredient ""', ""),
    ],
)
def test_what_is_no_value_is_told_or_says_nothing(tmp_path: Path, statement: str, reason: str) -> None:
    (tmp_path / "p.ttl").write_text(f"{PREFIXES}ex:p1 a ex:Product ; {statement} .\nex:p2 a ex:Product .\n")
    report = load_files(tmp_path / "w", tmp_path / "p.ttl")
    assert graph(tmp_path / "w", SCHEMA) == {"Product": [(f"{EX}p1",), (f"{EX}p2",)]}
    assert (reason in {row["reason"] for row in rejects(tmp_path / "w")}) if reason else not report.rejected


@pytest.mark.parametrize("text", ["null", "5", '"x"', '{"a":' * 3000 + "1" + "}" * 3000])
def test_json_that_describes_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.jsonld").write_text(text)
    with pytest.raises(ReadError, match=r"not JSON-LD: (it holds no object|nested too deeply)"):
        load_files(tmp_path / "w", tmp_path / "p.jsonld")


def test_types_come_from_statements_before_places_whatever_the_order_of_files(tmp_path: Path) -> None:
    texts = {
        "a.nt": f"<{EX}p1> <{EX}ingredient> <{EX}x> .\n<{EX}p1> <{EX}ingredient> <{EX}p2> .\n",
        "b.nt": f"<{EX}p2> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{EX}Product> .\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    found = []
    for number, names in enumerate((["a.nt", "b.nt"], ["b.nt", "a.nt"])):
        report = load_files(tmp_path / str(number), *(tmp_path / name for name in names))
        assert report.rejected == 1
        assert rejects(tmp_path / str(number))[0]["reason"] == "the object is no Ingredient"
        found.append(graph(tmp_path / str(number), SCHEMA))
    assert found[0] == found[1] and found[0]["contains"] == contents("p1", f"{EX}x")


def test_what_was_loaded_before_tells_types(tmp_path: Path) -> None:
    load_turtle(tmp_path, "ex:p1 ex:brand ex:b1 .")
    assert counts(load_turtle(tmp_path, "ex:b1 ex:name 'Acme' . ex:b2 ex:name 'Nobody' .")) == [(2, 1, 0, 1)]
    assert graph(tmp_path, SCHEMA)["Brand"] == [(f"{EX}b1", "Acme")]


@pytest.mark.parametrize(
    ("labels", "label"),
    [
        ("'plain', 'Crème'@fr, 'Cream'@en-GB, 'Cream US'@en", "Cream US"),
        ("'plain', 'Crème'@fr, 'Cream'@en-GB", "Cream"),
        ("'plain', 'Crème'@fr", "plain"),
        ("'Crème'@fr, 'Sahne'@de", "Sahne"),
        ("'A'@en, 'B'@en", "B"),
    ],
)
def test_labels_by_language(tmp_path: Path, labels: str, label: str) -> None:
    load_turtle(tmp_path, f"ex:p1 a ex:Product ; ex:name {labels}, '面霜'@zh-Hans .")
    assert graph(tmp_path, SCHEMA)["Product"] == [(f"{EX}p1", label, "面霜")]


def test_languages_and_ids_as_told(tmp_path: Path) -> None:
    told = f'languages = ["fr"]\nid_prefix = "{EX}"'
    load_turtle(tmp_path, "ex:p1 a ex:Product ; ex:name 'Cream'@en, 'Crème'@fr .", told)
    assert graph(tmp_path, SCHEMA)["Product"] == [("p1", "Crème")]


def test_statements_without_a_place_are_counted_and_named(tmp_path: Path) -> None:
    report = load_turtle(tmp_path, "ex:p1 a ex:Product ; ex:colour 'red', 'blue' ; ex:size 3 . ex:x a ex:Shop .")
    assert counts(report) == [(5, 1, 0, 4)]
    assert f"4 statements have no place in the graph: {EX}colour (2), {EX}size (1), rdf:type {EX}Shop (1)" in "\n".join(
        report.notices
    )


SHOP = """
ex:p1 a s:Product ; s:name "Rose cream"@en, "玫瑰面霜"@zh-CN ; s:brand [ a s:Brand ; s:name "Acme" ] ;
  s:offers [ a s:Offer ; s:price "12.50" ] ;
  s:review [ a s:Review ; s:author ex:ann ; s:reviewRating [ s:ratingValue 4 ] ; s:datePublished "2024-01-31" ] .
ex:c1 a s:Course ; s:name "Skin care" ; s:offers [ s:lowPrice 9.5 ] ; s:about ex:toning .
ex:ann a s:Person ; s:follows ex:b9 .
ex:toning s:name "Toning" .
ex:r1 a s:Review ; s:itemReviewed ex:c1 ; s:author "Bob" .
ex:r2 a s:Review ; s:itemReviewed ex:c1 ; s:author "Cy" ; s:reviewRating [ s:ratingValue "good" ] .
ex:r3 a s:Review ; s:itemReviewed ex:c1 .
"""


def test_schema_org_needs_no_mapping_with_the_shipped_schema(tmp_path: Path) -> None:
    schema = create_workspace(tmp_path).schema
    (tmp_path / "shop.ttl").write_text(PREFIXES + SHOP, encoding="utf-8")
    report = load_sources(tmp_path, schema, sources_for_paths([tmp_path / "shop.ttl"], schema), Path())
    assert counts(report) == [(33, 25, 7, 1)]
    found = graph(tmp_path, schema)
    brand = found.pop("made_by")[0][1]
    assert found == {
        "Product": [(f"{EX}p1", "Rose cream", "玫瑰面霜", 12.5)],
        "Course": [(f"{EX}c1", "Skin care", None, 9.5)],
        "User": [("Bob",), (f"{EX}ann",)],
        "Brand": sorted([(f"{EX}b9",), (brand, "Acme")]),
        "Topic": [(f"{EX}toning", "Toning")],
        "about": [(f"{EX}c1", f"{EX}toning", 1.0)],
        "follows": [(f"{EX}ann", f"{EX}b9", 1.0)],
        "purchased": [(f"{EX}ann", f"{EX}p1", 4.0, 1_706_659_200_000)],
        "enrolled_in": [("Bob", f"{EX}c1", 1.0)],
    }
    assert {one["reason"] for one in rejects(tmp_path)} == {"not a number", "no head"}


def test_jsonld_as_shops_embed_it(tmp_path: Path) -> None:
    schema = create_workspace(tmp_path).schema
    offer = '"offers": {"@type": "Offer", "price": 12.5}, "brand": {"@type": "Brand", "@id": "http://x.test/b"}'
    text = f'{{"@context": "https://schema.org", "@id": "{EX}p1", "@type": "Product", "name": "Cream", {offer}}}'
    (tmp_path / "p.jsonld").write_text(text)
    load_sources(tmp_path, schema, sources_for_paths([tmp_path / "p.jsonld"], schema), Path())
    assert graph(tmp_path, schema)["Product"] == [(f"{EX}p1", "Cream", None, 12.5)]
    assert graph(tmp_path, schema)["made_by"] == [(f"{EX}p1", "http://x.test/b", 1.0)]
    (tmp_path / "p.jsonld").write_text(text.replace("schema.org", "elsewhere.test"))
    with pytest.raises(ReadError, match=r"context 'https://elsewhere\.test' is not fetched"):
        load_sources(tmp_path, schema, sources_for_paths([tmp_path / "p.jsonld"], schema), Path())
    for hidden in (
        '{"x": {"@id": "http://x/x", "@context": "http://127.0.0.1:9"}}',
        '{"@import": "http://127.0.0.1:9"}',
    ):
        (tmp_path / "p.jsonld").write_text(
            f'{{"@context": {hidden}, "@id": "http://x/a", "x": {{"@id": "http://x/b"}}}}'
        )
        with pytest.raises(ReadError, match=r"context 'http://127\.0\.0\.1:9' is not fetched"):
            load_sources(tmp_path, schema, sources_for_paths([tmp_path / "p.jsonld"], schema), Path())


def test_another_schema_needs_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "shop.ttl").write_text(PREFIXES + SHOP, encoding="utf-8")
    sources = sources_for_paths([tmp_path / "shop.ttl"], SCHEMA)
    with pytest.raises(MappingError, match=r"none of its 33 statements means anything .* write an \[rdf\] table"):
        load_sources(tmp_path, SCHEMA, sources, Path())


def test_a_file_of_which_nothing_is_good_breaks_the_limit(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match=f"none of its 1 row could be loaded; {EX}price: not a number"):
        load_turtle(tmp_path, "ex:p1 ex:price 'much' .")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[rdf]\nbasis = "http://x/"', r"rdf\.basis: unknown key; nearest: 'base'"),
        ('[rdf]\nbase = "shop"', r"rdf\.base: .*\(got 'shop'\)"),
        ('[rdf.class]\n"ex:P" = "Product"', "'ex:P' has no known prefix"),
        ('[rdf.class]\n"schema:Product" = "Produkt"', "unknown entity type 'Produkt'; nearest: 'Product'"),
        ('[rdf.property]\n"schema:brand" = "made_bi"', "unknown relation or property 'made_bi'; nearest: 'made_by'"),
        ('[rdf.property]\n"schema:price" = "Brand.price"', "unknown property of Brand 'price'"),
        ('[rdf.property]\n"schema:a//schema:b" = "price"', "'schema:a//schema:b' is no path"),
        ('[rdf.property]\n"schema:brand" = { to = "made_by", splitt = "," }', "splitt: unknown key; nearest: 'split'"),
        ('[[source]]\nfile = "a.ttl"\nentity = "Product"\n[rdf]', "the key 'entity' does not go with RDF"),
    ],
)
def test_mistakes_in_the_mapping(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "mapping.toml").write_text(text)
    with pytest.raises(MappingError, match=message):
        rdf_mapping(tmp_path / "mapping.toml", SCHEMA)


def test_an_inverse_relation_a_path_and_a_literal_of_several_ids(tmp_path: Path) -> None:
    mapping = (
        '[rdf.property]\n"schema:makes" = "~made_by"\n"schema:offers/schema:price" = "price"\n'
        '"schema:material" = { to = "contains", split = ";", normalise = "inci" }\n'
    )
    (tmp_path / "mapping.toml").write_text('[[source]]\nfile = "p.ttl"\n' + mapping)
    text = "ex:acme s:makes ex:p1 . ex:p1 s:offers [ s:price 3 ] ; s:material 'Aqua; Glycerin' ."
    (tmp_path / "p.ttl").write_text(PREFIXES + text)
    load_sources(tmp_path, SCHEMA, read_mapping(tmp_path / "mapping.toml", SCHEMA), tmp_path)
    found = graph(tmp_path, SCHEMA)
    assert found["made_by"] == [(f"{EX}p1", f"{EX}acme", 1.0)]
    assert found["Product"] == [(f"{EX}p1", None, None, 3.0)]
    assert found["contains"] == contents("p1", "AQUA", "GLYCERIN")


def blank_frame(*statements: tuple[str, str, str, int]) -> pl.DataFrame:
    frame = pl.DataFrame(
        statements, schema={"s": pl.String, "p": pl.String, "o": pl.String, "kind": pl.Int8}, orient="row"
    )
    nothing = pl.lit(None, dtype=pl.String)
    return frame.with_columns(nothing.alias("datatype"), nothing.alias("lang"))


def test_blank_nodes_are_told_apart_by_what_others_say() -> None:
    chain = [("p", "q", "_:a", 1), ("_:a", "q", "_:b", 1), ("_:b", "q", "_:c", 1)]
    ids = blank_ids(blank_frame(*chain))
    assert len(set(ids.values())) == 3
    again = blank_ids(blank_frame(*((s.upper(), p, o.upper() if k else o, k) for s, p, o, k in reversed(chain))))
    assert {again["_:A"], again["_:B"]}.isdisjoint({again["_:C"]})
    twins = blank_ids(blank_frame(("p", "q", "_:a", 1), ("p", "q", "_:b", 1)))
    assert twins["_:b"] == twins["_:a"] + "-2"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The snapshot of the example."""
    workspace = create_workspace(tmp_path_factory.mktemp("example"), example=True)
    load_sources(
        workspace.folder, workspace.schema, read_mapping(workspace.mapping, workspace.schema), workspace.folder
    )
    store = store_of(workspace.folder, workspace.schema, read_only=True)
    try:
        return take_snapshot(store, workspace.schema, workspace.snapshots)
    finally:
        store.close()


def reloaded(folder: Path, schema: Schema, path: Path) -> str:
    """The hash after loading an export into a new workspace."""
    report = load_sources(folder, schema, sources_for_paths([path], schema), Path())
    assert all(file.rows == file.loaded for file in report.files)
    store = store_of(folder, schema, read_only=True)
    try:
        return take_snapshot(store, schema, folder / "snapshot").hash
    finally:
        store.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_export_and_import_give_the_same_snapshot(example: Any, tmp_path: Path, suffix: str) -> None:
    export(example, tmp_path / f"example{suffix}")
    assert reloaded(tmp_path / "again", example.schema, tmp_path / f"example{suffix}") == example.hash


NASTY = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
) | st.sampled_from(["http://x.test/a b", "http://x.test/a", "_:b0", "urn:whyrec:entity:A:x", 'a"b\\c\nd\r\te', "007"])
NASTY_SCHEMA = parse_schema(
    {
        "name": "nasty",
        "entity": {
            "A": {"properties": {"label_zh_Hans": "str", "n": "int", "x": "float", "b": "bool", "t": "str"}},
            "B": {},
        },
        "relation": {"r": {"head": "A", "tail": "B"}},
    }
)


def reader_of(path: Path) -> StatementReader:
    """The reader for an export."""
    if path.suffix == ".nt":
        return NTriplesReader(path, path.name, None, Notices())
    if path.suffix == ".jsonld":
        return JsonLdReader(path, path.name, None)
    return TurtleReader(path, path.name, None, Notices())


@settings(
    max_examples=3, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(
    ids=st.lists(NASTY, min_size=20, max_size=60, unique=True),
    text=st.none() | NASTY | st.just(""),
    number=st.integers(-(2**63), 2**63 - 1),
    real=st.floats(allow_nan=False, allow_infinity=False),
)
@explicit(ids=['a"b\\c', "u", "\\"], text='a"b\\c\nd\r\te\\\\u', number=1, real=0.5)
def test_whatever_ids_and_texts_survive(
    ids: list[str], text: str | None, number: int, real: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("nasty")
    store = store_of(folder, NASTY_SCHEMA)
    try:
        values = {"label": text, "label_zh_Hans": text, "n": number, "x": real, "b": number > 0, "t": text}
        frame = pl.DataFrame([{"id": one, **values} for one in ids], schema_overrides={"n": pl.Int64}, strict=False)
        strings = [pl.col(name).cast(pl.String) for name in ("label", "label_zh_Hans", "t")]
        store.create_entities("A", frame.with_columns(strings))
        store.create_entities(
            "B", pl.DataFrame({"id": ids, "label": [None] * len(ids)}, schema_overrides={"label": pl.String})
        )
        pairs = {"head": ids, "tail": ids[::-1], "weight": [1.0, real, *[0.5] * (len(ids) - 2)]}
        times = pl.Series("timestamp", [None, 5, *[None] * (len(ids) - 2)], dtype=pl.Int64)
        store.create_triples("r", pl.DataFrame(pairs).with_columns(times))
        snapshot = take_snapshot(store, NASTY_SCHEMA, folder / "snapshot")
    finally:
        store.close()
    statements = []
    for suffix in SUFFIXES:
        export(snapshot, folder / f"x{suffix}")
        frames = reader_of(folder / f"x{suffix}").batches()
        statements.append(set(pl.concat(frames).drop("line").with_columns(pl.col("lang").str.to_lowercase()).rows()))
    assert statements[0] == statements[1] == statements[2]
    assert reloaded(folder / "again", NASTY_SCHEMA, folder / "x.nt") == snapshot.hash


@given(NASTY)
def test_ids_in_iris_are_reversible(entity_id: str) -> None:
    iri = entity_iri("Product", entity_id)
    assert entity_of(iri) == ("Product", entity_id) and re.fullmatch(r"[A-Za-z0-9:._%-]+", iri)


def test_people_get_pseudonyms_and_the_forgotten_stay_away(tmp_path: Path) -> None:
    text = "ex:ann a s:Person ; s:name 'Ann' ; ex:bought ex:p1 . ex:bob ex:bought ex:p1, ex:p2 ."
    told = '[rdf.property]\n"schema:name" = "label"\n"http://example.org/bought" = "bought"\n'
    (tmp_path / "p.ttl").write_text(PREFIXES + text)
    (tmp_path / "m.toml").write_text('[[source]]\nfile = "p.ttl"\n[rdf.class]\n"schema:Person" = "User"\n' + told)
    sources, pseudonyms = read_mapping(tmp_path / "m.toml", SCHEMA), Pseudonyms(b"k" * 16)
    suppression = Suppression(tmp_path / "forgotten.json")
    suppression.add([("User", f"{EX}bob")])
    load_sources(tmp_path / "a", SCHEMA, sources, tmp_path, people=People(SCHEMA, None, suppression))
    assert graph(tmp_path / "a", SCHEMA)["bought"] == [(f"{EX}ann", f"{EX}p1", 1.0)]
    assert graph(tmp_path / "a", SCHEMA)["User"] == [(f"{EX}ann", "Ann")]
    load_sources(tmp_path / "b", SCHEMA, sources, tmp_path, people=People(SCHEMA, pseudonyms))
    ids = sorted(pseudonyms.of("User", EX + name) for name in ("ann", "bob"))
    assert graph(tmp_path / "b", SCHEMA)["User"] == [(one,) for one in ids]


def test_packed_ntriples(tmp_path: Path) -> None:
    (tmp_path / "p.nt.gz").write_bytes(gzip.compress(f'<{EX}p1> <{EX}price> "5" .\r\n'.encode()))
    assert counts(load_files(tmp_path, tmp_path / "p.nt.gz")) == [(1, 1, 0, 0)]
