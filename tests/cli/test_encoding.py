"""What a terminal's encoding cannot hold, and what looks like markup but is data."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress
from typer.testing import CliRunner

from cli.encoding import as_typed, fitted, holds
from cli.main import app
from cli.terminal import DataColumn, shown, styled
from tests.cli.conftest import Whyrec

ENCODINGS = ("ascii", "cp1252", "shift_jis", "utf-8")
QUESTIONS = (
    ("recommend", "u0001", "--lang", "zh", "-n", "3"),
    ("why", "u0001", "p0001", "--lang", "zh"),
    ("why", "u0001", "p0001", "--mermaid"),
    ("why-not", "u0001", "p0001", "--lang", "zh"),
    ("what-if", "u0001", "--with", "has_concern:acne", "--lang", "zh"),
    ("similar", "p0001", "--lang", "zh"),
    ("graph", "show", "p0001", "--lang", "zh"),
    ("graph", "stats"),
    ("status",),
    ("load", "--dry-run"),
    ("evaluate", "--holdout", "0.05", "--no-embeddings", "--no-tuning"),
    ("experiment", "run", "--help"),
    ("recommend", "玫瑰"),
)


@given(st.text(), st.sampled_from(ENCODINGS))
def test_what_is_fitted_can_be_written_and_nothing_else_is_changed(text: str, encoding: str) -> None:
    written = fitted(text, encoding)
    assert written.encode(encoding).decode(encoding) == written
    if holds(text, encoding) and encoding != "shift_jis":  # which reads back two signs as others
        assert written == text


def test_letters_are_escaped_and_signs_are_likened() -> None:
    assert fitted("café – 玫瑰 → 0.5 ± 0.1 …", "ascii") == r"caf\xe9 - \u73ab\u7470 -> 0.5 +/- 0.1 ..."
    assert fitted("\ud800", "utf-8") == r"\ud800"
    assert fitted("玫瑰", None) == fitted("玫瑰", "no such codec") == "玫瑰"


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_no_answer_depends_on_the_encoding(example: Path, question: tuple[str, ...]) -> None:
    answer = CliRunner(charset="ascii").invoke(app, ["-w", str(example), *question])
    assert answer.exit_code == (1 if question == ("recommend", "玫瑰") else 0), answer.output
    assert answer.output.strip()


def test_what_is_typed_in_a_narrow_locale_is_read_as_utf_8(example: Path, whyrec: Whyrec) -> None:
    assert as_typed(os.fsencode("玫瑰").decode("ascii", "surrogateescape")) == "玫瑰"
    assert as_typed("café") == "café" and as_typed("\udcff") == "\udcff"
    unreadable = whyrec("-w", example, "why", "u0001", "\udcff")
    assert unreadable.exit_code == 1 and r"'\udcff'" in unreadable.stderr
    done = _in_a_narrow_locale(example, "graph", "show", "Topic:玫瑰")
    assert done.returncode == 1 and r"\u73ab\u7470" in done.stderr


def test_a_file_whose_name_the_locale_cannot_write_is_told_with_what_can(example: Path, tmp_path: Path) -> None:
    """It was “a defect of whyrec”."""
    done = _in_a_narrow_locale(example, "recommend", "--all", "-n", "1", "--out", str(tmp_path / "玫瑰.csv"))
    assert done.returncode == 1 and "PYTHONUTF8=1" in done.stderr and "defect" not in done.stderr


def _in_a_narrow_locale(folder: Path, *asked: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    program = [sys.executable, "-m", "cli", "-w", str(folder), *asked]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False)


def test_json_in_a_narrow_encoding_is_the_same_document(example: Path) -> None:
    call = ["-w", str(example), "why", "u0001", "p0001", "--lang", "zh", "--json"]
    narrow, wide = (CliRunner(charset=name).invoke(app, call).stdout for name in ("cp1252", "utf-8"))
    assert narrow != wide and json.loads(narrow) == json.loads(wide)


@pytest.mark.parametrize("text", ["shop:id:41", ":smile:", "[rdf]", "[red]x[/red]", "[/]", "[link=x]y[/link]", "\\[b]"])
def test_nothing_is_taken_for_markup_or_an_emoji(text: str) -> None:
    assert styled((text, "bold")).plain == shown(text) == text
    bars = Progress(console=Console(file=io.StringIO()))
    bars.add_task(text)
    assert DataColumn("{task.description}").render(bars.tasks[0]).plain == text


@pytest.mark.parametrize(
    "sign", ["\x1b", "\x07", "\x9b", "\r", "\u202e", "\u2066", "\u200f", "\u2028", "\ud800", "\ufeff"]
)
def test_what_moves_the_cursor_or_turns_the_line_is_escaped(sign: str) -> None:
    assert shown(f"a{sign}b") == f"a{ascii(sign)[1:-1]}b"


def test_joiners_line_ends_and_tabs_stay() -> None:
    assert shown("نمی\u200cدانم 👩\u200d🔬\n\t.") == "نمی\u200cدانم 👩\u200d🔬\n\t."
