"""``graph stats``, ``graph show`` and ``graph export`` on the example."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import Whyrec

Document = Callable[..., Any]


def test_stats_fit_80_columns_and_say_what_to_mend(example: Path) -> None:
    runner = CliRunner(env={"COLUMNS": "80", "WHYREC_WORKSPACE": None})
    shown = runner.invoke(app, ["-w", str(example), "graph", "stats"]).stdout
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in shown.splitlines() if "│" in line]
    assert ["Product", "251", "0", "0", "0", "0", "0"] in rows
    assert [row[:3] for row in rows if row[0] == "teaches_ingredient"] == [["teaches_ingredient", "Course", "179"]]
    assert "Dangling triples: 0 (both ends of all triples are entities)" in shown
    assert ["User", "400", "<5", "<5", "400"] in [row[:5] for row in rows]
    assert " 1. 10 of 62 Course have no teaches_ingredient" in shown and "    Next: " in shown


def test_stats_as_a_document(document: Document, example: Path) -> None:
    stats = document("-w", example, "graph", "stats")
    assert stats["dangling"] == 0 and stats["entities"]["User"]["isolated"] == "<5"
    contains = stats["triples"]["contains"]
    assert (contains["count"], contains["tail_degrees"]["max"], contains["cycles"]) == (2529, 188, None)
    assert [finding["kind"] for finding in stats["mend_first"]] == ["gap", "gap"]
    assert stats["entities"]["User"]["same_label"]["worst"] == []


def test_show_draws_a_tree(whyrec: Whyrec, example: Path) -> None:
    shown = whyrec("-w", example, "graph", "show", "p0042", "--limit", "2").stdout.splitlines()
    assert shown[0] == "Soft-Focus Eyeshadow Palette in Autumn Persimmon  p0042 (Product)"
    assert "├── price: 23.9" in shown
    assert "├── ~purchased (was bought by): fewer than 5 User" in shown
    assert shown[-4:] == [
        "└── contains: 10 Ingredient",
        "    ├── Beeswax  CERA ALBA",
        "    ├── Red Iron Oxide  CI 77491",
        "    └── … and 8 more",
    ]


def test_show_in_chinese_and_deeper(whyrec: Whyrec, example: Path) -> None:
    shown = whyrec("-w", example, "graph", "show", "Product:p0042", "--depth", "2", "--lang", "zh").stdout
    assert "├── made_by (出自): 1 Brand\n│   └── 三度花开  third-bloom\n" in shown
    assert "│       ├── ~follows (的关注者有): at least 20 User" in shown


def test_show_as_a_document(document: Document, example: Path) -> None:
    shown = document("-w", example, "graph", "show", "p0042", "--limit", "3")
    assert shown["entity"]["id"] == "p0042" and shown["entity"]["properties"]["price"] == 23.9
    assert [(one["relation"], one["count"], len(one["entities"])) for one in shown["neighbours"]] == [
        ("~purchased", "<5", 0),
        ("made_by", 1, 1),
        ("contains", 10, 3),
    ]


@pytest.mark.parametrize("name", ["all.graphml", "all.json"])
def test_an_export_holds_the_whole_graph(document: Document, example: Path, tmp_path: Path, name: str) -> None:
    written = document("-w", example, "graph", "export", tmp_path / name)
    status = document("-w", example, "status")["store"]
    assert (written["entities"], written["triples"]) == (status["entities"], status["triples"])
    assert written["snapshot"] == document("-w", example, "status")["snapshot"]["hash"]


def test_an_export_around_an_entity_without_people(whyrec: Whyrec, example: Path, tmp_path: Path) -> None:
    path = tmp_path / "near.graphml"
    arguments = ("-w", example, "graph", "export", path, "--around", "p0042", "--depth", "2")
    assert "the file names people" in whyrec(*arguments).stderr
    result = whyrec(*arguments, "--without-people")
    assert result.exit_code == 0 and result.stderr == ""
    graph = nx.read_graphml(path)
    assert "Product:p0042" in graph and {a["type"] for _, a in graph.nodes(data=True)} >= {"Brand", "Ingredient"}
    assert "User" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("show", "p9999"), 1, "unknown entity 'p9999'; nearest: Product:p"),
        (("show", "u9999"), 1, "for people say User:ID"),
        (("show", "p0042", "--depth", "4"), 2, "Invalid value for '--depth'"),
        (("export", "x.csv"), 2, "write one of .graphml, .json"),
        (("export", "x.json", "--depth", "2"), 2, "--depth goes with --around"),
        (("export", "x.json", "--around", "nobody"), 1, "unknown entity 'nobody'"),
        (("export", "/no/such/folder/x.json"), 2, "cannot be written"),
    ],
)
def test_wrong_usage_gets_one_message(
    whyrec: Whyrec, example: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    result = whyrec("-w", example, "graph", *arguments)
    assert (result.exit_code, result.stdout) == (exit_code, ""), result.output
    assert message in result.stderr and "Traceback" not in result.output


@pytest.mark.parametrize(
    "arguments", [("graph", "stats"), ("graph", "show", "p0042"), ("graph", "--help"), ("--help",)]
)
def test_only_an_export_imports_networkx(example: Path, arguments: tuple[str, ...]) -> None:
    program = [sys.executable, "-X", "importtime", "-m", "cli", "-w", str(example), *arguments]
    result = subprocess.run(program, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"})
    imported = {line.rsplit("|", 1)[-1].strip() for line in result.stderr.splitlines() if "import time:" in line}
    assert "typer" in imported and "networkx" not in imported
