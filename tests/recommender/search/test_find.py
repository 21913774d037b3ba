"""Find: names as people write them lead to the entity they mean, and to no person."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import UnknownEntityError, UsageError
from recommender.search.find import Finder
from recommender.search.folding import fold, pinyin_forms
from recommender.search.grams import GramIndex
from recommender.search.names import Names, open_names
from tests.graphs import SCHEMA, snapshot_of

ENTITIES = {
    "User": [("ann@example.com", "Ann Lee"), "u2"],
    "Product": [
        ("p1", "Velvet Lipstick", 9.0, "丝绒口红"),
        ("p2", "Peony Gel Cream", 20.0, "牡丹凝霜"),
        ("p3", "Crème Brûlée Balm", None, None),
        ("p4", "Twin", None, None),
        ("p5", "Twin", None, None),
    ],
    "Course": [("c1", "Vitamin C, Explained")],
    "Ingredient": [("ASCORBIC ACID", "Vitamin C"), "SODIUM COCOYL ISETHIONATE", "NIACINAMIDE"],
    "Concern": [("dryness", "Dryness")],
}


@pytest.fixture(scope="module")
def finder(tmp_path_factory: pytest.TempPathFactory) -> Finder:
    schema = {**SCHEMA, "entity": {**SCHEMA["entity"]}}
    snapshot = snapshot_of(tmp_path_factory.mktemp("find"), ENTITIES, {}, schema)
    return Finder(snapshot, Names.of(snapshot))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("p2", "p2"),  # an id
        ("peony gel cream", "p2"),  # a label, in whatever case
        ("Peony-Gel  CREAM", "p2"),  # and however its words are parted
        ("creme brulee", "p3"),  # a beginning, without accents
        ("牡丹凝霜", "p2"),  # a label in Chinese
        ("口紅", "p1"),  # words inside, in traditional characters
        ("mudanningshuang", "p2"),  # pinyin
        ("mdns", "p2"),  # and its initials
        ("lipstik", "p1"),  # a typing error
        ("niacinamdie", "NIACINAMIDE"),
        ("gel peony", "p2"),  # words in another order
        ("lipstick", "p1"),
    ],
)
def test_a_name_as_somebody_writes_it_leads_to_its_entity(finder: Finder, text: str, first: str) -> None:
    assert finder.find(text).hits[0].id == first


def test_an_exact_name_comes_before_names_that_hold_it_and_nothing_else_is_similar(finder: Finder) -> None:
    hits = finder.find("Vitamin C").hits
    assert [(hit.id, hit.matched) for hit in hits] == [
        ("ASCORBIC ACID", "Vitamin C"),
        ("c1", "Vitamin C, Explained"),
    ]
    assert hits[0].score == 1.0 > hits[1].score > 0
    assert [hit.id for hit in finder.find("lipstick").hits] == ["p1"]


def test_types_limit_the_search_and_unknown_ones_are_refused(finder: Finder) -> None:
    assert [hit.id for hit in finder.find("vitamin c", ["Course"]).hits] == ["c1"]
    with pytest.raises(UsageError, match="expected one of User, Product"):
        finder.find("vitamin c", ["Curse"])


@pytest.mark.parametrize("text", ["ann", "Ann Lee", "ann@example.co", "u"])
def test_people_are_found_by_their_exact_ids_alone(finder: Finder, text: str) -> None:
    assert not any(hit.type == "User" for hit in finder.find(text).hits)
    with pytest.raises(UnknownEntityError) as problem:
        finder.entity(text, ["User"])
    assert "ann@example.com" not in str(problem.value).replace(repr(text), "")
    assert [hit.id for hit in finder.find("ann@example.com").hits] == ["ann@example.com"]


def test_an_entity_is_taken_by_a_name_that_is_its_alone_and_never_guessed(finder: Finder) -> None:
    assert finder.entity("peony gel cream", ["Product"]) == ("Product", 1)
    assert finder.entity("Product:p2", ["Product", "Course"]) == ("Product", 1)
    with pytest.raises(UsageError, match=r"'twin' may mean several.*Twin \(Product p4\), Twin \(Product p5\)"):
        finder.entity("twin", ["Product"])
    with pytest.raises(UnknownEntityError, match=r"nearest: Peony Gel Cream \(Product p2\)"):
        finder.entity("peony cream", ["Product"])


def test_the_index_comes_back_from_disk_and_a_damaged_one_is_made_anew(finder: Finder, tmp_path: Path) -> None:
    made = open_names(tmp_path, finder.snapshot)
    again = open_names(tmp_path, finder.snapshot)
    assert list(again.forms) == list(made.forms)
    np.testing.assert_array_equal(again.entities, made.entities)
    assert Finder(finder.snapshot, again).find("lipstik") == finder.find("lipstik")
    folder = tmp_path / finder.snapshot.hash[:32]
    (folder / "kinds.npy").write_bytes(b"damaged")
    assert list(open_names(tmp_path, finder.snapshot).forms) == list(made.forms)
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


WORD = st.text(st.sampled_from("abcdeé中文口红"), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(WORD, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=12, unique=True), st.data())
def test_every_word_of_a_name_finds_it(names: list[str], data: st.DataObject) -> None:
    forms = [fold(name) for name in names]
    index = GramIndex.of(forms, np.arange(len(forms)))
    chosen = data.draw(st.integers(0, len(forms) - 1))
    word = data.draw(st.sampled_from(forms[chosen].split()))
    found = index.search(word, len(forms))
    assert chosen in found.tolist()


def test_folding_is_stable_and_pinyin_is_of_chinese_alone() -> None:
    assert fold("ＣＩＣＡ–Balm®") == fold("cica balm®")
    assert fold("煙醯胺") == "烟酰胺"
    assert fold(fold("Crème  Brûlée!")) == fold("Crème  Brûlée!") == "creme brulee"
    assert pinyin_forms("烟酰胺") == ["yanxianan", "yxa"]
    assert pinyin_forms("niacinamide") == []
