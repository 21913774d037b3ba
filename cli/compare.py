"""``whyrec compare``: why this item and not that one."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output

app = typer.Typer(add_completion=False)


@app.command()
def compare(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a user.")],
    first: Annotated[str, typer.Argument(help="Id of an item.")],
    second: Annotated[str, typer.Argument(help="Id of another.")],
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say why one item is ahead of another, as differences that sum to that of the scores.

    Example: whyrec compare u0001 p0001 p0042
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.compare(user, first, second, lang=lang)
    if output.document(found):
        return
    output.line(found.text)
    rows = [
        (one.metapath or one.kind, f"{one.first:.4f}", f"{one.second:.4f}", f"{one.difference:+.4f}")
        for one in found.differences
    ]
    rows.append(
        (
            "sum",
            f"{found.score_first:.4f}",
            f"{found.score_second:.4f}",
            f"{found.score_first - found.score_second:+.4f}",
        )
    )
    columns = ("part", found.first.label, found.second.label, "difference")
    output.table("What each part says", columns, rows, right="difference")
