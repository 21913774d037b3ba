"""A workspace with the bundled example, loaded once through the public API."""

import ast
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import whyrec
from whyrec import Engine

NOTEBOOK = Path(whyrec.__file__).with_name("tour.ipynb")
LENIENT = 0o022
"""The file mode mask of most computers."""
Shown = list[tuple[str, Any]]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the bundled example loaded; tests do not write to it."""
    folder = tmp_path_factory.mktemp("whyrec") / "demo"
    report = whyrec.create(folder, example=True).load()
    assert report.snapshot is not None and report.rejected > 0
    return folder


@pytest.fixture(scope="session")
def engine(demo: Path) -> Engine:
    """It, opened."""
    return whyrec.open(demo)


@pytest.fixture(scope="session")
def toured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Shown]]:
    """The folder in which the shipped notebook was run, and what each cell showed."""
    folder, before, mask = tmp_path_factory.mktemp("tour"), Path.cwd(), os.umask(LENIENT)
    os.chdir(folder)
    try:
        yield folder, run_cells(NOTEBOOK)
    finally:
        os.chdir(before)
        os.umask(mask)


def run_cells(notebook: Path) -> Shown:
    """Run the cells of a notebook in order, as a kernel does; each one's source and the value of its last line."""
    names: dict[str, Any] = {}
    shown: Shown = []
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            *before, last = ast.parse(source).body
            assert isinstance(last, ast.Expr)
            exec(compile(ast.Module(before, []), notebook.name, "exec"), names)
            shown.append((source, eval(compile(ast.Expression(last.value), notebook.name, "eval"), names)))
    return shown
