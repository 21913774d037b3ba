"""Labels found in text: whole words, longest first, in English and Chinese."""

import math
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.mapping.link import Text
from kg.text import words
from kg.text.label_matching import LabelMatcher, text_triples
from kg.text.words import COLUMN_BREAK, word_rows

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
        ("soap\u2011ui, soap\u2014ui, -soap-, soap--ui", {"soap": 3}),
        ("soap_ui #soap soap# +soap", {"soap": 2}),
        ("\x02\x03soap\x03hand soap", {"soap": 1, "hand-soap": 1}),
        ("", {}),
    ],
)
def test_matches(text: str, found: dict[str, int]) -> None:
    assert matcher().find(text) == found


def test_ids_are_looked_for_where_asked() -> None:
    labels = pl.DataFrame({"id": ["dry_skin", "p1", "oily"], "label": ["Xerosis", "Serum", None]})
    text = "dry skin, p1, oily, dry_skin"
    for ids, found in ((False, {"oily": 1}), (True, {"oily": 1, "dry_skin": 1})):
        options = Text.model_validate({"relation": "suits", "columns": ["t"], "ids": ids})
        assert LabelMatcher(labels, options).find(text) == found


SENTENCES = st.lists(st.sampled_from([*"abc", "bb", "-", "+", "水", ",", " ", " "]), max_size=12).map("".join)


@settings(deadline=None, max_examples=60)
@given(st.lists(SENTENCES, max_size=5), st.lists(SENTENCES, max_size=4), st.lists(SENTENCES, min_size=1, max_size=4))
def test_many_texts_at_once_are_searched_as_one_by_one(labels: list[str], stop: list[str], texts: list[str]) -> None:
    frame = pl.DataFrame({"id": [f"e{i}" for i in range(len(labels))], "label": labels}, {"id": str, "label": str})
    options = Text.model_validate({"relation": "teaches", "columns": ["t"], "stop": stop})
    found = LabelMatcher(frame, options)
    rows, tails = found.find_all(texts)
    for number, text in enumerate(texts):
        expected = searched_word_by_word(text, labels, stop)
        assert Counter(found.ids.gather(tails[rows == number]).to_list()) == expected


def searched_word_by_word(text: str, labels: list[str], stop: list[str]) -> Counter[str]:
    def words_of(written: str) -> tuple[str, ...]:
        return tuple(word_rows([written]).split()[:-1])

    words, masks, forms = words_of(text), set(map(words_of, stop)), list(map(words_of, labels))
    spans = [(i, j) for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    masked = {k for i, j in spans if words[i:j] in masks for k in range(i, j)}
    found: Counter[str] = Counter()
    end = 0
    for i, j in sorted(spans, key=lambda span: (span[0], -span[1])):
        ids = [f"e{n}" for n, form in enumerate(forms) if form == words[i:j] not in masks]
        if i >= end and masked.isdisjoint(range(i, j)) and len("".join(words[i:j])) > 1 and ids:
            found.update(ids)
            end = j
    return found


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


MARKS = [*"ab é水甘-+#.,()😀_", "\u00a0", "\x02", "İ", "ß", "’", "--", " - ", "c++", "soap-ui"]


@given(st.lists(st.sampled_from(MARKS), max_size=30))
def test_long_texts_are_taken_apart_as_short_ones(parts: list[str]) -> None:
    text = "".join(parts) + "水"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(words, "_LONG", 10**9)
        short = words.word_rows([text, "x"])
        patch.setattr(words, "_LONG", 0)
        assert words.word_rows([text, "x"]) == short
