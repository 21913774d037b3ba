"""``whyrec item``: why an item is shown so often, or never."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output

app = typer.Typer(add_completion=False)


@app.command()
def item(
    ctx: typer.Context,
    item: Annotated[str, typer.Argument(help="Id or name of an item.")],
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say in how many lists an item stands, for which reasons, what keeps it out, and what would bring it to more.

    Example: whyrec item "Jojoba Nourishing Lip Balm"
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.item(item, lang=lang)
    if output.document(found):
        return
    output.line(found.text)
    reasons = [(one.text, f"{one.share:.0%}") for one in found.reasons]
    if reasons:
        output.table("Why it is shown, mean share of the score", ("reason", "share"), reasons, right="share")
    if found.excluded:
        output.table(
            "What keeps it out",
            ("rule", "people"),
            [(found.rules[name], people) for name, people in found.excluded.items()],
        )
    if found.ahead:
        output.table("What stands there instead", ("id", "item"), [(one.id, one.label) for one in found.ahead])
    if found.gaps:
        output.line("Not known of it, and known of most others: " + ", ".join(found.gaps))
    if found.lifts:
        rows = [(one.change, one.people_reached) for one in found.lifts]
        output.table("What would bring it to more people", ("if it", "people"), rows)
