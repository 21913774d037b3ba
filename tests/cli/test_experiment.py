"""``experiment``: one file, run, listed, exported, drawn and compared; the same twice; messages."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.chromium import Tab
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]
FILE = """
seeds = [0, 1]
[data]
triples = "facts.tsv"
[[model]]
name = "a<b"
epochs = 3
dim = 8
[[model]]
name = "b_2"
model = "DistMult"
dim = 8
epochs = 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An experiment on a ring with an inverse relation; not run yet."""
    folder = tmp_path_factory.mktemp("ring")
    rows = [f"e{n}\tnext\te{(n + 1) % 50}\ne{(n + 1) % 50}\tback\te{n}" for n in range(50)]
    (folder / "facts.tsv").write_text("\n".join(rows) + "\n")
    (folder / "ring.toml").write_text(FILE.replace("a<b", "a_1"))
    return folder


@pytest.fixture(scope="module")
def run(folder: Path, document: Document) -> Any:
    """The document of its first run."""
    return document("-w", folder, "experiment", "run", folder)


def test_a_rerun_gives_the_same_leaderboard_to_the_bit(
    folder: Path, run: Any, document: Document, whyrec: Whyrec, tmp_path: Path
) -> None:
    (first,) = run["experiments"]
    assert (first["planned"], first["run"], first["failed"]) == (4, 4, [])
    again = whyrec("-w", tmp_path, "experiment", "run", folder / "ring.toml")
    assert again.exit_code == 0
    assert re.search("relation next repeats 100% of the triples of back, inverted", again.stderr)
    assert again.stderr.index("repeats") < again.stderr.index("can be read off")
    here, there = (document("-w", where, "experiment", "list") for where in (folder, tmp_path))
    assert here == there == {"experiments": [first["leaderboard"]]}
    assert document("-w", folder, "experiment", "run", folder / "ring.toml")["experiments"][0]["run"] == 0
    for where in (folder, tmp_path):
        assert whyrec("-w", where, "experiment", "list", "--export", where / "board.csv", "-q").exit_code == 0
    assert (folder / "board.csv").read_bytes() == (tmp_path / "board.csv").read_bytes()


def test_exports_hold_the_figures_and_costs_only_where_asked_for(
    folder: Path, run: Any, whyrec: Whyrec, document: Document, tmp_path: Path
) -> None:
    for name in ("board.csv", "board.md", "board.tex"):
        assert whyrec("-w", folder, "experiment", "list", "ring", "--export", tmp_path / name).exit_code == 0
    rows = {row["model"]: row for row in csv.DictReader((tmp_path / "board.csv").read_text().splitlines())}
    (board,) = document("-w", folder, "experiment", "list", "--costs")["experiments"]
    for row in board["rows"]:
        figure = row["link_prediction"]["mrr"]
        assert float(rows[row["model"]]["link_prediction_mrr"]) == figure["mean"]
        assert figure["low"] < figure["mean"] < figure["high"] and figure["runs"] == 2
        assert row["cost"]["seconds"] > 0 and row["cost"]["peak_memory"] > 2**20
    assert "seconds" not in rows["a_1"]
    assert "| a_1 | 2 |" in (tmp_path / "board.md").read_text()
    latex = (tmp_path / "board.tex").read_text()
    assert "b\\_2" in latex and "\\pm" in latex and latex.count("\\mathbf") == 3


def test_figures_by_side_and_relation_are_shown(folder: Path, run: Any, document: Document, whyrec: Whyrec) -> None:
    (board,) = document("-w", folder, "experiment", "list")["experiments"]
    for row in board["rows"]:
        parts, whole = row["relations"], row["link_prediction"]["mrr"]["mean"]
        assert parts.keys() == {"(head)", "(tail)", "next", "back"}
        for names in (("(head)", "(tail)"), ("next", "back")):
            total = sum(parts[name]["ranks"] for name in names)
            assert total == 20
            assert sum(parts[name]["mrr"] * parts[name]["ranks"] for name in names) / total == pytest.approx(whole)
    shown = whyrec("-w", folder, "experiment", "list", "--relations").stdout
    assert f"{board['rows'][0]['relations']['next']['mrr']:.4f}" in shown.partition("by missing side")[2]


def test_the_page_of_curves_is_seen_in_a_browser_and_fetches_nothing(
    folder: Path, run: Any, whyrec: Whyrec, tab: Tab, tmp_path: Path
) -> None:
    page = tmp_path / "curves.html"
    assert whyrec("-w", folder, "experiment", "list", "--curves", page, "-q").exit_code == 0
    tab.open(page.as_uri(), width=800)
    assert tab.evaluate("document.querySelectorAll('polyline').length") == 6
    assert tab.evaluate("Math.min(...[...document.querySelectorAll('polyline')].map(l => l.getBBox().width))") > 100
    assert tab.evaluate("document.documentElement.scrollWidth") <= 800
    requests = [e["params"]["request"]["url"] for e in tab.events if e["method"] == "Network.requestWillBeSent"]
    assert requests == [page.as_uri()]
    assert not [e for e in tab.events if e["method"] in ("Log.entryAdded", "Runtime.consoleAPICalled")]


def test_curves_are_a_drawing_too_with_colours_that_every_program_knows(
    folder: Path, run: Any, whyrec: Whyrec, tmp_path: Path
) -> None:
    file = tmp_path / "curves.svg"
    assert whyrec("-w", folder, "experiment", "list", "--curves", file, "-q").exit_code == 0
    drawn = ElementTree.fromstring(file.read_text(encoding="utf-8"))
    assert len(drawn.findall(".//{*}polyline")) > 6 and "ring" in "".join(drawn.itertext())
    assert "var(" not in file.read_text(encoding="utf-8")


def test_compare_says_which_is_better_over_how_many(folder: Path, run: Any, document: Document, whyrec: Whyrec) -> None:
    (found,) = document("-w", folder, "experiment", "compare", "a_1", "ring/b_2")["comparisons"]
    assert found["metric"] == "mrr" and found["over"] == "triples" and found["n"] == 10
    assert found["mean"] == pytest.approx(found["first_mean"] - found["second_mean"]) and 0 < found["p"] <= 1
    assert "MRR over 10 triples: a_1" in whyrec("-w", folder, "experiment", "compare", "a_1", "b_2").stdout


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("run", "nowhere.toml"), 2, "no such file"),
        (("run", "broken.toml"), 2, "broken.toml: modle: unknown key; nearest: 'model'"),
        (("run", "gone.toml"), 1, "gone.tsv: cannot be read"),
        (("run", "name.toml"), 2, "the name 'ring' is taken"),
        (("list", "rong"), 2, "unknown experiment 'rong'; nearest: 'ring'"),
        (("list", "--export", "board.xls"), 2, "unknown suffix"),
        (("list", "--curves", "curves.png"), 2, "name it .html or .svg"),
        (("compare", "a_1", "b_3"), 2, "unknown model 'b_3'; nearest: 'b_2'"),
    ],
)
def test_wrong_usage_says_what_to_do(
    folder: Path, run: Any, whyrec: Whyrec, tmp_path: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    (tmp_path / "broken.toml").write_text("[[modle]]\n")
    (tmp_path / "gone.toml").write_text("[data]\ntriples = 'gone.tsv'\n[[model]]\n")
    (tmp_path / "name.toml").write_text("name = 'ring'\n[data]\ntriples = 'gone.tsv'\n[[model]]\n")
    placed = [tmp_path / one if one.partition(".")[2] else one for one in arguments]
    result = whyrec("-w", folder, "experiment", *placed)
    assert result.exit_code == exit_code, result.output
    assert message in result.stderr and "Traceback" not in result.output and result.stdout == ""


def test_an_experiment_that_cannot_be_run_does_not_keep_the_others_from_it(whyrec: Whyrec, tmp_path: Path) -> None:
    (tmp_path / "one.tsv").write_text("a\tr\tb\n")
    (tmp_path / "a.toml").write_text("[data]\ntriples = 'one.tsv'\n[[model]]\n")
    alone = whyrec("-w", tmp_path, "experiment", "run", tmp_path / "a.toml")
    assert alone.exit_code == 2 and "a.toml: split: 1 train, 0 validation, 0 test" in " ".join(alone.stderr.split())
    rows = [f"e{n}\tr\te{(n + step) % 30}" for n in range(30) for step in (1, 2)]
    (tmp_path / "more.tsv").write_text("\n".join(rows))
    model = "[[model]]\nepochs = 1\ndim = 4\n"
    (tmp_path / "b.toml").write_text(f"seeds = [0]\n[data]\ntriples = 'more.tsv'\n{model}")
    result = whyrec("-w", tmp_path, "experiment", "run", tmp_path)
    assert result.exit_code == 2 and "a is left out" in result.stderr
    assert "b: 1 run done now" in result.stdout


def test_stale_runs_are_not_compared_but_named(whyrec: Whyrec, document: Document, tmp_path: Path) -> None:
    rows = [f"e{n}\tr\te{(n + step) % 30}" for n in range(30) for step in (1, 2)]
    (tmp_path / "facts.tsv").write_text("\n".join(rows))
    (tmp_path / "e.toml").write_text("seeds = [0]\n[data]\ntriples = 'facts.tsv'\n[[model]]\nepochs = 1\ndim = 4\n")
    document("-w", tmp_path, "experiment", "run", tmp_path / "e.toml")
    (tmp_path / "facts.tsv").write_text("\n".join(rows[:-1]))
    refused = whyrec("-w", tmp_path, "experiment", "compare", "TransE-4", "TransE-4")
    assert refused.exit_code == 2 and "whyrec experiment run FILE.toml" in refused.stderr
    shown = whyrec("-w", tmp_path, "experiment", "list").stdout
    assert "0/1" in shown and "1 of the runs; `whyrec experiment run` makes them anew" in shown


def test_nothing_was_run_yet(whyrec: Whyrec, tmp_path: Path) -> None:
    result = whyrec("-w", tmp_path, "experiment", "list")
    assert result.exit_code == 2 and "whyrec experiment run FILE.toml" in result.stderr
