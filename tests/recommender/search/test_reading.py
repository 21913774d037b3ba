"""What words of questions mean where they have several meanings, and that nothing that is said gets lost silently."""

from typing import Any

import pytest

from recommender.learning.model import open_model
from recommender.search.names import Names
from recommender.search.question_answering.ask import Asker
from recommender.serving.recommender import Recommender
from tests.graphs import snapshot_of

SCHEMA: dict[str, Any] = {
    "name": "shop",
    "entity": {
        "User": {"sensitive": True},
        "Product": {
            "domain": "shop",
            "properties": {"price": "float"},
            "words": {"en": ["product"], "zh": ["产品"]},
        },
        "Course": {"domain": "school", "words": {"en": ["course", "learn"], "zh": ["课程", "课", "学"]}},
        "Kind": {"words": {"en": ["category"], "zh": ["品类"]}},
        "Maker": {"words": {"en": ["brand"], "zh": ["品牌"]}},
        "Substance": {"words": {"en": ["ingredient"], "zh": ["成分"]}},
        "Mark": {},
        "Theme": {},
        "Tongue": {"words": {"en": ["language"]}},
        "Field": {"words": {"en": ["field"]}},
        "Skill": {},
    },
    "relation": {
        "bought": {"head": "User", "tail": "Product", "interaction": True, "phrase": {"en": "bought", "zh": "买了"}},
        "in_kind": {"head": "Product", "tail": "Kind", "phrase": {"en": "is a"}},
        "made_by": {"head": "Product", "tail": "Maker", "words": {"en": ["make", "makes"]}},
        "contains": {"head": "Product", "tail": "Substance", "phrase": {"en": "contains", "zh": "含有"}},
        "marked": {"head": "Product", "tail": "Mark", "phrase": {"en": "is marked"}},
        "about": {"head": "Product", "tail": "Theme"},
        "covers": {"head": "Course", "tail": "Theme"},
        "taught_in": {"head": "Course", "tail": "Tongue"},
        "in_field": {"head": "Course", "tail": "Field"},
        "teaches": {"head": "Course", "tail": "Skill", "words": {"en": ["teach"], "zh": ["教"]}},
    },
}
ENTITIES: dict[str, list[Any]] = {
    "User": ["u1"],
    "Product": [
        ("p1", "Cleanser", 10.0),
        ("p2", "Foam Cleanser", 20.0),
        ("p3", "Cleanser Oil", 30.0),
        ("p4", "Day Cream", 40.0),
        ("p5", "Night Cream", 50.0),
        ("p6", "Cream Foam Bar For Face", 60.0),
        ("p7", "Vegan Cleanser", 70.0),
    ],
    "Course": [("c1", "Holiday Talk"), ("c2", "Layers for all"), ("c3", "Pictures"), ("c4", "Curso")],
    "Kind": ["cleansers", "creams & balms", "sunscreen"],
    "Maker": [("m1", "Zorbel's Since 1900"), ("m2", "Quince")],
    "Substance": ["SUNSCREEN", "PARFUM", "PARABENS"],
    "Mark": ["Without Parabens", "Vegan", "Organic"],
    "Theme": ["vegan", "care"],
    "Tongue": ["spanish", "english"],
    "Field": ["spanish", "photography"],
    "Skill": ["Adobe Photoshop"],
}
TRIPLES: dict[str, list[tuple[Any, ...]]] = {
    "bought": [("u1", "p1")],
    "in_kind": [
        *((one, "cleansers") for one in ("p1", "p2", "p3")),
        *((one, "creams & balms") for one in ("p4", "p5")),
        *((one, "sunscreen") for one in ("p3", "p4")),
    ],
    "made_by": [("p1", "m1"), ("p2", "m1"), ("p3", "m1"), ("p4", "m2"), ("p5", "m2")],
    "contains": [("p5", "SUNSCREEN"), ("p1", "PARFUM"), ("p4", "PARFUM"), ("p6", "PARFUM")],
    "marked": [("p1", "Without Parabens"), ("p2", "Vegan"), ("p4", "Vegan"), ("p5", "Organic")],
    "about": [*((one, "vegan") for one in ("p2", "p3", "p4")), ("p2", "care"), ("p6", "care")],
    "covers": [("c2", "care"), ("c3", "care")],
    "taught_in": [("c1", "english"), ("c2", "english"), ("c3", "spanish"), ("c4", "spanish")],
    "in_field": [("c1", "spanish"), ("c2", "photography"), ("c3", "photography")],
    "teaches": [("c4", "Adobe Photoshop"), ("c2", "Adobe Photoshop")],
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    folder = tmp_path_factory.mktemp("reading")
    snapshot = snapshot_of(folder, ENTITIES, TRIPLES, SCHEMA)
    return Asker(Recommender(open_model(folder / "model", snapshot, folder / "kernels")), Names.of(snapshot))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which sunscreens are there?", {"p3", "p4"}),  # the kind, not the substance of the same name
        ("Which brands make sunscreen?", {"m1", "m2"}),
        ("Is there a cleanser under 25?", {"p1", "p2"}),  # the kind, not the product that is called just so
        ("Which creams do you sell?", {"p4", "p5"}),  # a part of a label
        ("有哪些面霜？", {"p4", "p5"}),  # Chinese words for what is labelled in English
        ("有哪些cleansers？", {"p1", "p2", "p3"}),
        ("Which courses are in Spanish?", {"c3", "c4"}),  # the language, …
        ("用西班牙语讲的课程有哪些？", {"c3", "c4"}),
        ("I want to learn Spanish", {"c1"}),  # … and the field
        ("What does Zorbel's make?", {"p1", "p2", "p3"}),  # the first word of a name
        ("Which products are paraben free?", {"p1"}),  # a mark that says so
        ("不含parabens的产品有哪些？", {"p1"}),
        ("Which cleansers don't contain parfum?", {"p2", "p3"}),
        ("Do you have anything from Quince for me, please?", {"p4", "p5"}),  # no filter by “anything”
        ("Which products cost between 20 and 40?", {"p2", "p3", "p4"}),
        ("Which products are under 20?", {"p1"}),
        ("20以下的产品有哪些？", {"p1", "p2"}),
        ("the two cheapest products", {"p1", "p2"}),
        ("Which brand has the most products?", {"m1"}),
        ("哪个品牌的产品最少？", {"m2"}),
        ("Which brands have more than 2 products?", {"m1"}),
        ("Which brands sell creams under 45?", {"m2"}),  # one product is both
        ("Which brands have no vegan products under 30?", {"m2"}),
        ("Who makes the Foam Cleanser?", {"m1"}),
        ("Who bought the Foam Cleanser?", set()),
        ("What's in the Cream Foam Bar?", {"p6"}),  # the beginning of a name, not a kind and words
        ("What is the Foam Bar for face made of?", {"PARFUM"}),
        ("the cheapest vegan cleanser", {"p2"}),  # the kind with the mark, not the product that is called so
        ("cleansers有什么可以推荐？", {"p1", "p2", "p3"}),
        ("我是新手，有没有cleansers推荐？", {"p1", "p2", "p3"}),
        ("Which creams have the highest rating?", set()),  # never the dearest instead
    ],
)
def test_a_word_means_what_its_place_in_the_question_says(asker: Asker, question: str, expected: set[str]) -> None:
    assert {one.id for one in asker.ask(question).answers} == expected


@pytest.mark.parametrize(
    "question",
    [
        "Are there more cleansers or more creams?",
        "cleansers多还是creams多？",
        "Does Zorbel's have more products than Quince?",
        "Zorbel's和Quince，哪个产品更多？",
    ],
)
def test_two_counts_are_compared(asker: Asker, question: str) -> None:
    found = asker.ask(question)
    assert [one.values for one in found.answers] == [{"count": 3}, {"count": 2}]
    assert "3" in found.text and "2" in found.text and not found.not_understood


def test_words_of_names_are_counted_where_most_names_hold_them(asker: Asker) -> None:
    found = asker.ask("Do you have more holidays or layers?")  # courses, not products, which come first
    assert found.text.endswith("1 (course).")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Which courses teach Photoshop under 20 dollars?", ["20"]),  # courses have no price
        ("Which creams have the highest rating?", ["rating"]),
        ("Which flurbish creams do you sell?", ["flurbish"]),
        ("哪些creams评分最高？", ["评分"]),
        ("How many brands do we carry and how many products?", ["products"]),  # one number at a time
    ],
)
def test_what_is_not_used_is_told_in_the_text_too(asker: Asker, question: str, words: list[str]) -> None:
    found = asker.ask(question)
    assert set(words) <= set(found.not_understood)
    assert all(word in found.text for word in words)


@pytest.mark.parametrize(
    "question", ["Which products are under 1,000?", "Which products are under 1,234.50?", "1,000元以下的产品"]
)
def test_thousands_are_read_as_they_are_written(asker: Asker, question: str) -> None:
    """1,000 was “below 1”, and nothing was found."""
    found = asker.ask(question)
    assert found.not_understood == [] and found.count == asker.ask("Which products are under 100000?").count > 0


@pytest.mark.parametrize("number", ["1.000", "12,50", "1.234,50"])
def test_a_number_that_may_be_two_is_not_guessed(asker: Asker, number: str) -> None:
    found = asker.ask(f"Which products are under {number}?")
    assert number in found.not_understood and found.answers == [] and number in found.text


@pytest.mark.parametrize("question", ["Which products are under -5?", "Which products are above −5?", "低于-5的产品"])
def test_a_number_below_nothing_is_not_its_opposite(asker: Asker, question: str) -> None:
    """“under -5” was “below 5”; what a hyphen joins is no such number."""
    found = asker.ask(question)
    assert found.answers == [] and found.not_understood[-1][1:] == "5" and found.not_understood[-1] in found.text
    between = asker.ask("Which products are 1-100000?")
    assert between.count == asker.ask("Which products are 1 to 100000?").count > 0 == len(between.not_understood)


def test_a_word_of_names_is_understood_though_nothing_fulfils_the_rest(asker: Asker) -> None:
    """“creams” was said to be left out beside the step that asks for it."""
    found = asker.ask("Which creams are above 100000?")
    assert (found.count, found.not_understood) == (0, []) and "Not understood" not in found.text


def test_what_was_taken_for_one_of_two_meanings_is_told(asker: Asker) -> None:
    assert "or did you mean SUNSCREEN" in asker.ask("Which sunscreens are there?").text


def test_what_fits_ends_where_the_paths_end_and_each_says_why(asker: Asker) -> None:
    found = asker.ask("I bought the Foam Cleanser, what should I learn next?")
    assert found.count == 2 and {one.id for one in found.answers} == {"c2", "c3"}  # of four courses
    assert "Paths lead to 2 of 4 (course)" in found.text
    facts = {(fact.head, fact.relation, fact.tail) for fact in found.answers[0].facts}
    assert facts == {("p2", "about", "care"), (found.answers[0].id, "covers", "care")}
    assert "Foam Cleanser" in (found.answers[0].reason or "")


def test_what_is_asked_in_two_words_is_told_once(asker: Asker) -> None:
    assert asker.ask("有哪些cleansers，含有什么成分？").understood.count("含有什么") == 1


def test_what_is_in_it_is_told(asker: Asker) -> None:
    assert "Cream Foam Bar For Face contains PARFUM." in asker.ask("What's in the Cream Foam Bar?").text
    assert "lists nothing that it contains" in asker.ask("What is in the Foam Cleanser?").text


def test_two_counts_that_are_asked_for_are_two(asker: Asker) -> None:
    found = asker.ask("How many products are vegan and how many are organic?")
    assert [one.values for one in found.answers] == [{"count": 2}, {"count": 1}]
    assert "I took “vegan” as Vegan (mark); or did you mean vegan (theme)?" in found.text
    narrowed = asker.ask("How many cleansers are there and how many are vegan?").text
    assert "cleansers: 3 (product)" in narrowed


def test_a_mark_is_not_what_is_listed(asker: Asker) -> None:
    told = asker.ask("Which products are paraben free?").text
    assert "I took “paraben” as Without Parabens (mark); or did you mean those that do without PARABENS" in told


def test_a_relation_without_chinese_words_keeps_its_spaces(asker: Asker) -> None:
    assert "taught in spanish" in asker.ask("用西班牙语讲的课程有哪些？").understood
