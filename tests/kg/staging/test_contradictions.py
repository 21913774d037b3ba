"""Rows that contradict each other: all of them count as loaded, a rule decides, and each one passed over is listed."""

import csv
import random
from pathlib import Path

from tests.kg.files import graph, load_text
from tests.kg.loading.test_load import PRODUCTS, RATED, SCHEMA, USERS, changes

PRODUCT_ROWS = ["p1,A,1", "p1,A,", "p1,,2", "p1,B,2", "p2,B,1", "p2,B,1"]
PURCHASE_ROWS = [
    "u,p1,5,2024-01-02",
    "u,p1,3,2024-01-02",
    "u,p1,9,2024-01-01",
    "u,p1,8,2024-01-01",
    "u,p2,4,",
    "u,p2,2,",
]


def contradictions(path: Path | None) -> list[tuple[str, ...]]:
    assert path is not None
    with path.open(encoding="utf-8", newline="") as lines:
        return [tuple(line.values()) for line in csv.DictReader(lines)]


def test_each_row_passed_over_is_listed_and_no_order_changes_the_outcome(tmp_path: Path) -> None:
    outcomes = []
    for seed in range(3):
        products, purchases = PRODUCT_ROWS[:], PURCHASE_ROWS[:]
        if seed:
            random.Random(seed).shuffle(products)
            random.Random(seed).shuffle(purchases)
        files = {
            "users.csv": "id\nu\n",
            "products.csv": "id,name,price\n" + "\n".join(products),
            "purchases.csv": "user,product,rating,time\n" + "\n".join(purchases),
        }
        report = load_text(tmp_path / str(seed), SCHEMA, USERS + PRODUCTS + RATED, files)
        assert [file.loaded for file in report.files] == [1, 6, 6]
        assert (report.contradictions, report.to_json()["contradictions"]) == (3, 3)
        found = contradictions(report.contradictions_file)
        line = {row: str(2 + at) for rows in (products, purchases) for at, row in enumerate(rows)}
        expected = [
            ("products.csv", line[row], "Product", "p1", "", field, kept, other, "products.csv", line[winner])
            for row, field, kept, other, winner in (
                ("p1,A,1", "label", "B", "A", "p1,B,2"),
                ("p1,A,1", "price", "2.0", "1.0", min("p1,,2", "p1,B,2", key=lambda row: int(line[row]))),
                ("p1,A,", "label", "B", "A", "p1,B,2"),
            )
        ]
        expected += [
            ("purchases.csv", line[row], "purchased", "u", p, "weight", kept, other, "purchases.csv", line[winner])
            for row, p, kept, other, winner in (
                ("u,p1,3,2024-01-02", "p1", "5.0", "3.0", "u,p1,5,2024-01-02"),
                ("u,p2,2,", "p2", "4.0", "2.0", "u,p2,4,"),
            )
        ]
        assert sorted(found) == sorted(expected)
        outcomes.append(graph(tmp_path / str(seed), SCHEMA))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert outcomes[0]["Product"] == [("p1", "B", 2.0), ("p2", "B", 1.0)]
    assert outcomes[0]["purchased"] == [("u", "p1", 5.0, 1_704_153_600_000), ("u", "p2", 4.0)]


def test_contradictions_lie_beside_the_rejects_and_name_nobody_in_a_notice(tmp_path: Path) -> None:
    users = USERS + 'label = "name"\n'
    files = {"users.csv": "id,name\nalice@example.org,A\nalice@example.org,B\n,C\n"}
    report = load_text(tmp_path, SCHEMA, users, files)
    assert report.rejects_file is not None and report.contradictions_file is not None
    assert report.contradictions_file == report.rejects_file.with_name("contradictions.csv")
    assert "User: 1 id about which rows contradict each other" in report.notices[0]
    assert not any("alice" in notice for notice in report.notices)
    again = load_text(tmp_path, SCHEMA, users, files)
    assert changes(again) == {"User": (0, 0, 1)} and again.contradictions == 1


def test_a_value_that_is_not_said_contradicts_nothing(tmp_path: Path) -> None:
    files = {"users.csv": "id\nu\nu\n", "products.csv": "id,name,price\np,A,\np,,1\np,A,1\n"}
    files["purchases.csv"] = "user,product,rating,time\nu,p,5,2024-01-01\nu,p,4,2024-01-02\nu,p,4,2024-01-02\n"
    report = load_text(tmp_path, SCHEMA, USERS + PRODUCTS + RATED, files)
    assert (report.contradictions, report.contradictions_file, report.notices) == (0, None, [])
