"""A workspace with the example, loaded once, and a way to call the program."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

Whyrec = Callable[..., Result]


@pytest.fixture(scope="session")
def whyrec() -> Whyrec:
    """Call ``whyrec`` with arguments, in this process."""
    runner = CliRunner(env={"COLUMNS": "200", "WHYREC_WORKSPACE": None})

    def call(*arguments: str | Path) -> Result:
        return runner.invoke(app, [str(argument) for argument in arguments], prog_name="whyrec")

    return call


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, whyrec: Whyrec) -> Path:
    """A workspace with the bundled example loaded; tests do not write to it."""
    folder = tmp_path_factory.mktemp("example") / "demo"
    for arguments in (("init", folder, "--example"), ("-w", folder, "load", "--json")):
        result = whyrec(*arguments)
        assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="session")
def document(whyrec: Whyrec) -> Callable[..., Any]:
    """Call ``whyrec`` with ``--json`` and parse what it prints on stdout."""

    def call(*arguments: str | Path, exit_code: int = 0) -> Any:
        result = whyrec(*arguments, "--json")
        assert result.exit_code == exit_code, result.output
        return json.loads(result.stdout)

    return call
