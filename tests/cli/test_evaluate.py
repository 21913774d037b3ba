"""``evaluate`` on the example: the document, the baselines, honest weights, and messages."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


def test_the_planted_tastes_are_found_across_domains(document: Document, example: Path) -> None:
    cold = ("--split", "cold-domain", "--domain", "cosmetics", "--holdout", "0.5")
    found = document("-w", example, "evaluate", *cold)
    assert found["split"]["kind"] == "cold-domain" and found["users"] > 20
    assert set(found["models"]) == {"whyrec", "popularity", "item-knn", "rp3beta", "ease"}
    for model in found["models"].values():
        assert 0 <= model["ndcg"]["low"] <= model["ndcg"]["mean"] <= model["ndcg"]["high"] <= 1
    assert found["models"]["whyrec"]["ndcg"]["mean"] > 2 * found["models"]["popularity"]["ndcg"]["mean"]
    assert document("-w", example, "evaluate", *cold) == found


def test_weights_are_learned_anew_without_what_is_tested_on(document: Document, whyrec: Whyrec, tmp_path: Path) -> None:
    folder = tmp_path / "w"
    whyrec("init", folder, "--example")
    document("-w", folder, "load")
    document("-w", folder, "train", "--no-embeddings")
    held_out = whyrec("-w", folder, "evaluate")
    assert held_out.exit_code == 0 and "weights anew on the training part alone" in held_out.stderr
    (tmp_path / "pairs.csv").write_text("user_id,item_id\nu0001,p0001\n")
    listed = whyrec("-w", folder, "evaluate", "--test", tmp_path / "pairs.csv")
    assert listed.exit_code == 0 and "anew" not in listed.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("--split", "randon"), 2, "nearest: 'random'"),
        (("--split", "cold-domain"), 2, "name it with --domain"),
        (("--split", "cold-users", "--holdout", "0"), 2, "try another --split"),
        (("--test", "nowhere.csv"), 2, "nowhere.csv"),
    ],
)
def test_wrong_usage_says_what_to_do(
    whyrec: Whyrec, example: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    result = whyrec("-w", example, "evaluate", *arguments)
    assert result.exit_code == exit_code and message in result.stderr
