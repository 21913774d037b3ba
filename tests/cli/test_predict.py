"""``whyrec predict`` in both directions, with probabilities, what it refuses, and which commands need torch."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embeddings.vectors.vectors import read_manifest
from kg.workspace.workspace import Workspace
from recommender.learning.model import VECTORS

Document = Callable[..., Any]
Whyrec = Callable[..., Any]


@pytest.fixture(scope="module")
def trained(whyrec: Whyrec, document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "demo"
    whyrec("init", folder, "--example")
    document("-w", folder, "load")
    result = whyrec("-w", folder, "train", "--epochs", "6", "--dim", "16", "--json")
    assert result.exit_code == 0
    pilot = "TransE on the blend's training part: [0-9,]+ triples/s; validation NDCG@10 by epoch 0"
    assert re.search(pilot, result.stderr)
    assert "were not trained; predict and similar go by those of the pilot" in result.stderr
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
    vectors = read_manifest(Workspace(trained).model / VECTORS)
    assert tails["pilot"] and vectors.trained_on not in (None, vectors.snapshot)  # closeness has no say on the example
    assert "those of the pilot" in whyrec("-w", trained, "predict", "p0001", "contains").stderr
    card = tails["score_card"]
    assert card["auc"] > 0.6 and card["brier"] < 0.25 and card["log_loss"] < 0.6931
    shown = whyrec("-w", trained, "predict", "p0001", "contains", "-n", "3").stdout
    assert "Score card" in shown and f"({card['curve'][0][2]})" in shown.partition("Calibration, said → true")[2]
    assert tails["candidates"][2]["id"] in shown


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("p0001", "contain"), 2, "nearest: 'contains'"),
        (("contains", "purchased"), 2, "write the entity as Type:ID"),
        (("p9999", "contains"), 1, "unknown Product 'p9999'"),
        (("contains", "p0001"), 2, "the tails of contains are of type Ingredient; ask `whyrec predict p0001 contains`"),
        (("GLYCERIN", "contains"), 2, "the heads of contains are of type Product; ask `whyrec predict contains"),
        (("purchased", "p0001"), 2, "User is sensitive"),
    ],
)
def test_what_is_refused(arguments: tuple[str, str], code: int, message: str, trained: Path, whyrec: Whyrec) -> None:
    result = whyrec("-w", trained, "predict", *arguments)
    assert result.exit_code == code and message in " ".join(result.stderr.split())


ALL = """
import sys
from typer.testing import CliRunner
from cli.main import COMMANDS, app
folder, out = sys.argv[1:]
asked = {
    "init": f"init {out}/w --example",
    "load": "load",
    "recommend": "recommend u0001",
    "why": "why u0001 p0001",
    "why-not": "why-not u0001 p0042",
    "what-if": "what-if u0001 --with has_concern:acne",
    "similar": "similar p0001",
    "predict": "predict p0001 contains",
    "evaluate": "evaluate --no-embeddings --no-tuning --holdout 0.05",
    "experiment": "experiment list",
    "status": "status",
    "refresh": "refresh",
    "find": "find acne",
    "ask": "ask acne",
    "audience": "audience RETINOL",
    "bridge": "bridge RETINOL",
    "gaps": "gaps --domain courses -n 2",
    "item": "item p0001",
    "compare": "compare u0001 p0001 p0042",
    "overview": "overview",
    "difference": "difference u0001 --since 2099-01-01",
    "audit": "audit --no-quality",
    "card": "card --no-figures",
    "anomalies": "anomalies",
    "popularity": "popularity",
    "publish": f"publish --to parquet --out {out}/lists.parquet",
    "export-person": "export-person u0001",
    "graph": f"graph export {out}/graph.ttl",
    "federate": "federate offer --help",
    "forget": "forget u0399",
}
others = {"train", "serve", "mcp", "links", "seal", "unseal", "rotate-key", "objectives", "certify"}
assert asked.keys() == set(COMMANDS) - others, "tell this test how the new command is called"
for name, told in asked.items():
    result = CliRunner().invoke(app, ["-w", folder, *told.split()])
    assert result.exit_code == (2 if name == "experiment" else 0), (name, result.output)
    heavy = {"torch", "pykeen"} & set(sys.modules)
    assert not heavy, (name, heavy)
"""


def test_only_training_and_experiments_import_torch(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(trained, folder)
    program = [sys.executable, "-c", ALL, str(folder), str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_vectors_it_says_what_to_do(example: Path, whyrec: Whyrec) -> None:
    result = whyrec("-w", example, "predict", "p0001", "contains")
    assert result.exit_code == 1 and "whyrec train" in result.stderr


def test_b092_b096_what_was_learned_is_what_the_graph_holds_and_scores_are_no_matter_of_company(
    trained: Path, document: Document
) -> None:
    store = document("-w", trained, "status")["store"]
    told = document("-w", trained, "train", "--epochs", "6", "--dim", "16")
    assert told["up_to_date"] and told["relations"] == len(store["triples"])
    assert told["entities"] == sum(store["entities"].values()) and told["triples"] == sum(store["triples"].values())
    asked = ("-w", str(trained), "predict", "p0001", "contains", "--json", "-n")
    many = {one["id"]: one["score"] for one in document(*asked[:-2], "-n", "100")["candidates"]}
    (alone,) = document(*asked[:-2], "-n", "1")["candidates"]
    program = [sys.executable, "-m", "cli", *asked, "3"]
    again = json.loads(subprocess.run(program, capture_output=True, text=True, check=True).stdout)["candidates"]
    for one in (alone, *again):
        assert one["score"] == pytest.approx(many[one["id"]], abs=1e-6)


def test_b095_who_came_after_the_training_is_told_apart(
    trained: Path, document: Document, whyrec: Whyrec, tmp_path: Path
) -> None:
    home = Path(shutil.copytree(trained, tmp_path / "w"))
    (tmp_path / "User.csv").write_text("id\nu9999\n")
    (tmp_path / "Product.csv").write_text("id,label\np9999,New Cream\n")
    document("-w", home, "load", tmp_path / "User.csv", tmp_path / "Product.csv")
    assert not document("-w", home, "status")["model"]["current"]
    answer = whyrec("-w", home, "recommend", "u9999", "-n", "3", "--json")
    listed = json.loads(answer.stdout)
    assert len(listed["items"]) == 3 and "train" in answer.stderr
    assert all(item["shares"]["embedding"] == 0 and item["shares"]["popularity"] > 0 for item in listed["items"])
    for told in (("predict", "p9999", "contains"), ("why", "u9999", "p9999"), ("why", "u0001", "p9999")):
        answer = whyrec("-w", home, *told)
        assert answer.exit_code in (0, 1) and "KeyError" not in answer.output and "defect" not in answer.output
