"""``whyrec item``: why an item is shown so often, or never."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import CountsOption, DebugOption, EpsilonOption, JsonOption, LangOption, PrivateOption, QuietOption
from cli.output import Output
from cli.private import asked_private, show_private
from cli.segment_tables import show_reasons, show_segments
from recommender.results.marketing import ItemReport
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)


@app.command()
def item(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="Id or name of an item.")],
    private: PrivateOption = False,
    epsilon: EpsilonOption = None,
    counts: CountsOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say in how many lists an item stands, for which reasons, what keeps it out, and what would bring it to more.

    What would bring it to more is hypothetical: the smallest change of the item itself, all else the same, ranked anew.

    Example: whyrec item "Jojoba Nourishing Lip Balm"
    """
    output = Output(as_json, quiet)
    asked = asked_private(ctx, private, epsilon, counts)
    with engine_of(ctx, output) as engine:
        if asked:
            show_private(output, engine.private("item", item, epsilon=epsilon, lang=lang), lang, counts)
            return
        found = engine.item(item, lang=lang)
    if not output.document(found):
        _show(output, found, lang)


def _show(output: Output, found: ItemReport, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("item"), words.section("marketing")
    output.line(found.text)
    show_reasons(output, texts["reasons"], found.reasons, lang)
    if found.excluded:
        rules = [(found.rules[name], people) for name, people in found.excluded.items()]
        output.table(texts["rules"], (texts["rule"], shared["people"]), rules, right=[shared["people"]])
    if found.ahead:
        ahead = [(one.id, one.label, f"{one.lists:,}") for one in found.ahead]
        output.table(texts["ahead"], (shared["id"], shared["item"], texts["often"]), ahead, right=[texts["often"]])
    show_segments(output, texts["finds"], found.finds, lang)
    show_segments(output, texts["uses"], found.uses, lang)
    if found.gaps:
        output.line(texts["missing"].format(names=words.listed(found.gaps)))
    if found.lifts:
        rows = [(one.change, one.people_reached) for one in found.lifts]
        output.table(texts["lifts"], (texts["if"], texts["reached"]), rows, right=[texts["reached"]])
    else:
        output.line(texts["unlifted"].format(k=found.k))
    output.line(found.rounding)
