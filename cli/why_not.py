"""``whyrec why-not``: why an item is not in somebody's list, and the smallest change that would bring it there."""

from typing import Annotated, Any

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.rules import with_rules
from recommender.results.counterfactual import ItemAhead, WhyNot

app = typer.Typer(add_completion=False)


@app.command()
@with_rules
def why_not(
    ctx: typer.Context,
    rules: dict[str, Any],
    user: Annotated[str, typer.Argument(help="Id of a user.")],
    item: Annotated[str, typer.Argument(help="Id of an item; Type:id where two types share ids.")],
    n: Annotated[int | None, typer.Option("-n", min=1, help="Length of the list.")] = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say why an item is not recommended: a rule, a missing link, better items; and the smallest change that would
    bring it into the list: of what the user has, of rules, or of the item's own attributes.

    Example: whyrec why-not u0001 p0042 -n 10
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        answer = engine.why_not(user, item, n=n, lang=lang, **rules)
    output.notices(answer.notices)
    if not output.document(answer):
        _show(output, answer)


def _show(output: Output, answer: WhyNot) -> None:
    item, rank = answer.item, f"rank {answer.rank}" if answer.rank else "not ranked"
    output.line(f"{item.label} ({item.type}, {item.domain}) for {answer.user.label}: score {answer.score:.6f}, {rank}")
    rows = [(ahead.rank, ahead.label, f"{ahead.score:.4f}", f"{ahead.by:+.4f}") for ahead in _ahead(answer)]
    if rows:
        output.table(f"The first {answer.n}", ("#", "item", "score", "ahead by"), rows, right="# score ahead by")
    output.line()
    output.line(answer.text)
    if answer.change and not (answer.change.lift or answer.change.item_add or answer.change.item_remove):
        options = [f"--with {one}" for one in answer.change.add] + [f"--without {one}" for one in answer.change.remove]
        if options:
            output.line(f"The list after it: whyrec what-if {answer.user.id} {' '.join(options)}")


def _ahead(answer: WhyNot) -> list[ItemAhead]:
    return [ahead for reason in answer.reasons for ahead in reason.items or ()]
