"""``whyrec find``: entities by what people call them."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import LONGEST, DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.search import Found
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)
TypeOption = Annotated[
    list[str] | None, typer.Option("--type", metavar="T", help="Only entities of this type; repeatable.")
]


@app.command()
def find(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help="Id, label, alias, a part of one, pinyin; typing errors are forgiven.")],
    types: TypeOption = None,
    n: Annotated[int, typer.Option("-n", min=1, max=LONGEST, help="Most hits.")] = 10,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Find entities by their names. People are found by their exact ids alone.

    Examples: whyrec find lipstick --type Product · whyrec find 烟酰胺 · whyrec find yanxianan
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.find(text, types or (), n, lang=lang)
    if not output.document(found):
        _show(output, found, lang)


def _show(output: Output, found: Found, lang: str) -> None:
    texts = language(lang).section("tables")
    rows = [(hit.id, hit.type, hit.label, f"{hit.score:.2f}", hit.matched) for hit in found.hits]
    if rows:
        heads = ("id", *(texts[name] for name in ("type", "label", "score", "matched")))
        output.table(f"“{found.query}”", heads, rows, right=[texts["score"]])
    else:
        output.line(texts["nothing_near"].format(text=found.query))
