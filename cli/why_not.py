"""``whyrec why-not``: why an item is not in somebody's list, and the smallest change that would bring it there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.engine import engine_of
from cli.options import LONGEST, AnchorOption, DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.rules import with_rules
from cli.terminal import command
from cli.whom import whom
from recommender.results.counterfactual import ItemAhead, WhyNot
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)


@app.command()
@with_rules
def why_not(
    ctx: typer.Context,
    rules: dict[str, Any],
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="[USER] ITEM", help="Id of a user, or --anchor instead; then an item: id, Type:id or name."
        ),
    ],
    anchor: AnchorOption = None,
    n: Annotated[int | None, typer.Option("-n", min=1, max=LONGEST, help="Length of the list.")] = None,
    change: Annotated[
        str | None,
        typer.Option(metavar="item|user|rules", help="What may change; anything, the item last, where absent."),
    ] = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say why an item is not recommended: a rule, a missing link, better items; and the smallest change that would
    bring it into the list: of what the user has, of rules, or of the item's own attributes.

    Examples: whyrec why-not u0001 p0042 -n 10 · whyrec why-not p0042 --anchor has_concern:acne --max-price 40
    """
    user, (item,) = whom(names, anchor or (), 1)
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        answer = engine.why_not(user, item, anchors=anchor or (), n=n, lang=lang, change=change, **rules)
    output.notices(answer.notices)
    if not output.document(answer):
        _show(output, answer, lang, anchor or (), engine.workspace.folder)


def _show(output: Output, answer: WhyNot, lang: str, anchors: Sequence[str], folder: Path) -> None:
    words = language(lang)
    texts = words.section("tables")
    place = texts["rank"].format(n=answer.rank) if answer.rank else texts["not_ranked"]
    item, user = words.quoted(answer.item.label), answer.user.label or texts["somebody"]
    output.line(texts["account_title"].format(item=item, user=user, place=place))
    for reason in answer.reasons:
        output.line(reason.text)
    rows = [(ahead.rank, ahead.id, ahead.label, f"{ahead.score:.4f}") for ahead in _ahead(answer)]
    if rows:
        columns = ("#", "id", texts["item"], texts["score"])
        output.table(texts["first"].format(n=answer.n), columns, rows, right=f"# {texts['score']}")
    if answer.change is None:
        output.line(answer.closing)
    else:
        output.line(texts["would"].format(item=item, n=answer.change.rank_after))
        for line in answer.change.lines:
            output.line(f"  {line}")
        output.line(texts["checked"])
    if answer.change and not (answer.change.lift or answer.change.item_add or answer.change.item_remove):
        options = [("--with", one) for one in answer.change.add] + [("--without", one) for one in answer.change.remove]
        if options:
            asked = [word for option in options for word in option]
            who = [answer.user.id] if answer.user.id else []
            told = [word for one in anchors for word in ("--anchor", one)]
            what_if = command("-w", folder, "what-if", *who, *told, *asked)
            output.line(texts["list_after"].format(command=what_if))


def _ahead(answer: WhyNot) -> list[ItemAhead]:
    return [ahead for reason in answer.reasons for ahead in reason.items or ()]
