"""``whyrec similar``: the nearest items of each domain, with what they share."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import LONGEST, DebugOption, DomainOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from kg.schema import Schema
from recommender.results.similar import Similar
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain, spoken_type

app = typer.Typer(add_completion=False)


@app.command()
def similar(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="Id of an item; Type:id where two types share ids.")],
    n: Annotated[int, typer.Option("-n", min=1, max=LONGEST, help="How many items of each domain.")] = 5,
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
        schema = engine.snapshot.schema
    if not output.document(answer):
        _show(output, answer, schema, lang)


def _show(output: Output, answer: Similar, schema: Schema, lang: str) -> None:
    words = language(lang)
    texts = words.section("similar")
    spoken = {row.domain: spoken_domain(schema, row.domain, lang) for row in answer.items}
    rows = [
        (spoken[row.domain], row.rank, row.id, row.label, f"{row.score:.4f}", f"{row.shares.people:.4f}", row.text)
        for row in answer.items
    ]
    if rows:
        names = [texts[name] for name in ("domain", "id", "item", "similarity", "by_people", "facts")]
        heads = (names[0], "#", *names[1:])
        domain = spoken_domain(schema, answer.item.domain, lang)
        kind = spoken_type(schema, answer.item.type, lang)
        title = texts["title"].format(item=answer.item.label, kind=kind, domain=domain)
        output.table(title, heads, rows, right=("#", *heads[4:6]))
    output.line(answer.text)
