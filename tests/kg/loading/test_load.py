"""A load: no row is lost, repeating it changes nothing, the order of rows does not matter."""

import csv
import io
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from kg.errors import LimitError, MappingError, ReadError
from kg.formats.by_file_name import sources_for_paths
from kg.schema import parse_schema
from kg.staging.report import LoadReport
from kg.stores.store import entity_dtypes
from tests.kg.files import graph, load_sources, load_text, rejects, store_of

SCHEMA = parse_schema(
    {
        "name": "shop",
        "entity": {
            "User": {"sensitive": True},
            "Product": {"domain": "cosmetics", "properties": {"price": "float", "stock": "int", "vegan": "bool"}},
            "Course": {"domain": "courses"},
            "Brand": {"properties": {"country": "str"}},
            "Ingredient": {},
        },
        "relation": {
            "purchased": {"head": "User", "tail": "Product", "interaction": True},
            "made_by": {"head": "Product", "tail": "Brand"},
            "contains": {"head": "Product", "tail": "Ingredient"},
            "teaches": {"head": "Course", "tail": "Ingredient"},
        },
    }
)
USERS = '[[source]]\nfile = "users*.csv"\nentity = "User"\nid = "id"\n'
PRODUCTS = (
    '[[source]]\nfile = "products.csv"\nentity = "Product"\nid = "id"\nlabel = "name"\n'
    'properties = { price = "price" }\n'
)
MADE_BY = '[[source.link]]\nrelation = "made_by"\ntail = "brand"\n'
CONTAINS = '[[source.link]]\nrelation = "contains"\ntail = "ingredients"\nnormalise = "inci"\n'
PURCHASED = '[[source]]\nfile = "purchases.csv"\nrelation = "purchased"\nhead = "user"\ntail = "product"\n'
RATED = PURCHASED + 'weight = "rating"\ntimestamp = "time"\nwhere = "rating >= 2"\n'


def changes(report: LoadReport) -> dict[str, tuple[int, int, int]]:
    """Entity type or relation → created, updated, unchanged."""
    counts = report.entities | report.triples
    return {name: (c["created"], c["updated"], c["unchanged"]) for name, c in counts.items()}


def revision(workspace: Path) -> str | None:
    store = store_of(workspace, SCHEMA, read_only=True)
    try:
        return store.revision()
    finally:
        store.close()


BAD_CELLS = {
    "id": ["", " ", "NULL", "x" * 4001],
    "price": ["abc", "free", "1e999"],
    "time": ["soon", "12", "2024-02-30"],
}
good_ids = st.sampled_from(["1", "01", "1.0", "é", " 2 ", "NA ", "水", "a,b", 'q"q', "l\nl"])
prices = st.sampled_from(["", "1.5", "2", "NaN", *BAD_CELLS["price"]])
users = st.lists(st.tuples(good_ids | st.sampled_from(BAD_CELLS["id"])), max_size=8)
products = st.lists(
    st.tuples(good_ids | st.sampled_from(BAD_CELLS["id"]), st.sampled_from(["", "A", "B"]), prices, good_ids),
    max_size=8,
)
purchases = st.lists(
    st.tuples(
        good_ids,
        good_ids,
        st.sampled_from(["1", "2", "4.5", "", "x"]),
        st.sampled_from(["", "2024-01-01", "1700000000", *BAD_CELLS["time"]]),
    ),
    max_size=12,
)


def table(header: str, rows: list[tuple[str, ...]], ragged: set[int]) -> str:
    """CSV text; rows whose number is in ``ragged`` get a cell too many."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header.split(","))
    for number, row in enumerate(rows):
        writer.writerow([*row, "extra"] if number in ragged else row)
    return out.getvalue()


@settings(  # no shrinking: an example takes a second, four loads into real stores
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@example([], [], [("1", "1", "1", ""), ("1", "1", "1", "")], {0}, random.Random(0))
@given(users, products, purchases, st.sets(st.integers(0, 12), max_size=3), st.randoms(use_true_random=False))
def test_no_row_is_lost_and_neither_order_nor_repetition_matters(
    tmp_path_factory: pytest.TempPathFactory,
    users: list[Any],
    products: list[Any],
    purchases: list[Any],
    ragged: set[int],
    rng: random.Random,
) -> None:
    parts = [USERS, PRODUCTS + MADE_BY, RATED]
    rows = {"users.csv": [("1",), *users], "products.csv": [("1", "", "", ""), *products], "purchases.csv": purchases}
    headers = {"users.csv": "id", "products.csv": "id,name,price,brand", "purchases.csv": "user,product,rating,time"}
    ragged = {number + 1 for number in ragged}
    outcomes = []
    for turn in range(2):
        workspace = tmp_path_factory.mktemp("load")
        texts = {name: table(headers[name], rows[name], ragged if turn == 0 else set()) for name in rows}
        if turn:  # the same rows in another order; ragged ones cannot be moved by their number, so they are left out
            kept = {n: [r for i, r in enumerate(rows[n]) if i not in ragged] for n in rows}
            texts = {n: table(headers[n], rng.sample(kept[n], len(kept[n])), set()) for n in rows}
            rng.shuffle(parts)
        purchases_only_bad = False
        try:
            report = load_text(workspace, SCHEMA, "".join(parts), texts)
        except LimitError:
            purchases_only_bad = True
            report = load_text(workspace, SCHEMA, "".join(p for p in parts if p != RATED), texts)
        for file in report.files:
            expected = len(rows[file.place]) if turn == 0 else len(kept[file.place])
            assert file.rows == file.loaded + file.rejected + file.filtered == expected
        if report.rejected:
            written = Counter(line["file"] for line in rejects(workspace))
            assert written == {f.place: f.rejected for f in report.files if f.rejected}
        mark = revision(workspace)
        mapping = "".join(p for p in parts if not (purchases_only_bad and p == RATED))
        again = load_text(workspace, SCHEMA, mapping, texts)
        assert all(created == updated == 0 for created, updated, _ in changes(again).values())
        assert revision(workspace) == mark
        outcomes.append(graph(workspace, SCHEMA))
    assert outcomes[0] == outcomes[1]


def test_what_changed_is_updated_and_nothing_else_is_touched(tmp_path: Path) -> None:
    products = "id,name,price,brand\np1,Rose,1.5,Acme\np2,Lily,2,Acme\n"
    both = PRODUCTS + MADE_BY
    first = load_text(tmp_path, SCHEMA, both, {"products.csv": products})
    assert changes(first) == {"Product": (2, 0, 0), "Brand": (1, 0, 0), "made_by": (2, 0, 0)}
    mark = revision(tmp_path)
    load_text(
        tmp_path,
        SCHEMA,
        '[[source]]\nfile = "stock.csv"\nentity = "Product"\nid = "id"\nproperties = { stock = "stock", vegan = "v" }',
        {"stock.csv": "id,stock,v\np1,7,true\n"},
    )
    assert revision(tmp_path) not in (mark, None)
    changed = products.replace("p2,Lily,2", "p2,,2.5").replace("p1,Rose", "p1,Rosa")
    assert changes(load_text(tmp_path, SCHEMA, both, {"products.csv": changed}))["Product"] == (0, 2, 0)
    assert graph(tmp_path, SCHEMA)["Product"] == [("p1", "Rosa", 1.5, 7, True), ("p2", "Lily", 2.5)]


def test_weights_and_timestamps_that_a_file_does_not_say_stay(tmp_path: Path) -> None:
    base = {"users.csv": "id\nu\n", "products.csv": "id,name,price\np,,\n"}
    rated = base | {"purchases.csv": "user,product,rating,time\nu,p,5,2024-01-01\n"}
    load_text(tmp_path, SCHEMA, USERS + PRODUCTS + RATED, rated)
    bare = load_text(tmp_path, SCHEMA, USERS + PRODUCTS + PURCHASED, rated)
    assert changes(bare)["purchased"] == (0, 0, 1)
    rated["purchases.csv"] = "user,product,rating,time\nu,p,4,\n"
    assert changes(load_text(tmp_path, SCHEMA, USERS + PRODUCTS + RATED, rated))["purchased"] == (0, 1, 0)
    assert graph(tmp_path, SCHEMA)["purchased"] == [("u", "p", 4.0, 1_704_067_200_000)]


@pytest.mark.parametrize("reverse", [False, True])
def test_a_link_never_overwrites_the_label_of_an_entity_row(tmp_path: Path, reverse: bool) -> None:
    products = PRODUCTS + MADE_BY.replace("tail =", 'normalise = "casefold"\ntail =')
    brands = '[[source]]\nfile = "brands.csv"\nentity = "Brand"\nid = "id"\nlabel = "name"\n'
    files = {
        "products.csv": "id,name,price,brand\np1,,,ACME\np2,,,Beta\n",
        "brands.csv": "id,name\nacme,The Acme Company\n",
    }
    steps = [products, brands] if not reverse else [brands, products]
    for mapping in steps:
        load_text(tmp_path / "apart", SCHEMA, mapping, files)
    load_text(tmp_path / "together", SCHEMA, "".join(steps), files)
    expected = [("acme", "The Acme Company"), ("beta", "Beta")]
    assert graph(tmp_path / "apart", SCHEMA)["Brand"] == graph(tmp_path / "together", SCHEMA)["Brand"] == expected


def test_entity_rows_and_links_meet_when_both_are_normalised(tmp_path: Path) -> None:
    inventory = '[[source]]\nfile = "inci.csv"\nentity = "Ingredient"\nid = "name"\nnormalise = "inci"\n'
    files = {
        "inci.csv": "name\nSODIUM PCA\nUrea\nWater\n",
        "products.csv": "id,name,price,ingredients\np,,,Sodium PCA\n",
    }
    load_text(tmp_path, SCHEMA, inventory + PRODUCTS + CONTAINS, files)
    assert graph(tmp_path, SCHEMA)["Ingredient"] == [("AQUA", "Water"), ("SODIUM PCA", "Sodium PCA"), ("UREA", "Urea")]


def test_rows_that_contradict_each_other_are_counted(tmp_path: Path) -> None:
    report = load_text(
        tmp_path, SCHEMA, PRODUCTS, {"products.csv": "id,name,price\np1,A,1\np1,A,\np1,,2\np2,B,1\np2,B,1\n"}
    )
    assert graph(tmp_path, SCHEMA)["Product"] == [("p1", "A", 2.0), ("p2", "B", 1.0)]
    assert report.notices == [
        "Product: 1 id about which rows contradict each other; the largest value was taken; "
        "the others are in contradictions.csv"
    ]


def test_the_latest_of_several_equal_triples_wins_then_the_largest_weight(tmp_path: Path) -> None:
    lines = ["u,p,5,", "u,p,3,2024-01-02", "u,p,4,2024-01-02", "u,p,9,2024-01-01"]
    for seed in range(3):
        random.Random(seed).shuffle(lines)
        files = {"users.csv": "id\nu\n", "products.csv": "id,name,price\np,,\n"}
        files["purchases.csv"] = "user,product,rating,time\n" + "\n".join(lines)
        load_text(tmp_path / str(seed), SCHEMA, USERS + PRODUCTS + RATED, files)
        assert graph(tmp_path / str(seed), SCHEMA)["purchased"] == [("u", "p", 4.0, 1_704_153_600_000)]


def test_a_dry_run_reports_the_same_and_writes_nothing(tmp_path: Path) -> None:
    files = {"users.csv": "id\nu\n\n", "products.csv": "id,name,price\np,,\n,,2\n"}
    load_text(tmp_path, SCHEMA, USERS, files)
    mark = revision(tmp_path)
    planned = load_text(tmp_path, SCHEMA, USERS + PRODUCTS, files, dry_run=True).to_json()
    assert (revision(tmp_path), list(graph(tmp_path, SCHEMA))) == (mark, ["User"])
    done = load_text(tmp_path, SCHEMA, USERS + PRODUCTS, files).to_json()
    assert (planned["dry_run"], done["dry_run"]) == (True, False)
    for key in ("files", "entities", "triples", "rejected"):
        assert planned[key] == done[key]
    assert done["entities"] == {
        "User": {"created": 0, "updated": 0, "unchanged": 1, "deleted": 0},
        "Product": {"created": 1, "updated": 0, "unchanged": 0, "deleted": 0},
    }


def test_a_dry_run_before_the_first_load(tmp_path: Path) -> None:
    report = load_text(tmp_path, SCHEMA, USERS, {"users.csv": "id\nu\n"}, dry_run=True)
    assert changes(report) == {"User": (1, 0, 0)}
    assert {path.name for path in tmp_path.iterdir()} == {"in", "staging"}


def test_files_without_a_mapping(tmp_path: Path) -> None:
    (tmp_path / "Product.csv").write_text("ID,price,colour\np1,2.5,red\n")
    (tmp_path / "User.jsonl").write_text('{"id": 7, "label": "Ann"}\n')
    (tmp_path / "purchased.csv").write_text("head,tail,timestamp\n7,p1,2024-01-01\n")
    report = load_sources(tmp_path, SCHEMA, sources_for_paths([tmp_path], SCHEMA), tmp_path)
    assert graph(tmp_path, SCHEMA) == {
        "User": [("7", "Ann")],
        "Product": [("p1", None, 2.5)],
        "purchased": [("7", "p1", 1.0, 1_704_067_200_000)],
    }
    assert report.notices[1].startswith("Product.csv: column 'colour' is not used")
    (tmp_path / "t.tsv").write_text("u\tpurchased\tp\np\tmade_by\tb\np\tmade\tb\n")
    triples = sources_for_paths([tmp_path / "t.tsv"], SCHEMA, triples=True)
    load_sources(tmp_path / "triples", SCHEMA, triples, tmp_path)
    assert graph(tmp_path / "triples", SCHEMA) == {
        "User": [("u",)],
        "Product": [("p",)],
        "Brand": [("b",)],
        "purchased": [("u", "p", 1.0)],
        "made_by": [("p", "b", 1.0)],
    }


def test_labels_found_in_texts_become_triples(tmp_path: Path) -> None:
    courses = (
        '[[source]]\nfile = "courses.csv"\nentity = "Course"\nid = "id"\nlabel = "title"\n'
        '[[source.text]]\nrelation = "teaches"\ncolumns = ["title", "about"]\n'
        'aliases = { "vitamin b3" = "NIACINAMIDE" }\n'
    )
    files = {
        "products.csv": 'id,name,price,ingredients\np1,,,"Niacinamide, Rose Oil"\n',
        "courses.csv": "id,title,about\nc1,Rose oil basics,Vitamin B3 and rose\nc2,Cooking,\nc3,Primrose,niacinamide\n",
    }
    report = load_text(tmp_path, SCHEMA, courses + PRODUCTS + CONTAINS, files)
    found = graph(tmp_path, SCHEMA)["teaches"]
    assert [triple[:2] for triple in found] == [("c1", "NIACINAMIDE"), ("c1", "ROSE OIL"), ("c3", "NIACINAMIDE")]
    assert [triple[2] < 1 for triple in found] == [True, False, True]
    assert changes(report)["teaches"] == (3, 0, 0)
    assert changes(load_text(tmp_path, SCHEMA, courses, files))["teaches"] == (0, 0, 3)


def test_nothing_is_written_when_some_file_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"products\.csv: missing column 'price'"):
        load_text(tmp_path, SCHEMA, USERS + PRODUCTS, {"users.csv": "id\nu\n", "products.csv": "id,name\np,P\n"})
    with pytest.raises(MappingError, match="no such file"):
        load_text(tmp_path, SCHEMA, USERS + PURCHASED, {})
    assert graph(tmp_path, SCHEMA) == {}
    assert not list((tmp_path / "staging").iterdir())


def test_progress_ends_with_the_bytes_of_each_file_and_never_beyond(tmp_path: Path) -> None:
    calls: list[tuple[str, int, int]] = []
    files = {"users.csv": "id\nu1\n", "products.csv": "id,name,price\np1,A,1\n"}
    load_text(
        tmp_path,
        SCHEMA,
        USERS + PRODUCTS,
        files,
        progress=lambda stage, done, total, note="": calls.append((stage, done, total)),
    )
    for name, text in files.items():
        done = [(part, total) for stage, part, total in calls if stage == name]
        assert done[0] == (0, len(text)) and done[-1] == (len(text), len(text))
        assert all(part <= total for part, total in done)


def test_the_frames_have_the_columns_of_the_store(tmp_path: Path) -> None:
    load_text(tmp_path, SCHEMA, PRODUCTS, {"products.csv": "id,name,price\np1,A,1\n"})
    store = store_of(tmp_path, SCHEMA, read_only=True)
    assert dict(store.read_entities("Product").schema) == entity_dtypes(SCHEMA, "Product")
    store.close()
