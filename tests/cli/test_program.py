"""The program as a whole: help, exit codes, messages, and what it does not import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import COMMANDS
from tests.cli.conftest import Whyrec

HEAVY = ("torch", "pykeen", "ladybug", "neo4j", "polars", "pandas")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(whyrec: Whyrec, command: str) -> None:
    result = whyrec(command, "--help")
    assert result.exit_code == 0
    assert f"whyrec {command}" in result.stdout or f"whyrec -w demo {command}" in result.stdout
    assert "Example" in result.stdout


def test_help_lists_every_command(whyrec: Whyrec) -> None:
    result = whyrec("--help")
    assert result.exit_code == 0
    assert all(f" {command} " in result.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("recommend", "u9999"), 1, "unknown User 'u9999'; ids of people are not suggested"),
        (("why", "u0001", "p9999"), 1, "nearest: p"),
        (("recommend", "u0001", "--domain", "cosmetic"), 2, "nearest: 'cosmetics'"),
        (("recommend", "u0001", "--avoid", "contains:PARFUMM"), 1, "nearest: PARFUM"),
        (("recommend",), 2, "--anchor relation:ID"),
        (("recommend", "--all"), 2, "--out FILE.parquet"),
        (("recommend", "u0001", "-n", "0"), 2, "Invalid value for '-n'"),
        (("recomend", "u0001"), 2, "Did you mean 'recommend'"),
        (("train", "--model", "TransX"), 2, "nearest: 'Trans"),
        (("init", "."), 1, "no such"),
    ],
)
def test_wrong_usage_gets_one_message(
    whyrec: Whyrec, example: Path, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    if arguments[0] == "init":
        arguments, message = ("init", str(example)), "is a workspace already"
    result = whyrec("-w", example, *arguments)
    assert result.exit_code == exit_code, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_a_missing_workspace_says_how_to_make_one(whyrec: Whyrec, tmp_path: Path) -> None:
    result = whyrec("-w", tmp_path / "nowhere", "status")
    assert result.exit_code == 1
    assert "whyrec init" in result.stderr


def test_a_broken_schema_names_file_and_place(whyrec: Whyrec, tmp_path: Path) -> None:
    whyrec("init", tmp_path / "w")
    (tmp_path / "w" / "schema.toml").write_text('name = "x"\n[entity.User]\ndomian = "a"\n')
    result = whyrec("-w", tmp_path / "w", "status")
    assert result.exit_code == 1
    assert "schema.toml: entity.User.domian: unknown key; nearest: 'domain'" in result.stderr


def test_debug_shows_the_traceback(example: Path) -> None:
    arguments = [sys.executable, "-m", "cli", "-w", str(example), "recommend", "u9999", "--debug"]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "Traceback" in result.stderr and "UnknownEntityError" in result.stderr


@pytest.mark.parametrize("arguments", [("recommend", "u0001"), ("why", "u0001", "p0001"), ("--help",)])
def test_answering_imports_neither_torch_nor_a_database(example: Path, arguments: tuple[str, ...]) -> None:
    program = [sys.executable, "-X", "importtime", "-m", "cli", "-w", str(example), *arguments]
    result = subprocess.run(program, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "200"})
    imported = {line.rsplit("|", 1)[-1].strip() for line in result.stderr.splitlines() if "import time:" in line}
    heavy = HEAVY if arguments[0] != "--help" else ("torch", "pykeen")
    assert imported & {"numpy"}
    assert not imported & set(heavy)
