"""``evaluate`` on the example: the document, the baselines, honest weights, and messages."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


def test_the_planted_tastes_are_found_across_domains(document: Document, example: Path) -> None:
    cold = ("--split", "cold-domain", "--domain", "cosmetics", "--holdout", "0.5")
    found = document("-w", example, "evaluate", *cold)
    assert found["split"]["kind"] == "cold-domain" and found["users"] > 20
    assert set(found["models"]) == {"whyrec", "popularity", "item-knn", "rp3beta", "ease", "als", "markov", "v-sknn"}
    for model in found["models"].values():
        assert 0 <= model["ndcg"]["low"] <= model["ndcg"]["mean"] <= model["ndcg"]["high"] <= 1
    assert found["models"]["whyrec"]["ndcg"]["mean"] > 2 * found["models"]["popularity"]["ndcg"]["mean"]
    assert document("-w", example, "evaluate", *cold) == found


def test_weights_are_learned_anew_without_what_is_tested_on(document: Document, whyrec: Whyrec, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    document("-w", folder, "load")
    document("-w", folder, "train", "--no-embeddings")
    held_out = whyrec("-w", folder, "evaluate", "--no-tuning")
    assert held_out.exit_code == 0 and "learned anew on the training part alone" in held_out.stderr
    told = " ".join(held_out.stdout.split())
    assert (
        re.search(r"RMSE and MAE of \d+ ratings of purchased, held out: ", told) and "objectives" not in held_out.stderr
    )
    pairs = [(f"u000{number}", f"p000{number}") for number in range(1, 6)] + [("u0001", "none")]
    rows = [json.dumps({"head": head, "tail": tail}) for head, tail in pairs]
    (tmp_path / "pairs.jsonl").write_text("\n".join(rows))
    with (folder / "whyrec.toml").open("a") as configuration:
        configuration.write("\n[objectives]\ndiversity = 0.2\n")
    listed = whyrec("-w", folder, "evaluate", "--no-tuning", "--test", tmp_path / "pairs.jsonl")
    assert "without [objectives]" in " ".join(listed.stderr.split())
    assert listed.exit_code == 0 and "anew" not in listed.stderr
    assert "1 pair names an id that is not in the graph" in listed.stderr


def test_duplicates_are_listed_before_any_figure_and_left_out_on_request(
    document: Document, whyrec: Whyrec, tmp_path: Path
) -> None:
    """The example with every product listed a second time, bought by the same people."""
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    mapping = (folder / "mapping.toml").read_text(encoding="utf-8")
    for kind in ("products.csv.gz", "purchases.csv.zst"):
        (source,) = [text for text in mapping.split("[[source]]\n") if text.startswith(f'file = "{kind}"')]
        again = (
            source.replace('"product_id"', '"twin"').replace('label = "name"', "").replace(kind, _twins(folder, kind))
        )
        mapping += f"\n[[source]]\n{again}"
    (folder / "mapping.toml").write_text(mapping, encoding="utf-8")
    document("-w", folder, "load")
    options = ("-w", folder, "evaluate", "--domain", "cosmetics", "--no-tuning")
    shown = whyrec(*options).stdout
    assert shown.index("Probable duplicates") < shown.index("ndcg") and "same audience" in shown
    kept, merged, dropped = (document(*options, "--duplicates", how) for how in ("keep", "merge", "drop"))
    assert kept["duplicates"]["by_audience"] > 100 and kept["duplicates"]["handling"] == "keep"
    assert list(kept).index("duplicates") < list(kept).index("models")
    assert kept["duplicates"]["first"][0]["items"][0]["type"] == "Product"
    assert kept["models"]["item-knn"]["ndcg"]["mean"] > 1.5 * merged["models"]["item-knn"]["ndcg"]["mean"]
    assert dropped["users"] < merged["users"]


def _twins(folder: Path, kind: str) -> str:
    """The file as CSV with one column more, another id for each product."""
    frame = pl.read_csv(folder / kind, infer_schema=False, truncate_ragged_lines=True, encoding="utf8-lossy")
    name = f"twin-{kind.partition('.')[0]}.csv"
    frame.with_columns(twin="twin-" + pl.col("product_id")).write_csv(folder / name)
    return name


def test_figures_beyond_accuracy_and_tuned_baselines(document: Document, example: Path) -> None:
    found = document("-w", example, "evaluate", "--domain", "courses", "--no-embeddings")
    for model in found["models"].values():
        assert {"coverage", "gini", "novelty", "intra_list_distance"} <= set(model)
        assert 0 < model["intra_list_distance"]["low"] <= model["intra_list_distance"]["mean"] < 1
    assert set(found["tuned"]) == {"item-knn", "rp3beta", "ease", "als", "markov", "v-sknn"}
    plain = document("-w", example, "evaluate", "--domain", "courses", "--no-embeddings", "--no-tuning")
    assert plain["tuned"] == {} and plain["models"]["whyrec"] == found["models"]["whyrec"]
    assert found["duplicates"]["groups"] == 0 and all("equal score" in one for one in found["notes"])


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("--split", "randon"), 2, "nearest: 'random'"),
        (("--split", "cold-domain"), 2, "name it with --domain"),
        (("--duplicates", "merged"), 2, "keep, drop or merge"),
        (("--split", "cold-users", "--holdout", "0"), 2, "try another --split"),
        (("--test", "nowhere.csv"), 2, "nowhere.csv"),
    ],
)
def test_wrong_usage_says_what_to_do(
    whyrec: Whyrec, example: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    result = whyrec("-w", example, "evaluate", *arguments)
    assert result.exit_code == exit_code and message in result.stderr


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_figures_of_fewer_than_k_people_are_refused(
    whyrec: Whyrec, example: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    (tmp_path / "one.csv").write_text("user_id,item_id\nu0001,p0001\nu0001,p0002\n")
    result = whyrec("-w", example, "evaluate", "--no-tuning", "--test", tmp_path / "one.csv", *options)
    assert result.exit_code == 2 and result.stdout == ""
    assert "fewer than 5 people to test on" in result.stderr and "by a file with more of them" in result.stderr
    assert "--holdout" not in result.stderr  # which changes nothing of what a file names


def test_a_file_of_nobody_known_says_what_to_name(whyrec: Whyrec, example: Path, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("user_id,item_id\nu9999,p0001\n")
    result = whyrec("-w", example, "evaluate", "--no-tuning", "--test", tmp_path / "none.csv")
    assert result.exit_code == 2 and "name people and items that the graph holds" in result.stderr
    assert "u9999" not in result.stderr and "--holdout" not in result.stderr


def test_the_split_is_told_in_words(whyrec: Whyrec, example: Path, tmp_path: Path) -> None:
    rows = [f"u{number:04},p{number:04}" for number in range(1, 7)]
    (tmp_path / "six.csv").write_text("\n".join(["user_id,item_id", *rows]))
    result = whyrec("-w", example, "evaluate", "--no-embeddings", "--no-tuning", "--test", tmp_path / "six.csv")
    assert result.exit_code == 0 and "'kind'" not in result.stdout
    assert "6 users, lists of 10; held out: 6 pairs of a file" in " ".join(result.stdout.split())


def test_what_a_file_of_pairs_loses_and_what_it_says_besides_is_told(
    document: Document, whyrec: Whyrec, example: Path, tmp_path: Path
) -> None:
    """Rows without a user or an item were gone without a word, and a rating of 0 counted as a wish."""
    rows = [f"u{number:04};p{number:04};{number % 3}" for number in range(1, 7)]
    lost = ["u0007;;5", ";p0001;5", "u0008", "u9999;p0001;5"]
    (tmp_path / "pairs.csv").write_text("\n".join(["user_id;item_id;rating", *rows, rows[0], *lost]))
    options = ("-w", example, "evaluate", "--no-embeddings", "--no-tuning", "--test")
    found = document(*options, tmp_path / "pairs.csv")
    assert found["users"] == 6 and found["held_out"] == "6 pairs of a file"
    told = "\n".join(found["notices"])
    assert "3 rows name no pair and are not tested: " in told and "empty item (1)" in told and "in line 9" in told
    assert "1 row repeats a pair, which is tested once" in told
    assert "1 pair names an id that is not in the graph, 1 of them that of a person; not tested" in told
    assert "the column 'rating' is not looked at: each pair counts as one to recommend" in told
    (tmp_path / "few.csv").write_text("\n".join(["user_id,item_id", "u0001,p0001", "u0002", "u0003"]))
    result = whyrec(*options, tmp_path / "few.csv")
    assert result.exit_code == 2 and "2 rows name no pair and are not tested" in " ".join(result.stderr.split())
    (tmp_path / "none.csv").write_text("user_id,item_id\n")
    assert "no row names a user and an item" in whyrec(*options, tmp_path / "none.csv").stderr


def test_a_shop_where_nobody_did_anything_is_told_what_is_missing(whyrec: Whyrec, tmp_path: Path) -> None:
    whyrec("init", tmp_path / "w", "--schema", "courses-cosmetics")
    (tmp_path / "Course.csv").write_text("id\nc1\n")
    whyrec("-w", tmp_path / "w", "load", tmp_path / "Course.csv")
    result = whyrec("-w", tmp_path / "w", "evaluate")
    told = " ".join(result.stderr.split())
    assert result.exit_code == 2 and "nothing that anybody did (enrolled_in, purchased): load it first" in told
    assert "--holdout" not in told  # which changes nothing of it
