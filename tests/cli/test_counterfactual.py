"""``why-not``, ``what-if`` and ``similar`` on the example: their documents, and that each agrees with the others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


@pytest.mark.parametrize(
    ("user", "item"), [("u0003", "c001"), ("u0002", "c004"), ("u0010", "p0010"), ("u0004", "p0012")]
)
def test_the_change_that_is_named_works(document: Document, example: Path, user: str, item: str) -> None:
    answer = document("-w", example, "why-not", user, item, "-n", "5")
    assert answer["rank"] > 5 and answer["reasons"] and answer["text"].endswith(".")
    change = answer["change"]
    assert change["rank_before"] == answer["rank"] and change["rank_after"] <= 5 and not change["lift"]
    options = [part for one in change["add"] for part in ("--with", one)]
    options += [part for one in change["remove"] for part in ("--without", one)]
    after = document("-w", example, "what-if", user, "-n", "5", *options)
    assert [row["rank"] for row in after["after"] if row["id"] == item] == [change["rank_after"]]
    assert after["before"] == document("-w", example, "recommend", user, "-n", "5")["items"]


VISITOR = ("--anchor", "has_concern:acne", "--anchor", "purchased:p0010")


def test_a_visitor_asks_all_the_same_under_the_rules_in_force(document: Document, example: Path) -> None:
    rules = ("--max-price", "20", "--avoid", "contains:PARFUM", "--domain", "cosmetics")
    listed = document("-w", example, "recommend", *VISITOR, *rules, "-n", "5")["items"]
    first, last = listed[0], listed[-1]
    account = document("-w", example, "why", last["id"], *VISITOR, *rules)
    assert (account["rank"], account["score"], account["user"]["id"]) == (5, last["score"], None)
    both = document("-w", example, "compare", first["id"], last["id"], *VISITOR, *rules)
    assert (both["score_first"], both["score_second"], both["excluded_first"]) == (first["score"], last["score"], None)
    dear = document("-w", example, "compare", first["id"], "c001", *VISITOR, *rules)
    assert dear["excluded_second"] == "other_domain" and "not recommended" in dear["text"]
    answer = document("-w", example, "why-not", "p0042", *VISITOR, *rules, "-n", "5")
    change = answer["change"]
    assert answer["rank"] is None and change["lift"] == ["max_price"] and change["rank_after"] <= 5
    options = [part for one in change["add"] for part in ("--with", one)]
    options += [part for one in change["remove"] for part in ("--without", one)]
    after = document("-w", example, "what-if", *VISITOR, *rules[2:], "-n", "5", *options)
    assert [row["rank"] for row in after["after"] if row["id"] == "p0042"] == [change["rank_after"]]


def test_a_visitor_may_take_everything_back(document: Document, whyrec: Whyrec, example: Path) -> None:
    nobody = document(
        "-w", example, "what-if", *VISITOR, "--without", "acne", "--without", "purchased:p0010", "-n", "3"
    )
    assert nobody["remove"] == ["has_concern:acne", "purchased:p0010"] and len(nobody["after"]) == 3
    for arguments, told in (
        (("what-if", *VISITOR, "--without", "p0011"), "one of the anchors"),
        (("why", "p0001"), "--anchor relation:ID"),
        (("compare", "p0001", *VISITOR), "2 items"),
    ):
        result = whyrec("-w", example, *arguments)
        assert result.exit_code == 2 and told in " ".join(result.stderr.split()), result.stderr


def test_the_text_shows_what_to_try(whyrec: Whyrec, example: Path) -> None:
    told = whyrec("-w", example, "why-not", "u0003", "c001", "-n", "5").stdout
    assert f"whyrec -w {example} what-if u0003 --with enrolled_in:c010" in told
    assert (
        f"查看改变后的列表：whyrec -w {example} what-if"
        in whyrec("-w", example, "why-not", "u0003", "c001", "-n", "5", "--lang", "zh").stdout
    )
    moved = whyrec("-w", example, "what-if", "u0003", "--with", "enrolled_in:c010", "-n", "5").stdout
    assert "You enrolled in “Ceramides and Barrier Repair”" in moved
    near = whyrec("-w", example, "similar", "c001", "-n", "2").stdout
    assert "cosmetics" in near and "They share" in near


def test_the_item_may_change_too(document: Document, whyrec: Whyrec, example: Path) -> None:
    change = document("-w", example, "why-not", "u0193", "p0070", "--change", "item")["change"]
    assert (change["add"], change["remove"], change["lift"]) == ([], [], [])
    assert (change["item_add"], change["item_remove"]) == (["treats:everyday-stress"], [])
    assert change["rank_before"] > 10 >= change["rank_after"]
    told = whyrec("-w", example, "why-not", "u0193", "p0070", "--change", "item").stdout
    assert "+ it targets “Everyday stress”" in told and "whyrec what-if" not in told


def test_rules_and_domains_are_named(document: Document, example: Path) -> None:
    used = document("-w", example, "recommend", "u0002", "-n", "300")
    assert used["excluded"]
    answer = document("-w", example, "why-not", "u0002", "p0042", "--domain", "courses")
    assert next(reason["kind"] for reason in answer["reasons"]) == "other_domain" and answer["rank"] is None


def test_what_changes_has_to_be_said(whyrec: Whyrec, example: Path) -> None:
    result = whyrec("-w", example, "what-if", "u0002")
    assert result.exit_code == 2 and "--without" in result.stderr
    unknown = whyrec("-w", example, "why-not", "u0002", "p9999")
    assert unknown.exit_code == 1 and "p9999" in unknown.stderr


def test_similar_items_name_no_person(document: Document, example: Path) -> None:
    answer = document("-w", example, "similar", "c001", "-n", "5", "--lang", "zh")
    assert {item["domain"] for item in answer["items"]} == {"courses", "cosmetics"}
    assert all(item.get("people") is None or item["people"] >= 5 for item in answer["items"])
    assert all(one["type"] != "User" for item in answer["items"] for one in item["shared"])
