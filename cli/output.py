"""Where output goes: results to stdout, as text or one JSON document; progress and notices to stderr.

Whatever a command hands over is data: it is never taken for markup, emoji codes or control sequences.
"""

import json
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.tree import Tree

from cli.encoding import holds
from cli.fields import flagged
from cli.terminal import styled

WIDE = 160
"""Columns where output goes to a file or a pipe."""


class Output:
    """The output of one command.

    :param as_json: print documents, and nothing else on stdout.
    :param quiet: no progress and no notices.
    """

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json, self.quiet = as_json, quiet
        self.console = _console(width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE)
        self.errors = _console(stderr=True, soft_wrap=True)

    def document(self, document: BaseModel | dict[str, Any]) -> bool:
        """Print a result as JSON if JSON was asked for; says whether it did."""
        if self.as_json:
            data = document.model_dump(mode="json") if isinstance(document, BaseModel) else document
            text = json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False)
            if not holds(text, sys.stdout.encoding):
                text = json.dumps(data, indent=2, allow_nan=False)
            sys.stdout.write(text + "\n")
        return self.as_json

    def notices(self, texts: Iterable[str]) -> None:
        """Say something on stderr that is no result."""
        if not self.quiet:
            for text in texts:
                self.errors.print(styled(("note:", "yellow"), f" {flagged(text)}"))

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print a line; the text is data, never markup."""
        self.console.print(styled((text, style or "")), soft_wrap=True)

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], right: str | Collection[str] = ""
    ) -> None:
        """Print a table; ``right`` names the columns of numbers, as a text parted by spaces where no name has one."""
        numbers = right.split() if isinstance(right, str) else right
        table = Table(title=styled(title), title_justify="left", header_style="bold", title_style="bold")
        for column in columns:
            table.add_column(styled(column), justify="right" if column in numbers else "left", overflow="fold")
        for row in rows:
            table.add_row(*(styled(str(cell)) for cell in row))
        self.console.print(table)

    def tree(self, tree: Tree) -> None:
        """Print a tree, whose nodes are what :func:`styled` makes."""
        self.console.print(tree)


def _console(**options: Any) -> Console:
    return Console(markup=False, emoji=False, highlight=False, **options)
