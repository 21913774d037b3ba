"""``whyrec predict`` in both directions, with probabilities, and what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Document = Callable[..., Any]
Whyrec = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(whyrec: Whyrec, document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "demo"
    whyrec("init", folder, "--example")
    document("-w", folder, "load")
    result = whyrec("-w", folder, "train", "--epochs", "6", "--dim", "16", "--json")
    assert result.exit_code == 0 and "validation MRR by epoch" in result.stderr
    return folder


def test_both_forms_list_triples_that_are_missing(trained: Path, document: Document, whyrec: Whyrec) -> None:
    tails = document("-w", trained, "predict", "p0001", "contains", "-n", "200")
    heads = document("-w", trained, "predict", "contains", "GLYCERIN", "-n", "500")
    assert (tails["side"], heads["side"], tails["relation"], heads["known"]) == ("tail", "head", "contains", "GLYCERIN")
    assert {one["type"] for one in tails["candidates"]} == {"Ingredient"}
    assert {one["type"] for one in heads["candidates"]} == {"Product"}
    stats = document("-w", trained, "graph", "stats")["entities"]
    assert len(tails["candidates"]) + tails["in_graph"] == stats["Ingredient"]["count"]
    assert len(heads["candidates"]) + heads["in_graph"] == stats["Product"]["count"]
    for found in (tails, heads):
        scores = [one["score"] for one in found["candidates"]]
        chances = [one["probability"] for one in found["candidates"]]
        assert scores == sorted(scores, reverse=True) and chances == sorted(chances, reverse=True)
        assert 0 < chances[-1] < chances[0] < 1
    card = tails["score_card"]
    assert card["auc"] > 0.6 and card["brier"] < 0.25 and card["log_loss"] < 0.6931
    shown = whyrec("-w", trained, "predict", "p0001", "contains", "-n", "3").stdout
    assert "Score card" in shown and "Calibration, said → true" in shown and tails["candidates"][2]["id"] in shown


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("p0001", "contain"), 2, "nearest: 'contains'"),
        (("contains", "purchased"), 2, "write the entity as Type:ID"),
        (("p9999", "contains"), 1, "unknown Product 'p9999'"),
        (("purchased", "p0001"), 2, "User is sensitive"),
    ],
)
def test_what_is_refused(arguments: tuple[str, str], code: int, message: str, trained: Path, whyrec: Whyrec) -> None:
    result = whyrec("-w", trained, "predict", *arguments)
    assert result.exit_code == code and message in " ".join(result.stderr.split())


def test_without_vectors_it_says_what_to_do(example: Path, whyrec: Whyrec) -> None:
    result = whyrec("-w", example, "predict", "p0001", "contains")
    assert result.exit_code == 1 and "whyrec train" in result.stderr
