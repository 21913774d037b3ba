"""What a command writes never takes the place of configuration, data, or a file of another kind."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Whyrec


@pytest.fixture
def home(example: Path, tmp_path: Path) -> Path:
    """A copy of the example to write into."""
    return Path(shutil.copytree(example, tmp_path / "w"))


def test_what_is_no_output_is_not_written_over(home: Path, whyrec: Whyrec) -> None:
    (home / "notes.csv").write_text("mine\n")
    (home / "page.html").write_text("<!DOCTYPE html>\n<p>mine</p>\n")
    (home / "own.json").write_text("{}\n")
    shutil.copy(home / "enrolments.parquet", home / "copy.parquet")
    lists = ("recommend", "--all", "--out")
    refused = [
        (*lists, "whyrec.toml"),
        (*lists, "products.csv.gz"),
        (*lists, "enrolments.parquet"),
        (*lists, "copy.parquet"),
        (*lists, "notes.csv"),
        (*lists, "snapshot"),
        ("why", "u0001", "p0001", "--html", "whyrec.toml"),
        ("why", "u0001", "p0001", "--html", "page.html"),
        ("graph", "export", "own.json"),
        ("experiment", "list", "--export", "notes.csv"),
    ]
    before = {path: path.read_bytes() for path in home.iterdir() if path.is_file()}
    for command in refused:
        result = whyrec("-w", home, *command[:-1], home / command[-1])
        assert result.exit_code == 2, (command, result.output)
    assert {path: path.read_bytes() for path in home.iterdir() if path.is_file()} == before


def test_a_second_run_writes_over_the_first_and_force_over_anything(home: Path, whyrec: Whyrec) -> None:
    (home / "u.txt").write_text("u0001\n")
    for name in ("lists.csv", "lists.jsonl", "lists.parquet", "lists.xlsx"):
        for _ in range(2):
            result = whyrec("-w", home, "recommend", "--all", "--users", home / "u.txt", "--out", home / name)
            assert result.exit_code == 0, result.output
    for name, command in {"p.html": ("why", "u0001", "p0001", "--html"), "g.ttl": ("graph", "export")}.items():
        for force in ((), (), ("--force",)):
            if force:
                (home / name).write_text("something else")
                assert "with --force" in whyrec("-w", home, *command, home / name).stderr
            assert whyrec("-w", home, *command, home / name, *force).exit_code == 0
        assert (home / name).stat().st_size > 1000
