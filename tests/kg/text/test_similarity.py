"""Items whose texts are alike."""

import math
from pathlib import Path

import polars as pl
import pytest

from kg.errors import MappingError
from kg.mapping.link import Similar
from kg.schema import parse_schema
from kg.text.similarity import similar_triples
from tests.kg.files import graph, load_text

SCHEMA = parse_schema(
    {
        "name": "shop",
        "entity": {"Product": {"domain": "cosmetics"}, "Brand": {}, "Ingredient": {}},
        "relation": {
            "like": {"head": "Product", "tail": "Product"},
            "made_by": {"head": "Product", "tail": "Brand"},
            "contains": {"head": "Product", "tail": "Ingredient"},
        },
    }
)
SOURCE = '[[source]]\nfile = "p.csv"\nentity = "Product"\nid = "id"\n'
SIMILAR = '[[source.similar]]\nrelation = "like"\ncolumns = ["text"]\n'


def triples(texts: dict[str, str], **keys: object) -> list[tuple[str, str, float]]:
    frame = pl.DataFrame({"head": list(texts), "text": list(texts.values())})
    options = Similar.model_validate({"relation": "like", "columns": ["text"], **keys})
    found = similar_triples(frame, options)
    assert found.equals(similar_triples(frame.reverse(), options))
    return list(found.drop("timestamp").iter_rows())


def test_weight_is_the_cosine_of_tf_idf() -> None:
    found = triples({"a": "rose oil, rose", "b": "Rose water", "c": "soap"}, min_similarity=0)
    rare, common = math.log(4 / 2) + 1, math.log(4 / 3) + 1
    a, b = (1 + math.log(2)) * common, common
    cosine = a * b / math.hypot(a, rare) / math.hypot(b, rare)
    assert found == [("a", "b", pytest.approx(cosine)), ("b", "a", pytest.approx(cosine))]


def test_the_nearest_come_first_and_ties_are_in_the_order_of_ids() -> None:
    texts = {"d": "rose oil", "c": "rose oil", "b": "rose oil", "a": "rose soap", "e": "!? -"}
    found = triples(texts, top=2)
    assert [(head, tail) for head, tail, _ in found if head in "bd"] == [("b", "c"), ("b", "d"), ("d", "b"), ("d", "c")]
    assert {weight for head, _, weight in found if head != "a"} == {1.0}
    assert triples(texts, min_similarity=0.9, top=1) == [("b", "c", 1.0), ("c", "b", 1.0), ("d", "b", 1.0)]


def test_pairs_of_chinese_characters_are_terms() -> None:
    found = triples({"a": "玫瑰精油", "b": "玫瑰水", "c": "水油", "d": "瑰玫"}, min_similarity=0)
    assert [triple[:2] for triple in found] == [("a", "b"), ("b", "a")]


def test_words_of_most_texts_say_nothing() -> None:
    texts = {f"p{i}": f"serum number{i}" for i in range(12)} | {"q": "serum number3"}
    assert [triple[:2] for triple in triples(texts)] == [("p3", "q"), ("q", "p3")]
    assert triples({}) == []


def test_a_load_makes_them_triples(tmp_path: Path) -> None:
    files = {"p.csv": "id,text\na,rose oil\nb,rose oil\nc,soap\nd,\n"}
    report = load_text(tmp_path, SCHEMA, SOURCE + SIMILAR, files)
    assert graph(tmp_path, SCHEMA)["like"] == [("a", "b", 1.0), ("b", "a", 1.0)]
    assert report.notices == []
    again = load_text(tmp_path, SCHEMA, SOURCE + SIMILAR, files)
    assert (again.triples["like"]["created"], again.triples["like"]["unchanged"]) == (0, 2)


def test_ends_must_be_of_the_type_of_the_rows(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"similar\.0\.relation: made_by leads to Brand, but .* are Product"):
        load_text(tmp_path, SCHEMA, SOURCE + SIMILAR.replace("like", "made_by"), {"p.csv": "id,text\n"})


def test_what_may_be_contained_has_the_weight_of_the_mapping(tmp_path: Path) -> None:
    link = '[[source.link]]\nrelation = "contains"\ntail = "text"\nnormalise = "inci"\n'
    files = {"p.csv": 'id,text\na,"Aqua, Talc. May contain: Mica, Talc"\nb,Mica\n'}
    report = load_text(tmp_path / "out", SCHEMA, SOURCE + link, files)
    assert graph(tmp_path / "out", SCHEMA)["contains"] == [("a", "AQUA", 1.0), ("a", "TALC", 1.0), ("b", "MICA", 1.0)]
    assert report.notices == ["p.csv: 1 name after \"may contain\" in 'text' was left out"]
    report = load_text(tmp_path / "in", SCHEMA, f"{SOURCE}{link}possible_weight = 0.25\n", files)
    assert graph(tmp_path / "in", SCHEMA)["contains"] == [
        ("a", "AQUA", 1.0),
        ("a", "MICA", 0.25),
        ("a", "TALC", 1.0),
        ("b", "MICA", 1.0),
    ]
    assert report.notices == ["p.csv: 1 name after \"may contain\" in 'text' got the weight 0.25"]
