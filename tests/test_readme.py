"""The README is true: its tour runs, line by line, and its map names every folder."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pyrage
import pytest
from typer.testing import CliRunner

from cli.main import COMMANDS, app

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"^```python\n(.+?)^```$", README, flags=re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"^\$ whyrec (.+)\n((?:[^$`\n].*\n)+)", README, flags=re.MULTILINE)
"""Commands with the beginning of what they print."""
TOUR = re.findall(r"^\$ whyrec (.+)$", README, flags=re.MULTILINE)
LASTING = re.findall(r"^whyrec ((?:-w|init) [^#\n]+)", README, flags=re.MULTILINE)
"""Commands that go on until they are ended, and those that need what the tour has not; their own tests run them."""


@pytest.mark.slow
@pytest.mark.timeout(900)  # thirty commands, beside others
def test_the_tour_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARTNER_KEY", str(pyrage.x25519.Identity.generate().to_public()))
    runner = CliRunner(env={"WHYREC_WORKSPACE": None})
    assert len(TOUR) >= 10 and len(SHOWN) == 3
    for command in TOUR:
        result = runner.invoke(app, shlex.split(os.path.expandvars(command)), prog_name="whyrec")
        assert result.exit_code == 0, f"{command}\n{result.output}"
        assert result.stdout.strip(), command
        told = " ".join(result.stdout.split())
        assert all(" ".join(shown.split()) in told for one, shown in SHOWN if one == command), result.stdout
    for block in PYTHON:
        names: dict[str, Any] = {}
        exec(block, names)
        assert names["account"].score == names["answer"].items[0].score and next(names["batches"]).num_rows


def test_the_tour_shows_every_command() -> None:
    shown = {word for command in (*TOUR, *LASTING) for word in shlex.split(command)}
    assert set(COMMANDS) <= shown


def test_the_map_names_the_folders_that_are_there() -> None:
    named = set(re.findall(r"^\| `(\w+)/`", README, flags=re.MULTILINE))
    root = Path(__file__).parent.parent
    tracked = {"kg", "embeddings", "recommender", "whyrec", "cli", "cypher", "tests", "benchmarks"}
    assert named == tracked
    assert all((root / name).is_dir() for name in named)
