"""``whyrec compare``: why this item and not that one."""

from typing import Annotated, Any

import typer

from cli.engine import engine_of
from cli.options import AnchorOption, DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.rules import with_rules
from cli.whom import whom
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)


@app.command()
@with_rules
def compare(
    ctx: typer.Context,
    rules: dict[str, Any],
    names: Annotated[
        list[str],
        typer.Argument(metavar="[USER] A B", help="Id of a user, or --anchor instead; then two items: ids or names."),
    ],
    anchor: AnchorOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say why one item is ahead of another, as differences that sum to that of the scores.

    Examples: whyrec compare u0001 p0001 p0042 · whyrec compare p0001 p0042 --anchor has_concern:acne
    """
    user, (first, second) = whom(names, anchor or (), 2)
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.compare(user, first, second, anchors=anchor or (), lang=lang, **rules)
    if output.document(found):
        return
    output.line(found.text)
    texts = language(lang).section("compare")
    rows: list[tuple[str, ...]] = [
        (one.spoken, f"{one.first:.4f}", f"{one.second:.4f}", f"{one.difference:+.4f}") for one in found.differences
    ]
    scores = found.score_first, found.score_second
    rows.append((texts["sum"], *(f"{one:.4f}" for one in scores), f"{scores[0] - scores[1]:+.4f}"))
    columns = (texts["part"], found.first.label, found.second.label, texts["difference"])
    output.table(texts["title"], columns, rows, right=columns[1:])
