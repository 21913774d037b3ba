"""Ingredient lists as packs print them."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.mapping.link import Link
from kg.notices import Notices
from kg.values.ingredient_list import parse_ingredients
from kg.values.ingredient_name import canonical_ingredient
from kg.values.tail_cells import Cells, tails_of


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
        (
            "Citrus Limon(Lemon) Fruit Extract, Rosa Canina (Rose (Dog)) Oil",
            "CITRUS LIMON FRUIT EXTRACT|ROSA CANINA OIL",
        ),
        (
            "Vitis Vinifera (Grape/Raisin) Seed Oil, Mineral Oil(Paraffinum Liquidum/Huile Minerale)",
            "VITIS VINIFERA SEED OIL|PARAFFINUM LIQUIDUM",
        ),
        ("Bis(Tripeptide-1) Copper Acetate, Poly(C6-14 Olefin)", "BIS(TRIPEPTIDE-1) COPPER ACETATE|POLY(C6-14 OLEFIN)"),
        (
            "Hydrolyzed (A/B) Fruit Extract, X Fruit / Leaf Extract",
            "HYDROLYZED (A/B) FRUIT EXTRACT|X FRUIT/LEAF EXTRACT",
        ),
        ("Parfum (Limonene (Lemon, Lime), Linalool)", "PARFUM|LIMONENE|LEMON|LIME|LINALOOL"),
        ("Aqua (Water, Glycerin, Talc (Mineral), Mica", "AQUA|GLYCERIN|TALC|MICA"),
        ("Mica), Talc, Urea (Carbamide", "MICA|TALC|UREA"),
        (
            "Avobenzone 3%, Zinc Oxide 5.0%Water, 1, 2-Hexanediol",
            "BUTYL METHOXYDIBENZOYLMETHANE|ZINC OXIDE|AQUA|1,2-HEXANEDIOL",
        ),
        (
            "Iron Oxides (CI 77491, ci 77492/77499), C.I. 19140, Mica (CI 77019)",
            "CI 77491|CI 77492|CI 77499|CI 19140|MICA",
        ),
        ("FD&C Yellow No. 5, Ext. Violet 2, Red 7 Lake (CI 15850), Blue 99", "CI 19140|CI 60730|CI 15850|BLUE 99"),
        (
            "Shea Butter, Butyrospermum Parkii (Shea Butter), Shea Butter Ethyl Esters",
            "BUTYROSPERMUM PARKII BUTTER|SHEA BUTTER ETHYL ESTERS",
        ),
        ("Corn (Zea Mays) Oil, Yeast Extract/Faex/Extrait De Levure", "ZEA MAYS OIL|FAEX EXTRACT"),
        (
            "Sodium Laureth Sulphate, Aluminium Starch, Organic Urea+, Biosaccharide Gum \u2013 1",
            "SODIUM LAURETH SULFATE|ALUMINUM STARCH|UREA|BIOSACCHARIDE GUM-1",
        ),
        ("Talc, Mica * Essential Oil Please be aware that ingredient lists may change, too.", "TALC|MICA"),
        ("Active Ingredients: Urea 5%. Inactive Ingredients: Aqua, Talc.", "UREA|AQUA|TALC"),
        ("成分：水、甘油（保湿剂）、1,2-己二醇。", "AQUA|GLYCERIN|1,2-HEXANEDIOL"),
        ("No Info", ""),
        (" ,, * , .", ""),
    ],
)
def test_names(text: str, names: str) -> None:
    assert "|".join(name for name, _ in parse_ingredients(text).certain) == names


def test_what_may_be_contained_is_kept_apart() -> None:
    found = parse_ingredients("Mica [+/- CI 77891, Mica (CI 77019)], Talc")
    assert [name for name, _ in found.certain] == ["MICA", "TALC"]
    assert [name for name, _ in found.possible] == ["CI 77891"]


CHOICES = ("May contain one or more of the following ingredients:", "[May contain any of these:")


@pytest.mark.parametrize(
    "marker", ["May contain:", "[+/-: ", "May Contain (+/-): ", "[May Contain/Peut Contenir/+/-:", "±", *CHOICES]
)
def test_markers_of_what_may_be_contained(marker: str) -> None:
    found = parse_ingredients(f"Talc. {marker} Titanium Dioxide (CI 77891), Zinc Oxide]")
    assert [[name for name, _ in names] for names in (found.certain, found.possible)] == [
        ["TALC"],
        ["TITANIUM DIOXIDE", "ZINC OXIDE"],
    ]


def test_the_label_is_the_name_as_written() -> None:
    assert parse_ingredients("Sodium Hyaluronate*").certain == (("SODIUM HYALURONATE", "Sodium Hyaluronate"),)


WORDS = [
    "Aqua",
    "Water",
    "CI",
    "77491",
    "(",
    ")",
    "[",
    "/",
    ",",
    "-",
    "1",
    "5%",
    "Mica",
    "Seed",
    "Oil",
    "Shea",
    "Butter",
    "+/-",
    "é",
]


@given(st.lists(st.sampled_from([*WORDS, " ", " "]), max_size=12).map("".join) | st.text(max_size=40))
def test_ids_are_fixed_points(text: str) -> None:
    found = parse_ingredients(text)
    for name, _ in (*found.certain, *found.possible):
        again = canonical_ingredient(name)
        assert again is not None and again[0] == name


@given(st.text(alphabet="ab12 ,;.:()[]*%/+-·•、（）：\n", max_size=60) | st.text(max_size=60))
def test_any_text_yields_clean_names(text: str) -> None:
    found = parse_ingredients(text)
    for name, label in (*found.certain, *found.possible):
        assert name == name.strip() and label == label.strip() and name
        assert not set(name) & set("*[]\n")
        assert canonical_ingredient(label) is not None
    assert len({name for name, _ in found.certain}) == len(found.certain)


@pytest.mark.parametrize(
    ("separator", "text"),
    [
        (",", "Aqua, 1,2-Hexanediol, Parfum (Limonene, Linalool)"),
        (";", "Aqua; 1,2-Hexanediol; Parfum (Limonene; Linalool)"),
        ("~", "Aqua~1,2-Hexanediol~Parfum (Limonene, Linalool)"),
    ],
)
def test_a_link_that_names_its_separator_tears_no_name_apart(separator: str, text: str) -> None:
    link = Link(relation="contains", tail="ingredients", split=separator, normalise="inci")
    tails = tails_of(Cells(pl.Series("ingredients", [text]), None), link, (), "shop.csv", Notices())
    assert tails.get_column("tail").to_list() == ["AQUA", "1,2-HEXANEDIOL", "PARFUM", "LIMONENE", "LINALOOL"]


@pytest.mark.parametrize(
    "text",
    [
        "水、甘油、（日用）香精",
        "水/甘油/香精",
        "水 甘油 香精",
        "水AQUA、甘油GLYCERIN、香精PARFUM",
        "AQUA水, GLYCERIN甘油, PARFUM香精",
        "水、甘油、其他微量成分：香精",
        "水、甘油 其它微量成份：香精",
        "活性成分：水，甘油；非活性成分：香精",
        "Water, Glycerin, Fragrance (F.I.L. D12/3)",
        "Water\\Aqua\\Eau, Glycerin, Fragrance\\Parfum",
        "Aqua - Glycerin - Parfum",
        "Aqua. Glycerin. Parfum.",
        "INGREDIENTS: aqua and glycerin & parfum",
        "Water, Glycerin & Fragrance",
        "Water, Glycerin + Fragrance Oil",
        'Water, Glycerin, "Parfum Blend"',
        "Water, Glycerin, Frag\u00adrance",
        "Water, Glycerin, \u200bFragrance\u200b",
        "Water, Glycerin, Also contains: Fragrance",
        "Water, Glycerin. Inactive Ingredients: Fragrance",
        "Active: Glycerin 10% Inactive: Water, Fragrance",
        "Water, Glycerin. May contain less than 2% of: Fragrance",
        "Water, Glycerin, contains up to 1% of: Fragrance",
        "Water, Glycerin. Contains one or more of the following: Fragrance",
        "Wasser, Glycerin, Duftstoffe",
        "Вода, Glycerin, Парфюм",
    ],
)
def test_no_way_of_writing_hides_perfume_or_loses_its_neighbours(text: str) -> None:
    assert {name for name, _ in parse_ingredients(text).certain} == {"AQUA", "GLYCERIN", "PARFUM"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Fragrance (Parfum, contains Limonene)", {"PARFUM", "LIMONENE"}),
        ("Water, Fragrance(Parfum)/Citral", {"AQUA", "PARFUM", "CITRAL"}),
        ("Camellia Sinensis Leaf & Flower Extract", {"CAMELLIA SINENSIS LEAF & FLOWER EXTRACT"}),
        ("PEG/PPG-18/18 Dimethicone, Leaf/Stem Extract", {"PEG/PPG-18/18 DIMETHICONE", "LEAF/STEM EXTRACT"}),
        ("FD & C Red No. 40, Fragrance-Free Base", {"CI 16035", "FRAGRANCE-FREE BASE"}),
        ("Peg - 8, Talc", {"PEG-8", "TALC"}),
    ],
)
def test_only_names_that_are_known_come_apart(text: str, names: set[str]) -> None:
    assert {name for name, _ in parse_ingredients(text).certain} == names
