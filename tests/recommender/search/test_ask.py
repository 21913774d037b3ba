"""Ask: plans are read from questions by the words of the schema, and answers are what the graph says, cited."""

from pathlib import Path
from typing import Any

import pytest

from kg.errors import UsageError
from recommender.kernels.path_kernels import KernelConfig
from recommender.learning.model import open_model
from recommender.results.search import Answers
from recommender.search.names import Names
from recommender.search.question_answering.ask import Asker
from recommender.serving.recommender import Recommender
from tests.graphs import SCHEMA, snapshot_of

ENTITIES: dict[str, list[Any]] = {
    "User": ["u1", "u2"],
    "Product": [
        ("p1", "Calm Serum", 20.0, "舒缓精华"),
        ("p2", "Bright Serum", 35.0, "焕亮精华"),
        ("p3", "Night Cream", 15.0, "晚霜"),
        ("p4", "Rose Lipstick Red", 29.0, "玫瑰口红正红"),
        ("p5", "Rose Lipstick Nude", 19.0, "玫瑰口红裸色"),
        ("p6", "Rose Lipstick Mini", 16.0, "玫瑰口红迷你"),
    ],
    "Course": [("c1", "All about Acids"), ("c2", "Niacin for Beginners")],
    "Ingredient": [("NIACINAMIDE", "Niacinamide"), ("PARFUM", "Fragrance"), ("GLYCOLIC ACID", "Glycolic Acid")],
    "Concern": [("dryness", "Dryness")],
}
TRIPLES: dict[str, list[tuple[Any, ...]]] = {
    "purchased": [("u1", "p2"), ("u2", "p2"), ("u1", "p3")],
    "enrolled": [("u1", "c1")],
    "contains": [
        ("p1", "NIACINAMIDE"),
        ("p2", "NIACINAMIDE"),
        ("p2", "PARFUM"),
        ("p3", "GLYCOLIC ACID"),
    ],
    "teaches": [("c1", "GLYCOLIC ACID"), ("c2", "NIACINAMIDE")],
    "shade_of": [("p4", "p5"), ("p6", "p5")],
    "eases": [("p1", "dryness"), ("p2", "dryness")],
}
WORDS = {
    "Product": {"en": ["product", "buy"], "zh": ["产品", "买"]},
    "Course": {"en": ["course", "learn"], "zh": ["课程", "学"]},
    "Ingredient": {"en": ["ingredient"], "zh": ["成分"]},
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    folder = tmp_path_factory.mktemp("ask")
    entity = {name: {**one, "words": WORDS.get(name, {})} for name, one in SCHEMA["entity"].items()}
    contains = {**SCHEMA["relation"]["contains"], "words": {"en": ["with"], "zh": ["含"]}}
    eases = {"head": "Product", "tail": "Concern", "phrase": {"en": "eases"}}
    relation = {**SCHEMA["relation"], "contains": contains, "eases": eases}
    relation["shade_of"] = {"head": "Product", "tail": "Product", "variant": True}
    snapshot = snapshot_of(folder, ENTITIES, TRIPLES, {**SCHEMA, "entity": entity, "relation": relation})
    recommender = Recommender(open_model(folder / "model", snapshot, folder / "kernels"))
    assert KernelConfig() == recommender.scorer.kernels.config
    return Asker(recommender, Names.of(snapshot))


def ids(found: Answers) -> list[str]:
    return [one.id for one in found.answers]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which serum contains niacinamide?", ["p2", "p1"]),  # the one that more people bought comes first
        ("serums with niacinamide but no fragrance", ["p1"]),
        ("serum without fragrance and under 25", ["p1"]),
        ("fragrance free serums", ["p1"]),
        ("serum without fragrance and glycolic acid", ["p1"]),
        ("products without fragrance for dryness", ["p1"]),
        ("含烟酰胺的精华", ["p2", "p1"]),  # no Chinese name of it is in the graph: the glossary has one
        ("serum without squalane", []),  # and what is not known cannot be known to be absent
        ("不含Fragrance的精华有哪些？", ["p1"]),
        ("25元以下的精华", ["p1"]),
        ("what does Calm Serum contain?", ["NIACINAMIDE"]),
        ("舒缓精华含什么成分？", ["NIACINAMIDE"]),
        ("Which courses teach about glycolic acid?", ["c1"]),
        ("the cheapest product", ["p3"]),
        ("products with niacinamide or glycolic acid", ["p2", "p3", "p1"]),
        ("products with niacinamide and fragrance", ["p2"]),
        ("Which products contain an acid?", []),  # no ingredient is named just so
    ],
)
def test_answers_are_exactly_what_is_asked_for(asker: Asker, question: str, expected: list[str]) -> None:
    assert ids(asker.ask(question)) == expected


def test_each_answer_cites_the_triples_that_say_so_and_every_one_is_in_the_graph(asker: Asker) -> None:
    found = asker.ask("Which serum contains niacinamide, and does it contain fragrance?")
    facts = {one.id: {(fact.head, fact.relation, fact.tail) for fact in one.facts} for one in found.answers}
    assert facts == {
        "p1": {("p1", "contains", "NIACINAMIDE")},
        "p2": {("p2", "contains", "NIACINAMIDE"), ("p2", "contains", "PARFUM")},
    }
    assert "Yes: Bright Serum contains Fragrance." in found.text
    assert "No: the graph does not say that Calm Serum contains Fragrance." in found.text
    known = {(head, name, tail) for name, pairs in TRIPLES.items() for head, tail in pairs}
    everything = [*found.answers, *(item for one in found.related for item in one.items)]
    assert {(f.head, f.relation, f.tail) for one in everything for f in one.facts} <= known


def test_what_is_left_out_of_the_question_is_said(asker: Asker) -> None:
    found = asker.ask("Which splendid serum contains niacinamide?")
    assert found.not_understood == ["splendid"]
    assert found.text.startswith("Not understood, and left out: splendid.")
    nothing = asker.ask("Which products are splendid?")
    assert (nothing.answers, nothing.not_understood) == ([], ["splendid"])
    assert "I can be asked for product" in nothing.text
    with pytest.raises(UsageError, match="empty question"):
        asker.ask("  ")


@pytest.mark.parametrize(
    "question", ["Who bought Bright Serum?", "谁买了焕亮精华？", "which users bought Bright Serum"]
)
def test_no_person_is_ever_an_answer(asker: Asker, question: str) -> None:
    found = asker.ask(question)
    told = found.model_dump_json().replace(question, "")
    assert "u1" not in told and "u2" not in told


def test_what_the_asker_has_decides_what_fits(asker: Asker) -> None:
    found = asker.ask("I bought the Night Cream, what should I learn?")
    assert ids(found) == ["c1"]
    assert found.plan == ["type Course", "have purchased:p3"]
    avoided = asker.ask("I am allergic to fragrance, which serum?")
    assert ids(avoided) == ["p1"]


def test_counts_and_values_are_told(asker: Asker) -> None:
    assert asker.ask("How many products contain niacinamide?", n=1).count == 2
    found = asker.ask("How much is the Calm Serum?")
    assert found.answers[0].values == {"price": 20.0}
    assert "Calm Serum: price 20.0" in found.text


def test_the_order_is_that_of_the_person(asker: Asker) -> None:
    everything = asker.ask("Which serum contains niacinamide?", user="u2")
    assert ids(everything)[0] == "p1"  # she has the other one


def test_words_come_from_the_schema_alone(asker: Asker, tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, ENTITIES, {name: TRIPLES[name] for name in TRIPLES if name in SCHEMA["relation"]})
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    plain = Asker(recommender, Names.of(snapshot))
    assert ids(plain.ask("which Course teaches about niacinamide")) == ["c2"]  # types by their own names


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("What other shades does Rose Lipstick Red come in?", {"p5", "p6"}),
        ("玫瑰口红正红还有哪些色号？", {"p5", "p6"}),
        ("I bought the Rose Lipstick Mini, what other sizes does it come in?", {"p4", "p5"}),
        ("What sizes does the Calm Serum come in?", set()),
    ],
)
def test_sizes_and_shades_are_told_with_the_triples_that_join_them(
    asker: Asker, question: str, others: set[str]
) -> None:
    found = asker.ask(question)
    assert set(ids(found)) == others
    joined = {(fact.head, fact.relation, fact.tail) for one in found.answers for fact in one.facts}
    assert joined <= {("p4", "shade_of", "p5"), ("p6", "shade_of", "p5")} and bool(joined) == bool(others)
    assert others or "no other size or shade" in found.text


def test_sizes_of_an_answer_are_told_beside_it_and_of_nothing_are_asked_back(asker: Asker) -> None:
    found = asker.ask("Is the Rose Lipstick Nude under 20, what other shades does it come in?")
    assert ids(found) == ["p5"] and "comes in 2 more: Rose Lipstick" in found.text
    alone = asker.ask("What other shades does it come in?")
    assert ids(alone) == [] and "name the item" in alone.text


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("which serum costs less than 25 euros?", ["p1"]),
        ("which serum is under £30?", ["p1", "p2"]),
        ("200元以下的精华", ["p1"]),
        ("which serum is under 30 GBP?", ["p1", "p2"]),
        ("which serum is under 30?", ["p1"]),
        ("which serum is under $30?", []),
    ],
)
def test_amounts_are_compared_in_the_currency_of_the_items(question: str, found: list[str], tmp_path: Path) -> None:
    product = {**SCHEMA["entity"]["Product"], "currency": {"price": "EUR"}}
    schema = {**SCHEMA, "entity": {**SCHEMA["entity"], "Product": product}}
    items = {name: rows for name, rows in ENTITIES.items() if name != "Concern"}
    snapshot = snapshot_of(tmp_path, {**items, "Concern": []}, {}, schema)
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    answer = Asker(recommender, Names.of(snapshot), {"GBP": 1.2, "CNY": 0.125}).ask(question)
    assert sorted(one.id for one in answer.answers) == found
    assert answer.not_understood == ([] if found else ["30 USD"])


def test_things_of_two_kinds_ask_for_the_items_that_have_both_and_unknown_kinds_for_nothing(asker: Asker) -> None:
    assert ids(asker.ask("niacinamide for dryness under 30")) == ["p1"]
    refused = asker.ask("Which blorps contain niacinamide?")
    assert ids(refused) == [] and refused.not_understood == ["blorps"]


@pytest.mark.parametrize("question", ["烟" * 501, "which serum " * 50, "💄" * 501])
def test_what_is_no_question_any_more_is_refused_at_once(asker: Asker, question: str) -> None:
    with pytest.raises(UsageError, match=r"up to 500"):
        asker.ask(question)


@pytest.mark.parametrize(
    "question", ["💄", "'; DROP TABLE Product; --", "\ud83d", "%s {0}", "、、、", "烟" * 40, "\x00"]
)
def test_what_means_nothing_is_not_answered(asker: Asker, question: str) -> None:
    assert ids(asker.ask(question)) == []
