"""``whyrec similar``: the nearest items of each domain, with what they share."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.similar import Similar

app = typer.Typer(add_completion=False)


@app.command()
def similar(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="Id of an item; Type:id where two types share ids.")],
    n: Annotated[int, typer.Option("-n", min=1, help="How many items of each domain.")] = 5,
    domain: DomainOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List the nearest items of each domain, by shared attributes and by how many people used both.

    Example: whyrec similar p0042 -n 3
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        answer = engine.similar(item, n, domain=domain, lang=lang)
    if not output.document(answer):
        _show(output, answer)


def _show(output: Output, answer: Similar) -> None:
    rows = [
        (row.domain, row.rank, row.id, row.label, f"{row.score:.4f}", f"{row.shares.people:.4f}", row.text)
        for row in answer.items
    ]
    if rows:
        columns = ("domain", "#", "id", "item", "similarity", "by people", "what they share")
        title = f"Near {answer.item.label} ({answer.item.type}, {answer.item.domain})"
        output.table(title, columns, rows, right="# similarity")
    output.line(answer.text)
