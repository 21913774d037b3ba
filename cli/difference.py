"""``whyrec difference``: why a list has changed."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import LONGEST, DebugOption, DomainOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.difference import ItemDifference
from recommender.texts.language import Section
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)
NAMED = 4
"""Causes of an item that are shown; the document has all."""


@app.command()
def difference(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a user.")],
    since: Annotated[
        str, typer.Option("--since", metavar="DATE-or-SNAPSHOT", help="2026-05-01, or a snapshot's hash.")
    ],
    n: Annotated[int | None, typer.Option("-n", min=1, max=LONGEST, help="Length of the lists.")] = None,
    domain: DomainOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say why somebody's list has changed: what they did, what others did, new items, weights, rules; shares add up.

    The last three snapshots and models are kept for it, or as many as [history] keep says; forgetting anybody removes
    them.

    Example: whyrec difference u0001 --since 2026-05-01
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.difference(user, since, n=n, domain=domain, lang=lang)
    output.notices(found.notices)
    if output.document(found):
        return
    output.line(found.text)
    texts = language(lang).section("difference")
    rows = [row for one in found.items for row in _rows(one, texts)]
    heads = [texts[name] for name in ("id", "item", "rank", "score", "share", "cause")]
    output.table(texts["title"], heads, rows, right=heads[3:5])


def _rows(one: ItemDifference, texts: Section) -> list[tuple[str, ...]]:
    rank = f"{one.rank_before or '–'} → {one.rank_after or '–'}"
    score = f"{one.score_before or 0:.4f} → {one.score_after or 0:.4f}"
    first = (one.id, one.label, rank, score)
    told = [(f"{cause.share:+.4f}", cause.text) for cause in one.causes]
    shown, rest = told[:NAMED], one.causes[NAMED:]
    if rest:
        shown.append((f"{sum(cause.share for cause in rest):+.4f}", texts["more"].format(n=len(rest))))
    shown = shown or [("", texts["same"])]
    return [(*(first if not number else ("", "", "", "")), *cause) for number, cause in enumerate(shown)]
