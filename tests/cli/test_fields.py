"""The library names fields, the command line options; each message in the words of who reads it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.fields import FIELD, flagged
from cli.main import app
from tests.cli.conftest import Whyrec

ROOT = Path(__file__).parents[2]
PACKAGES = ("kg", "embeddings", "recommender", "whyrec")
OPTION = re.compile(r"(?<![\w-])--[a-z{]")
COMMAND = re.compile(r"`(?:whyrec|\{\})[^`]* [^`]*`")
"""A whole command to run is no option to give."""
NO_MESSAGES = ("kg/example/generate.py", "recommender/pages/page_style.py")
"""A program of its own; a style sheet, whose variables begin with dashes."""
REST = ("whyrec/service/", "whyrec/decisions/", "whyrec/online_evaluation/")
"""Fields of their messages are those of a request."""
NEXT_STEP = "whyrec/workspace/status.py"
PROGRAM = "#!"
"""How a text begins that is a program, which nobody reads."""


def _texts() -> Iterator[tuple[str, str]]:
    """File and text of every string of the library that is no docstring; what is put into it is {}."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name not in NO_MESSAGES:
                yield from ((name, text) for text in _strings(ast.parse(path.read_text(encoding="utf-8"))))


def _strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.startswith(PROGRAM):
            yield node.value
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            yield from _strings(node)


def _options(command: Any) -> set[str]:
    own = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
    return own.union(*(_options(one) for one in getattr(command, "commands", {}).values()))


def test_no_message_of_the_library_names_an_option() -> None:
    found = [(name, text) for name, text in _texts() if name != NEXT_STEP and OPTION.search(COMMAND.sub("", text))]
    assert found == []


def test_every_field_that_a_message_names_is_an_option_of_some_command() -> None:
    options = _options(typer.main.get_command(app))
    texts = (text for name, text in _texts() if not name.startswith(REST))
    named = {found[0] for text in texts for found in FIELD.finditer(text)}
    assert len(named) > 10
    assert {field for field in named if flagged(field).split()[0] not in options} == set()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`max_price` -1: a price is 0 or more", "--max-price -1: a price is 0 or more"),
        ("say `allow_empty=True`", "say --allow-empty"),
        ("`embeddings=False` leaves them out", "--no-embeddings leaves them out"),
        ("use `split=random`", "use --split random"),
        ("say what changes: `add`, `remove`, or both", "say what changes: --with, --without, or both"),
        ("run `whyrec train` to make one", "run `whyrec train` to make one"),
    ],
)
def test_a_field_becomes_its_option(text: str, shown: str) -> None:
    assert flagged(text) == shown


def test_a_person_at_the_command_line_reads_options(whyrec: Whyrec, example: Path) -> None:
    for arguments, message in (
        (("recommend", "u0001", "--max-price", "-1"), "--max-price"),
        (("evaluate", "--split", "cold-domain"), "--split cold-domain hides one domain; name it with --domain"),
        (("graph", "export", "x.ttl", "--depth", "2"), "--depth goes with --around"),
    ):
        result = whyrec("-w", example, *arguments)
        assert result.exit_code == 2 and message in result.stderr and "`" not in result.stderr
