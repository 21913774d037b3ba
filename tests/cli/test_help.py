"""Help is read as it was written, at 80 columns, and ends with calls to try."""

from importlib.metadata import version
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from cli.main import COMMANDS, app
from tests.cli.conftest import Whyrec

GROUPS = ("experiment", "graph")
narrow = CliRunner(env={"COLUMNS": "80"})


def commands() -> list[tuple[str, ...]]:
    program: Any = typer.main.get_command(app)
    below = [(name, one) for name in GROUPS for one in program.commands[name].commands]
    return [(), *((name,) for name in COMMANDS), *below]


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_help_fits_eighty_columns_and_ends_with_examples(command: tuple[str, ...]) -> None:
    result = narrow.invoke(app, [*command, "--help"], prog_name="whyrec")
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if len(line) > 80] == []
    head, _, examples = result.stdout.partition("\n  Example")
    calls = examples.splitlines()[1:]
    assert calls and all(call.startswith("    ") and "whyrec" in call for call in calls)
    assert all(any(f" {part}" in call for call in calls) for part in command)
    assert "Options:" in head
    assert not [line for line in head.splitlines()[1:] if line.endswith("...")]  # sentences cut off


def test_brackets_in_a_help_text_are_shown() -> None:
    assert "Mapping file with an [rdf] table" in narrow.invoke(app, ["graph", "import", "--help"]).stdout
    page = narrow.invoke(app, ["experiment", "run", "--help"]).stdout
    assert "\n      [[model]]\n      model = " in page and "\\" not in page


@pytest.mark.parametrize(
    ("command", "usage"),
    [
        (("recommend",), "[OPTIONS] [USER]"),
        (("why",), "[OPTIONS] [USER] ITEM"),
        (("load",), "[OPTIONS] [PATH]..."),
        (("graph", "import"), "[OPTIONS] FILE..."),
        (("graph", "show"), "[OPTIONS] ENTITY"),
    ],
)
def test_the_usage_line_reads_as_in_a_manual(command: tuple[str, ...], usage: str) -> None:
    first = narrow.invoke(app, [*command, "--help"], prog_name="whyrec").stdout.splitlines()[0]
    assert first == f"Usage: whyrec {' '.join(command)} {usage}"


def test_the_version_is_that_of_the_package(whyrec: Whyrec) -> None:
    result = whyrec("--version")
    assert (result.exit_code, result.stdout) == (0, f"whyrec {version('whyrec')}\n")
