"""Files for neo4j-admin import: headers say what they are, labels and types of the rows are those of the schema."""

from pathlib import Path

import pytest

from kg.errors import MappingError
from kg.formats.by_file_name import sources_for_paths
from tests.kg.files import graph, load_sources, rejects
from tests.kg.formats.test_recbole import SHOP


def write(folder: Path, name: str, text: str) -> Path:
    """A file in a folder that is made where it is missing."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_nodes_of_several_labels_and_their_relationships(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(
        folder,
        "nodes.csv",
        "id:ID(Things),name,price:float,suits:string[],internal:IGNORE,:LABEL\n"
        "p1,Soap,3.5,oily;dry,x,Product\np2,Gel,dear,,x,PRODUCT;Thing\np3,,,,,Thing;product\nb1,Acme,,,x,Brand\n",
    )
    write(folder, "users.csv", "userId:ID(User),age:int\nu1,3\n")
    write(
        folder,
        "rels.csv",
        ":START_ID(Things),:END_ID(Things),:TYPE,weight:float\np1,b1,MADE_BY,2\np3,b1,made_bi,\np3,b9,made_by,\n",
    )
    write(folder, "bought.csv", ":START_ID(User),:END_ID(Product),rating:int,timestamp:long\nu1,p1,5,1700000000\n")
    report = load_sources(tmp_path, SHOP, sources_for_paths([folder], SHOP), folder)
    assert graph(tmp_path, SHOP) == {
        "User": [("u1",)],
        "Product": [("p1", "Soap", 3.5), ("p2", "Gel"), ("p3",)],
        "Brand": [("b1", "Acme")],
        "SkinType": [("dry",), ("oily",)],
        "purchased": [("u1", "p1", 5.0, 1700000000000)],
        "made_by": [("p1", "b1", 2.0)],
        "suits": [("p1", "dry", 1.0), ("p1", "oily", 1.0)],
    }
    assert [(f.place, f.rows, f.loaded, f.rejected, f.filtered) for f in report.files] == [
        ("bought.csv", 1, 1, 0, 0),
        ("nodes.csv", 4, 1, 0, 3),
        ("nodes.csv", 4, 3, 0, 1),
        ("rels.csv", 3, 1, 2, 0),
        ("users.csv", 1, 1, 0, 0),
    ]
    assert [(r["value"], r["reason"], r["hint"]) for r in rejects(tmp_path)] == [
        ("made_bi", "unknown relation", "nearest: 'made_by'"),
        ("b9", "unknown Brand", "load it too, correct the id, or say create_ends = true in the mapping"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x:ID,:LABEL\n1,Produkt\n", "unknown label 'Produkt'; nearest: 'Product'"),
        ("x:ID,:LABEL\n1,Product;Brand\n", "'Product;Brand' are several entity types"),
        ("x:ID,:LABEL\n1,Product\n2,\n", "line 3: no label"),
        ("x:ID(Gizmos)\n1\n", "no entity of the schema fits Gizmos"),
        (":START_ID(User),:END_ID(Brand)\n1,2\n", "no relation of the schema fits User and Brand"),
    ],
)
def test_files_that_do_not_fit_say_so_before_anything_is_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        sources_for_paths([write(tmp_path, "things.csv", text)], SHOP)


def test_headers_in_files_of_their_own(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write(folder, "products_header.csv", "id:ID(Product),name,price:float\n")
    write(folder, "products.csv", "p1,Soap,3.5\n")
    write(folder, "products-part2.csv", "p2,Gel,2\n")
    write(folder, "users-header.csv", "userId:ID(User)\n")
    write(folder, "users.csv", "u1\n")
    write(folder, "bought_header.csv", ":START_ID(User),:END_ID(Product),:TYPE\n")
    write(folder, "bought.csv", "u1,p1,PURCHASED\nu1,p2,PURCHASED\n")
    report = load_sources(tmp_path, SHOP, sources_for_paths([folder], SHOP), folder)
    assert report.rejected == 0 and [f.rows for f in report.files] == [2, 1, 1, 1]
    assert graph(tmp_path, SHOP)["Product"] == [("p1", "Soap", 3.5), ("p2", "Gel", 2.0)]
    assert [row[:2] for row in graph(tmp_path, SHOP)["purchased"]] == [("u1", "p1"), ("u1", "p2")]
