"""Rules from the configuration, from options and from the graph, through the program."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.workspace.workspace import Workspace
from tests.cli.conftest import Whyrec
from whyrec.options import rules_of

Document = Callable[..., Any]


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory, whyrec: Whyrec) -> Path:
    """The example with rules in its configuration."""
    folder = tmp_path_factory.mktemp("ruled") / "w"
    assert whyrec("init", folder, "--example").exit_code == 0
    assert whyrec("-w", folder, "load", "--quiet").exit_code == 0
    text = (folder / "whyrec.toml").read_text(encoding="utf-8")
    rules = '[rules]\navoid = ["contains:GLYCERIN"]\nin_stock = true\nmax_price = 60.0\nlanguage = "en"\n'
    (folder / "whyrec.toml").write_text(text.partition("[rules]")[0] + rules, encoding="utf-8")
    return folder


def test_the_configuration_binds_lists_and_accounts(document: Document, whyrec: Whyrec, ruled: Path) -> None:
    listed = document("-w", ruled, "recommend", "u0001", "-n", "300")
    removed = listed["excluded"]
    assert {"interacted", "avoid contains:GLYCERIN", "max_price", "out_of_stock", "other_language"} <= set(removed)
    snapshot = Workspace(ruled).snapshot()
    glycerin = snapshot.vocabulary.idx("Ingredient", "GLYCERIN")
    with_it = {snapshot.vocabulary.id("Product", i) for i in snapshot.neighbours("~contains", glycerin)[0].tolist()}
    assert with_it and not with_it & {item["id"] for item in listed["items"]}
    account = document("-w", ruled, "why", "u0001", min(with_it))
    assert account["excluded"] in ("avoid contains:GLYCERIN", "interacted")
    shown = [path for part in account["parts"] for path in part.get("paths", ())]
    assert shown and not any(node["id"] == "GLYCERIN" for path in shown for node in path["nodes"])
    assert sum(part["share"] for part in account["parts"]) == pytest.approx(account["score"], abs=1e-9)
    assert "out of stock" in whyrec("-w", ruled, "recommend", "u0001").stdout


def test_what_a_user_avoids_is_neither_listed_nor_named(document: Document, example: Path) -> None:
    snapshot = Workspace(example).snapshot()
    careful = [user for user in range(snapshot.vocabulary.count("User")) if len(snapshot.neighbours("avoids", user)[0])]
    assert len(careful) > 30
    for user in careful[:10]:
        user_id = snapshot.vocabulary.id("User", user)
        avoided = {snapshot.vocabulary.id("Ingredient", i) for i in snapshot.neighbours("avoids", user)[0].tolist()}
        listed = document("-w", example, "recommend", user_id)
        counted = {reason.partition(":")[2] for reason in listed["excluded"] if reason.startswith("avoids:")}
        assert counted and counted <= avoided
        for item in listed["items"][:3]:
            account = document("-w", example, "why", user_id, item["id"])
            nodes = {
                node["id"] for part in account["parts"] for path in part.get("paths", ()) for node in path["nodes"]
            }
            assert not nodes & avoided


def test_options_add_to_the_configuration(document: Document, ruled: Path) -> None:
    narrow = ("--domain", "cosmetics", "--min-price", "10", "--max-price", "20", "--avoid", "Ingredient:PARFUM")
    listed = document("-w", ruled, "recommend", "u0002", "-n", "300", *narrow)
    snapshot = Workspace(ruled).snapshot()
    prices = snapshot.number("Product", "price")
    shown = [prices[snapshot.vocabulary.idx("Product", item["id"])] for item in listed["items"]]
    assert shown and min(shown) >= 10 and max(shown) <= 20
    assert {"avoid contains:GLYCERIN", "avoid Ingredient:PARFUM", "min_price"} <= set(listed["excluded"])
    everything = document("-w", ruled, "recommend", "u0002", "-n", "300", "--language", "zh", "--domain", "courses")
    assert {
        snapshot.text("Course", "language")[snapshot.vocabulary.idx("Course", i["id"])] for i in everything["items"]
    } == {"zh"}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("--language", "english"), 2, "no item is in language 'english'"),
        (("--avoid", "Ingredients:PARFUM"), 2, "nearest: 'Ingredient'"),
        (("--avoid", "Ingredient:PARFUMM"), 1, "nearest: PARFUM"),
        (("--min-price", "50", "--max-price", "10"), 2, "no price is both"),
        (("--unknown", "maybe"), 2, "'drop' or 'keep'"),
    ],
)
def test_wrong_rules_get_one_message(
    whyrec: Whyrec, example: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    result = whyrec("-w", example, "recommend", "u0001", *arguments)
    assert result.exit_code == exit_code and message in result.stderr


def test_a_wrong_key_in_the_configuration_is_named(whyrec: Whyrec, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    (folder / "whyrec.toml").write_text("[rules]\nmaxprice = 3\n", encoding="utf-8")
    result = whyrec("-w", folder, "recommend", "u0001")
    assert result.exit_code == 1 and "nearest: 'max_price'" in result.stderr


def test_a_price_has_a_currency_and_rates_come_from_a_file(example: Path, whyrec: Whyrec, tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,rate\nEUR,1\nGBP,1.17\n")
    refused = whyrec("-w", example, "recommend", "u0001", "--max-price", "30 GBP", "--rates", tmp_path / "rates.csv")
    assert refused.exit_code == 2 and 'currency = { price = "GBP" }' in refused.stderr
    assert whyrec("-w", example, "recommend", "u0001", "--max-price", "dear").exit_code == 2
    rules = rules_of(Workspace(example), {"max_price": "30", "rates": [str(tmp_path / "rates.csv"), "USD=0.9"]})
    assert rules.max_price == 30.0 and rules.rates == ("EUR=1.0", "GBP=1.17", "USD=0.9")
