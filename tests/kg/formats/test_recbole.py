"""RecBole's atomic files: the schema says what their columns mean, and every row is accounted for."""

from pathlib import Path

import pytest

from kg.errors import MappingError
from kg.formats.by_file_name import sources_for_paths
from kg.schema import Schema
from tests.kg.files import graph, load_sources, rejects

SHOP = Schema.model_validate(
    {
        "name": "shop",
        "entity": {
            "User": {"sensitive": True},
            "Product": {"domain": "shop", "properties": {"price": "float"}},
            "Course": {"domain": "courses"},
            "Brand": {},
            "SkinType": {},
        },
        "relation": {
            "purchased": {"head": "User", "tail": "Product", "interaction": True},
            "enrolled_in": {"head": "User", "tail": "Course", "interaction": True},
            "made_by": {"head": "Product", "tail": "Brand"},
            "suits": {"head": "Product", "tail": "SkinType"},
        },
    }
)
FILES = {
    "shop.user": "user_id:token\tage:float\nu1\t31\nu2\t44\n",
    "shop.item": (
        "product_id:token\tname:token_seq\tPrice:float\tskin_type:token_seq\tbrand:token\n"
        'p1\t5" Soap\t3.5\toily dry\tacme\np2\tGel\tcheap\t\t\n'
    ),
    "shop.inter": (
        "user_id:token\tproduct_id:token\trating:float\ttimestamp:float\n"
        "u1\tp1\t4\t978300760.0\nu9\tp7\t2\t\nu1\t\t2\t\n"
    ),
    "shop.link": "product_id:token\tentity_id:token\np1\tm.01\n",
    "shop.kg": "head_id:token\trelation_id:token\ttail_id:token\nm.01\tMADE_BY\tm.77\nm.01\tmade_bi\tm.77\n",
}


def test_a_folder_of_atomic_files_becomes_a_graph(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    report = load_sources(tmp_path, SHOP, sources_for_paths([folder], SHOP), folder)
    assert graph(tmp_path, SHOP) == {
        "User": [("u1",), ("u2",), ("u9",)],
        "Product": [("p1", '5" Soap', 3.5), ("p2", "Gel"), ("p7",)],
        "Brand": [("acme",), ("m.77",)],
        "SkinType": [("dry",), ("oily",)],
        "purchased": [("u1", "p1", 4.0, 978300760000), ("u9", "p7", 2.0)],
        "made_by": [("p1", "acme", 1.0), ("p1", "m.77", 1.0)],
        "suits": [("p1", "dry", 1.0), ("p1", "oily", 1.0)],
    }
    assert {f.place: (f.rows, f.loaded, f.rejected) for f in report.files} == {
        "shop.inter": (3, 2, 1),
        "shop.item": (2, 2, 0),
        "shop.kg": (2, 1, 1),
        "shop.link": (1, 1, 0),
        "shop.user": (2, 2, 0),
    }
    assert "shop.user: column 'age:float' is not used; known: user_id:token" in report.notices
    assert "shop.item: 1 cell of 'Price:float' could not be read and was left out" in "\n".join(report.notices)
    assert [(r["line"], r["value"], r["reason"]) for r in rejects(tmp_path)] == [
        ("4", "", "empty tail"),
        ("3", "made_bi", "unknown relation"),
    ]


def test_what_the_schema_leaves_open_is_asked(tmp_path: Path) -> None:
    ambiguous = tmp_path / "ml.inter"
    ambiguous.write_text("user_id:token\titem_id:token\n1\t2\n")
    with pytest.raises(MappingError, match="may be any of purchased, enrolled_in; name the file after the one"):
        sources_for_paths([ambiguous], SHOP)
    (named,) = sources_for_paths([ambiguous.rename(tmp_path / "Enrolled_In.inter")], SHOP)
    assert (named.relation, named.head, named.tail) == ("enrolled_in", "user_id:token", "item_id:token")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.inter", "user_id,item_id\n1,2\n", "no header of a RecBole file"),
        ("a.inter", "user_id:token\tfilm_id:token\n1\t2\n", "no relation of the schema fits user_id and film_id"),
        ("a.item", "item_id:token\n1\n", "may be any of Product, Course"),
        ("a.kg", "", "no header of a RecBole file"),
    ],
)
def test_files_that_do_not_fit_say_so(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(MappingError, match=message):
        sources_for_paths([tmp_path / name], SHOP)


def test_a_label_of_0_is_no_purchase(tmp_path: Path) -> None:
    log = tmp_path / "purchased.inter"
    log.write_text("user_id:token\titem_id:token\tlabel:float\nu1\tp1\t1.0\nu1\tp2\t0.0\nu2\tp1\t1\n")
    report = load_sources(tmp_path, SHOP, sources_for_paths([log], SHOP), tmp_path)
    assert [(f.rows, f.loaded, f.filtered) for f in report.files] == [(3, 2, 1)]
    assert [row[:2] for row in graph(tmp_path, SHOP)["purchased"]] == [("u1", "p1"), ("u2", "p1")]
