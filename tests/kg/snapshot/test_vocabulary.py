"""Ids and indices: any order gives the same indices, and every string comes back as it was."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import UnknownEntityError, UsageError
from kg.snapshot.string_array import StringArray
from kg.snapshot.vocabulary import Vocabulary
from kg.snapshot.writing.columns import string_array

IDS = st.lists(st.text(max_size=8), min_size=1, max_size=20, unique=True)


def _vocabulary(**ids: list[str]) -> Vocabulary:
    return Vocabulary({name: string_array(pl.Series(sorted(found, key=str.encode))) for name, found in ids.items()})


@given(IDS, st.randoms())
def test_every_id_is_found_at_its_index_in_any_order(ids: list[str], random: object) -> None:
    shuffled = list(ids)
    random.shuffle(shuffled)
    first, second = _vocabulary(T=ids), _vocabulary(T=shuffled)
    assert first.ids("T") == second.ids("T") == sorted(ids, key=str.encode)
    for entity_id in ids:
        assert first.id("T", first.idx("T", entity_id)) == entity_id


@given(st.lists(st.none() | st.text(max_size=8), max_size=20))
def test_strings_survive_a_file(tmp_path_factory: pytest.TempPathFactory, texts: list[str | None]) -> None:
    folder = tmp_path_factory.mktemp("strings")
    string_array(pl.Series(texts, dtype=pl.String)).save(folder, "x")
    assert list(StringArray.load(folder, "x")) == texts


def test_global_indices_count_through_sorted_types() -> None:
    vocabulary = _vocabulary(User=["u1", "u2"], Course=["c1"], Product=["p1"])
    assert vocabulary.types == ("Course", "Product", "User")
    assert [vocabulary.start(name) for name in vocabulary.types] == [0, 1, 2]
    assert vocabulary.size == 4


def test_an_id_of_two_types_needs_its_type() -> None:
    vocabulary = _vocabulary(User=["26"], Product=["26"])
    with pytest.raises(UsageError, match="say User:26 or Product:26"):
        vocabulary.find("26", ["User", "Product"])
    assert vocabulary.find("Product:26", ["User", "Product"]) == ("Product", 0)


def test_an_unknown_id_names_the_nearest() -> None:
    vocabulary = _vocabulary(Product=["p0001", "p0002", "zebra"], Course=["c1"])
    with pytest.raises(UnknownEntityError, match="unknown Product 'P001'; nearest: p0001"):
        vocabulary.idx("Product", "P001")
    assert vocabulary.nearest("P0001", ["Course", "Product"], n=2) == ["p0001", "p0002"]


def test_ids_of_people_are_never_suggested() -> None:
    ids = {name: string_array(pl.Series(found)) for name, found in {"User": ["ann"], "Product": ["anne"]}.items()}
    vocabulary = Vocabulary(ids, ["User"])
    with pytest.raises(UnknownEntityError, match="unknown User 'anm'; ids of people are not suggested"):
        vocabulary.idx("User", "anm")
    assert vocabulary.nearest("ann", ["User", "Product"]) == ["anne"]
