"""``whyrec recommend --all``: a file with everybody's list."""

from pathlib import Path
from typing import Any

import typer

from cli.engine import engine_of
from cli.output import Output
from kg.counting import by_number
from kg.errors import UsageError


def write_all(ctx: typer.Context, output: Output, files: tuple[str | None, str | None], asked: Any) -> None:
    """Write the lists of everybody, or of the users in a file.

    :param files: of users, and the one to write.
    :param asked: options of :meth:`whyrec.engine.Engine.write_lists`.
    """
    users, out = files
    if out is None:
        raise UsageError("--all writes a file; name it with --out FILE.parquet")
    chosen = read_lines(Path(users)) if users else None
    with engine_of(ctx, output) as engine:
        result = engine.write_lists(out, chosen, **asked)
    output.notices(result.notices)
    if not output.document(result):
        counts = by_number(f"{result.rows:,} [row|rows] for {result.users:,} [user|users]")
        output.line(f"{counts}: {result.out}")


def read_lines(path: Path) -> list[str]:
    """The lines of a text file that are not empty.

    :raises UsageError: where it is no UTF-8 text.
    """
    try:
        return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line]
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {problem}") from None
