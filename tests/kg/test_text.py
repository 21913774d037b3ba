"""Labels found in text: whole words, longest first, in English and Chinese."""

import math

import polars as pl
import pytest

from kg.mapping import Text
from kg.text import COLUMN_BREAK, LabelMatcher, text_triples

LABELS = pl.DataFrame(
    {
        "id": ["soap", "hand-soap", "ROSE_OIL", "rose", "nail", "c", "cpp", "水", "透明质酸", "X1", "Ä"],
        "label": [None, "Hand soap", None, "Rose", "Nail", "C", "C++", None, None, "Niacinamide", "Ägypten"],
    }
)


def matcher(**keys: object) -> LabelMatcher:
    return LabelMatcher(LABELS, Text.model_validate({"relation": "teaches", "columns": ["t"], **keys}))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Soap, SOAP and (soap)!", {"soap": 3}),
        ("soap-ui, soapy, anti-soap", {}),
        ("soap - ui", {"soap": 1}),
        ("Hand  soap\nfor soap", {"hand-soap": 1, "soap": 1}),
        ("rose oil", {"ROSE_OIL": 1}),
        ("primrose roses rose's", {"rose": 1}),
        ("thumbnails", {}),
        ("C++ and C# and C", {"cpp": 1}),
        ("含透明质酸的水", {"透明质酸": 1}),
        ("买Soap吧", {"soap": 1}),
        ("X1 niacinamide", {"X1": 1}),
        ("ÄGYPTEN", {"Ä": 1}),
        ("A\u0308gypten", {"Ä": 1}),
        (f"hand{COLUMN_BREAK}soap", {"soap": 1}),
    ],
)
def test_matches(text: str, found: dict[str, int]) -> None:
    assert matcher().find(text) == found


def test_stop_phrases_mask_their_words_only() -> None:
    stopped = matcher(stop=["Soap UI", "rose"])
    assert stopped.find("hand soap ui; soap ui; soap; rose; rose oil") == {"soap": 1}


def test_words_of_slugs() -> None:
    assert matcher(word_separators="-", stop=["soap ui"]).find("soap-ui-or-hand-soap") == {"hand-soap": 1}


def test_aliases_lead_to_ids_and_labels() -> None:
    found = matcher(aliases={"roses": "rose", "vitamin b3": "niacinamide", "H2O": "水", "x": "nobody"})
    assert found.find("Roses, h2o, vitamin B3, x") == {"rose": 1, "水": 1, "X1": 1}
    assert found.unknown_aliases == ["x"]


def test_weights_are_tf_idf_between_0_and_1() -> None:
    texts = pl.DataFrame({"head": ["a", "b", "c", "a"], "text": ["soap soap rose", "soap", "nothing", "nail"]})
    triples = {(h, t): w for h, t, w, _ in text_triples(texts, matcher(), "tfidf").iter_rows()}
    common = (math.log(4 / 3) + 1) / (math.log(4 / 2) + 1)
    expected = {("a", "soap"): common, ("a", "rose"): 0.5, ("a", "nail"): 0.5, ("b", "soap"): common}
    assert triples == pytest.approx(expected)
    assert set(text_triples(texts, matcher(), "none").get_column("weight")) == {1.0}
    shuffled = texts.sample(fraction=1.0, shuffle=True, seed=1)
    assert text_triples(shuffled, matcher(), "tfidf").equals(text_triples(texts, matcher(), "tfidf"))
