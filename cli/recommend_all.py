"""``whyrec recommend --all``: a file with everybody's list."""

from pathlib import Path
from typing import Any

import typer

from cli.engine import engine_of
from cli.output import Output
from kg.counting import by_number
from kg.errors import UnknownEntityError, UsageError
from kg.identifier import identifier


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
        try:
            result = engine.write_lists(out, chosen, **asked)
        except UnknownEntityError as problem:
            where = f"{users} (one id a line, without a header): " if users else ""
            raise UnknownEntityError(f"{where}{problem}") from None
    output.notices(result.notices)
    if not output.document(result):
        counts = by_number(f"{result.rows:,} [row|rows] for {result.users:,} [user|users]")
        output.line(f"{counts}: {result.out}")


def read_lines(path: Path) -> list[str]:
    """The ids in the lines of a text file, each once, as the graph keeps them; blank lines are none.

    :raises UsageError: where it is no UTF-8 text, or has no line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {problem}") from None
    found = [one for one in dict.fromkeys(map(identifier, lines)) if one]
    if not found:
        raise UsageError(f"{path}: no id in it; write one a line")
    return found
