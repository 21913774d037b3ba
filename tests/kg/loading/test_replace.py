"""``mode = "replace"``: the store becomes what the files say, and a dry run says beforehand what that costs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kg.errors import LimitError, UsageError
from kg.loading.delete_limit import DeleteLimit
from kg.loading.replacement import fed_by, is_replaced
from kg.mapping.source import Source
from tests.kg.files import graph, load_text
from tests.kg.loading.test_load import MADE_BY, PRODUCTS, PURCHASED, SCHEMA, USERS, revision

ids = st.sets(st.integers(1, 4), max_size=4)
content = st.fixed_dictionaries(
    {
        "users": ids,
        "products": st.dictionaries(st.integers(1, 4), st.integers(0, 2), max_size=4),
        "purchases": st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8),
    }
)
modes = st.fixed_dictionaries(
    {name: st.sampled_from(["merge", "replace"]) for name in ("users", "products", "purchases")}
)
Graph = dict[str, set[Any]]


def with_mode(table: str, mode: str) -> str:
    return table.replace("[[source]]\n", f'[[source]]\nmode = "{mode}"\n')


def mapping(mode: dict[str, str]) -> str:
    return (
        with_mode(USERS, mode["users"])
        + with_mode(PRODUCTS, mode["products"])
        + MADE_BY
        + with_mode(PURCHASED, mode["purchases"])
    )


def files(said: dict[str, Any]) -> dict[str, str]:
    """The files; user 0, product 0 and the purchase of it are always there, so that no file is all bad."""
    users, products = {0, *said["users"]}, {0: 0, **said["products"]}
    purchases = sorted({(0, 0), *said["purchases"]})
    return {
        "users.csv": "id\n" + "".join(f"u{user}\n" for user in sorted(users)),
        "products.csv": "id,name,price,brand\n" + "".join(f"p{p},,,b{b}\n" for p, b in sorted(products.items())),
        "purchases.csv": "user,product\n" + "".join(f"u{user},p{product}\n" for user, product in purchases),
    }


def after(before: Graph, said: dict[str, Any], mode: dict[str, str]) -> tuple[Graph, int]:
    """The graph that a load must leave, worked out with sets, and how many purchases are rejected."""
    users = {f"u{user}" for user in {0, *said["users"]}}
    made_by = {(f"p{p}", f"b{b}") for p, b in {0: 0, **said["products"]}.items()}
    products = {p for p, _ in made_by}
    rows = {(f"u{user}", f"p{product}") for user, product in {(0, 0), *said["purchases"]}}
    now: Graph = {"Brand": before["Brand"] | {b for _, b in made_by}}
    now["User"] = users if mode["users"] == "replace" else before["User"] | users
    now["Product"] = products if mode["products"] == "replace" else before["Product"] | products
    good = {(u, p) for u, p in rows if u in now["User"] and p in now["Product"]}
    kept = set() if mode["purchases"] == "replace" else before["purchased"]
    now["purchased"] = good | {(u, p) for u, p in kept if u in now["User"] and p in now["Product"]}
    old = (
        {(p, b) for p, b in before["made_by"] if p not in products}
        if mode["products"] == "replace"
        else before["made_by"]
    )
    now["made_by"] = made_by | {(p, b) for p, b in old if p in now["Product"]}
    return now, len(rows - good)


def stored(workspace: Path) -> Graph:
    found = graph(workspace, SCHEMA)
    keys = {name: {row[0] for row in found.get(name, ())} for name in ("User", "Product", "Brand")}
    return keys | {name: {row[:2] for row in found.get(name, ())} for name in ("made_by", "purchased")}


@settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(content, content, modes)
def test_a_dry_run_says_exactly_what_the_load_then_does(
    tmp_path_factory: pytest.TempPathFactory, old: dict[str, Any], new: dict[str, Any], mode: dict[str, str]
) -> None:
    workspace = tmp_path_factory.mktemp("replace")
    load_text(workspace, SCHEMA, mapping(dict.fromkeys(mode, "merge")), files(old))
    before, mark = stored(workspace), revision(workspace)
    planned = load_text(workspace, SCHEMA, mapping(mode), files(new), dry_run=True, max_rejects=99).to_json()
    assert (stored(workspace), revision(workspace)) == (before, mark)
    done = load_text(workspace, SCHEMA, mapping(mode), files(new), max_rejects=99).to_json()
    for key in ("files", "entities", "triples", "rejected", "notices"):
        assert planned[key] == done[key]
    expected, rejected = after(before, new, mode)
    assert (stored(workspace), done["rejected"]) == (expected, rejected)
    for name, counts in (done["entities"] | done["triples"]).items():
        assert counts["created"] == len(expected[name] - before[name])
        assert counts["deleted"] == len(before[name] - expected[name])
        assert counts["updated"] == 0
    again = load_text(workspace, SCHEMA, mapping(mode), files(new), max_rejects=99).to_json()
    assert all(c["created"] == c["updated"] == c["deleted"] == 0 for c in again["entities"].values())
    assert all(c["created"] == c["updated"] == c["deleted"] == 0 for c in again["triples"].values())


BEFORE = {
    "users.csv": "id\nu1\nu2\n",
    "products.csv": "id,name,price,brand\np1,A,1,b1\np2,B,2,b2\np3,C,3,b1\n",
    "purchases.csv": "user,product\nu1,p1\nu2,p2\nu2,p3\n",
}


def test_on_both_stores_what_vanished_goes_with_all_its_triples(store_url: str, tmp_path: Path) -> None:
    everything = USERS + PRODUCTS + MADE_BY + PURCHASED
    load_text(tmp_path, SCHEMA, everything, BEFORE, url=store_url)
    products = {"products.csv": "id,name,price,brand\np1,A,1,b2\np3,C,,b1\n"}
    report = load_text(tmp_path, SCHEMA, PRODUCTS + MADE_BY, products, url=store_url, mode="replace").to_json()
    assert report["entities"] == {
        "Product": {"created": 0, "updated": 1, "unchanged": 1, "deleted": 1},
        "Brand": {"created": 0, "updated": 0, "unchanged": 2, "deleted": 0},
    }
    assert report["triples"] == {  # purchases are of no source of this load, but p2 takes its own along
        "purchased": {"created": 0, "updated": 0, "unchanged": 0, "deleted": 1},
        "made_by": {"created": 1, "updated": 0, "unchanged": 1, "deleted": 2},
    }
    assert graph(tmp_path, SCHEMA, store_url) == {
        "User": [("u1",), ("u2",)],
        "Product": [("p1", "A", 1.0), ("p3", "C")],
        "Brand": [("b1",), ("b2",)],
        "purchased": [("u1", "p1", 1.0), ("u2", "p3", 1.0)],
        "made_by": [("p1", "b2", 1.0), ("p3", "b1", 1.0)],
    }


def test_several_files_and_sources_count_together(tmp_path: Path) -> None:
    load_text(tmp_path, SCHEMA, USERS + PRODUCTS, {"users.csv": "id\nu1\nu2\nu3\n", **BEFORE})
    parts = {"users1.csv": "id\nu1\n", "users2.csv": "id\nu4\n", "users.csv": "id\n"}
    more = '[[source]]\nfile = "vip.jsonl"\nentity = "User"\nid = "key"\n'
    report = load_text(
        tmp_path,
        SCHEMA,
        with_mode(USERS.replace("users*", "users[12]"), "replace") + more,
        {**parts, "vip.jsonl": '{"key": "u2"}\n'},
    )
    assert report.entities == {"User": {"created": 1, "updated": 0, "unchanged": 2, "deleted": 0}}
    assert graph(tmp_path, SCHEMA)["User"] == [("u1",), ("u2",), ("u4",)]


def test_triples_that_name_their_relation_replace_the_relations_they_name(tmp_path: Path) -> None:
    load_text(tmp_path, SCHEMA, USERS + PRODUCTS + MADE_BY + PURCHASED, BEFORE)
    triples = (
        '[[source]]\nfile = "t.tsv"\ncolumns = ["h", "r", "t"]\nrelation_column = "r"\nhead = "h"\ntail = "t"\n'
        "create_ends = true\n"
    )
    load_text(tmp_path, SCHEMA, triples, {"t.tsv": "u1\tpurchased\tp2\n"}, mode="replace")
    found = graph(tmp_path, SCHEMA)
    assert (found["purchased"], len(found["made_by"]), len(found["User"])) == ([("u1", "p2", 1.0)], 3, 2)


def test_a_broken_export_deletes_nothing(tmp_path: Path) -> None:
    everything = USERS + PRODUCTS + MADE_BY + PURCHASED
    load_text(tmp_path, SCHEMA, everything, BEFORE)
    before = graph(tmp_path, SCHEMA)
    bad = {"products.csv": "id,name,price,brand\np1,A,1,b1\n,B,2,b2\n"}
    with pytest.raises(LimitError, match=r"products\.csv: 1 row was rejected.*2 Product.*nothing was.*`max_rejects=1`"):
        load_text(tmp_path, SCHEMA, PRODUCTS + MADE_BY, bad, mode="replace")
    empty = {"purchases.csv": "user,product\n"}
    with pytest.raises(
        LimitError, match=r"purchases\.csv: not one row.*delete 3 purchased; nothing was.*`allow_empty=True`"
    ):
        load_text(tmp_path, SCHEMA, PURCHASED, empty, mode="replace")
    gone = {**BEFORE, "products.csv": "id,name,price,brand\np1,A,1,b1\n"}  # purchases still name what vanished
    with pytest.raises(LimitError, match=r"purchases\.csv: 2 rows were rejected.*2 purchased"):
        load_text(tmp_path, SCHEMA, everything, gone, mode="replace")
    assert graph(tmp_path, SCHEMA) == before
    load_text(tmp_path, SCHEMA, PRODUCTS + MADE_BY, bad, mode="replace", max_rejects=1)
    load_text(tmp_path, SCHEMA, PURCHASED, empty, mode="replace", allow_empty=True)
    found = graph(tmp_path, SCHEMA)
    assert ([row[0] for row in found["Product"]], found.get("purchased")) == (["p1"], None)


@pytest.mark.parametrize(
    ("key", "option", "replaced"),
    [
        (None, None, False),
        (None, "replace", True),
        ("replace", None, True),
        ("replace", "merge", False),
        ("merge", "replace", False),
    ],
)
def test_merge_wins_whoever_says_it(key: Any, option: Any, replaced: bool) -> None:
    assert is_replaced(Source(file="u.csv", entity="User", id="id", mode=key), option) == replaced


def test_what_a_bad_row_may_have_kept() -> None:
    """A row of a relation speaks of its ends too, where it would create them; an entity's of its links."""
    rows = {"file": "b.csv", "relation": "purchased", "head": "u", "tail": "p"}
    assert fed_by(Source(**rows), SCHEMA) == {"purchased"}
    assert fed_by(Source(**rows, create_ends=True), SCHEMA) == {"purchased", "User", "Product"}
    product = Source(file="p.csv", entity="Product", id="id", link=[{"relation": "made_by", "tail": "brand"}])
    assert fed_by(product, SCHEMA) == {"Product", "made_by", "Brand"}
    named = Source(file="t.csv", relation_column="r", head="h", tail="t", create_ends=False)
    assert fed_by(named, SCHEMA) == set(SCHEMA.relation)


def test_the_most_that_may_be_deleted_may_be() -> None:
    share, number = DeleteLimit.parse("5 %"), DeleteLimit.parse("3")
    assert (share.exceeded("Product", 1, 20), number.exceeded("Product", 3, 20)) == (None, None)
    assert share.exceeded("Product", 2, 20) == "2 of 20 Product (10.0%)" and str(share) == "5 %"
    assert number.exceeded("Product", 4, 20) == "4 of 20 Product (20.0%)" and str(number) == "3 rows"
    assert DeleteLimit.parse("ALL").exceeded("Product", 20, 20) is None
    for text in ("101%", "half", "-1", "5%%", ""):
        with pytest.raises(UsageError, match="a share such as 20%"):
            DeleteLimit.parse(text)
