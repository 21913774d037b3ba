"""``whyrec what-if``: a list before and after a change of what somebody has, and why items moved."""

from typing import Annotated, Any

import typer

from cli.engine import engine_of
from cli.options import LONGEST, AnchorOption, DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.rules import with_rules
from recommender.results.counterfactual import WhatIf
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)


@app.command()
@with_rules
def what_if(
    ctx: typer.Context,
    rules: dict[str, Any],
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Id of a user.")] = None,
    anchor: AnchorOption = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="ID", help="As if they did not have this: ID or relation:ID; repeatable."),
    ] = None,
    added: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="relation:ID", help="As if they had this anchor too; repeatable."),
    ] = None,
    n: Annotated[int | None, typer.Option("-n", min=1, max=LONGEST, help="Length of the list.")] = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Show the list before and after a change, who moved and why; nothing is written.

    Examples: whyrec what-if u0001 --without p0042 --with has_concern:acne ·
    whyrec what-if --anchor has_concern:acne --with follows:third-bloom
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        answer = engine.what_if(
            user, anchors=anchor or (), add=added or (), remove=without or (), n=n, lang=lang, **rules
        )
    output.notices(answer.notices)
    if not output.document(answer):
        _show(output, answer, lang)


def _show(output: Output, answer: WhatIf, lang: str) -> None:
    words = language(lang)
    texts = words.section("tables")
    before = {(row.type, row.id): row.rank for row in answer.before}
    why = {(move.type, move.id): move.text for move in answer.moved}
    rows = []
    for row in answer.after:
        key = (row.type, row.id)
        was = before.get(key, texts["new"])
        rows.append((row.rank, was, row.id, row.label, f"{row.score:.4f}", why.get(key, "")))
    changes = [texts["with"].format(what=one) for one in answer.add]
    changes += [texts["without"].format(what=one) for one in answer.remove]
    columns = ("#", texts["was"], "id", texts["item"], texts["score"], texts["moved"])
    title = texts["changed"].format(user=answer.user.label or texts["somebody"], changes=words.listed(changes))
    output.table(title, columns, rows, right=("#", columns[1], columns[4]))
    after = {(row.type, row.id) for row in answer.after}
    for move in answer.moved:
        if (move.type, move.id) not in after:
            output.line(f"{move.label}: {move.text}")
    output.line(answer.text)
