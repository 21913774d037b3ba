"""Ingredient lists as packs print them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.inci import canonical_ingredient, parse_ingredients


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Aqua/Water/Eau, Glycerin", "AQUA|GLYCERIN"),
        ("Water (Aqua), Fragrance", "AQUA|PARFUM"),
        ("Polysorbate 20,1,2-Hexanediol,CI 77891,1,2-Hexanediol", "POLYSORBATE 20|1,2-HEXANEDIOL|CI 77891"),
        ("2-Bromo-2-Nitropropane-1,3-Diol,N,N-Dimethylurea", "2-BROMO-2-NITROPROPANE-1,3-DIOL|N,N-DIMETHYLUREA"),
        ("Glycerin 2,5 %, Niacinamide (10%), 5% Urea", "GLYCERIN|NIACINAMIDE|UREA"),
        ("Parfum (Limonene, Linalool), Talc", "PARFUM|LIMONENE|LINALOOL|TALC"),
        ("Algae (Seaweed) Extract", "ALGAE EXTRACT"),
        ("Alcohol Denat., Tocopherol.", "ALCOHOL DENAT.|TOCOPHEROL"),
        ("Aqua\nGlycerin|Talc;Mica", "AQUA|GLYCERIN|TALC|MICA"),
        ("aqua ·  glycerin", "AQUA|GLYCERIN"),
        ("Aqua, aqua, AQUA", "AQUA"),
        (" ,, * , .", ""),
    ],
)
def test_names(text: str, names: str) -> None:
    assert "|".join(name for name, _ in parse_ingredients(text).certain) == names


def test_what_may_be_contained_is_kept_apart() -> None:
    found = parse_ingredients("Mica [+/- CI 77891, Mica (CI 77019)], Talc")
    assert [name for name, _ in found.certain] == ["MICA", "TALC"]
    assert [name for name, _ in found.possible] == ["CI 77891"]


def test_the_label_is_the_name_as_written() -> None:
    assert parse_ingredients("Sodium Hyaluronate*").certain == (("SODIUM HYALURONATE", "Sodium Hyaluronate"),)


@given(st.text(alphabet="ab12 ,;.:()[]*%/+-·•、（）：\n", max_size=60) | st.text(max_size=60))
def test_any_text_yields_clean_names(text: str) -> None:
    found = parse_ingredients(text)
    for name, label in (*found.certain, *found.possible):
        assert name == name.strip() and label == label.strip() and name
        assert not set(name) & set("*[]\n")
        assert canonical_ingredient(label) is not None
    assert len({name for name, _ in found.certain}) == len(found.certain)
