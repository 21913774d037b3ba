"""``whyrec popularity``: how many people used each item, as it may be told."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, EpsilonOption, JsonOption, LangOption, PrivateOption, QuietOption
from cli.output import Output
from cli.private import asked_private, check_rows, write_rows
from recommender.audit.popularity import Popularity
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)

COLUMNS = ("id", "type", "label", "people")
LISTED = 20
"""Entities that are shown; documents and files have them all."""


@app.command("popularity")
def popularity_command(
    ctx: typer.Context,
    by: Annotated[
        str | None, typer.Option("--by", metavar="RELATION", help="Count by what items are linked to, e.g. made_by.")
    ] = None,
    domain: DomainOption = None,
    private: PrivateOption = False,
    epsilon: EpsilonOption = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.csv", help="Write all of it to a file.")] = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Count the people who used each item, or what items are linked to; few are not counted, others in steps.

    With --private the numbers may leave the house: next to nothing can be learned of any one person from them.

    Examples: whyrec popularity --by made_by · whyrec popularity --private --epsilon 0.5 --out popular.csv
    """
    output = Output(as_json, quiet)
    asked_private(ctx, private, epsilon)
    if out is not None:
        check_rows(out, COLUMNS)  # before anything is paid for
    with engine_of(ctx, output) as engine:
        found = engine.popularity(by=by, domain=domain, private=private, epsilon=epsilon, lang=lang)
    if out is not None:
        rows = [(one.id, one.type, one.label, one.people) for one in found.entities]
        write_rows(out, COLUMNS, rows)
    if not output.document(found):
        _show(output, found, lang)


def _show(output: Output, found: Popularity, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("private"), words.section("marketing")
    rows = [(one.people, one.label, one.id, one.type) for one in found.entities[:LISTED]]
    heads = (shared["people"], shared["what"], shared["id"], words.section("tables")["type"])
    output.table(texts["popularity_title"], heads, rows, right=heads[0])
    more = len(found.entities) - len(rows)
    if more > 0:
        output.line(texts["popularity_more"].format(n=words.number(more)))
    if found.text:
        output.line(found.text)
