"""Where output goes: results to stdout, as text or one JSON document; progress and notices to stderr."""

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.tree import Tree

from cli.fields import flagged

WIDE = 160
"""Columns where output goes to a file or a pipe."""


class Output:
    """The output of one command.

    :param as_json: print documents, and nothing else on stdout.
    :param quiet: no progress and no notices.
    """

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet
        self.console = Console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE, highlight=False)
        self.errors = Console(stderr=True, soft_wrap=True, highlight=False)

    def document(self, document: BaseModel | dict[str, Any]) -> bool:
        """Print a result as JSON if JSON was asked for; says whether it did."""
        if self.as_json:
            data = document.model_dump(mode="json") if isinstance(document, BaseModel) else document
            sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
        return self.as_json

    def notices(self, texts: Iterable[str]) -> None:
        """Say something on stderr that is no result."""
        if not self.quiet:
            for text in texts:
                self.errors.print(f"[yellow]note:[/yellow] {shown(flagged(text))}")

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print a line; the text is data, never markup."""
        self.console.print(shown(text), style=style, soft_wrap=True)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: str = "") -> None:
        """Print a table; ``right`` names the columns of numbers, parted by spaces."""
        table = Table(title=shown(title), title_justify="left", header_style="bold", title_style="bold")
        for column in columns:
            table.add_column(shown(column), justify="right" if column in right.split() else "left", overflow="fold")
        for row in rows:
            table.add_row(*(shown(str(cell)) for cell in row))
        self.console.print(table)

    def tree(self, tree: Tree) -> None:
        """Print a tree."""
        self.console.print(tree)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Progress bars on stderr; none with --quiet or where stderr is no terminal."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.errors, disable=self.quiet or not sys.stderr.isatty()) as progress:
            yield progress


def shown(text: str) -> str:
    """Data made safe for a terminal: markup and control characters escaped, line ends and tabs kept."""
    clean = "".join(
        ch if ch in "\n\t" or unicodedata.category(ch) not in ("Cc", "Cs") else ascii(ch)[1:-1] for ch in text
    )
    return escape(clean)
