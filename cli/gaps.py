"""``whyrec gaps``: what should be taught or made next."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import (
    LONGEST,
    CountsOption,
    DebugOption,
    DomainOption,
    EpsilonOption,
    JsonOption,
    LangOption,
    PrivateOption,
    QuietOption,
)
from cli.output import Output
from cli.private import asked_private, show_private
from recommender.results.marketing import Gap, Gaps
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)
NONE = "–"


@app.command()
def gaps(
    ctx: typer.Context,
    domain: DomainOption = None,
    n: Annotated[int, typer.Option("-n", min=1, max=LONGEST, help="Most gaps.")] = 10,
    private: PrivateOption = False,
    epsilon: EpsilonOption = None,
    counts: CountsOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List what people want and a domain has little of, verified by ranking the item that would fill it.

    What people say of themselves goes before what they only use.

    Example: whyrec gaps --domain courses
    """
    output = Output(as_json, quiet)
    asked = asked_private(ctx, private, epsilon, counts, ("n",))
    with engine_of(ctx, output) as engine:
        if asked:
            show_private(output, engine.private("gaps", domain=domain, epsilon=epsilon, lang=lang), lang, counts)
            return
        found = engine.gaps(domain, n=n, lang=lang)
    if not output.document(found):
        _show(output, found, lang)


def _show(output: Output, found: Gaps, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("gaps"), words.section("marketing")
    output.line(found.text)
    heads = ("about", "say", "use", "growth", "supply", "reached", "brief")
    columns = (shared["id"], *(texts[name] for name in heads))
    title = texts["title_sampled" if found.sampled else "title"].format(
        domain=found.domain_text, of=words.number(found.of)
    )
    output.table(title, columns, map(_row, found.gaps), right=columns[2:7])
    output.line(found.explained)


def _row(gap: Gap) -> tuple[object, ...]:
    growth = NONE if gap.growth is None else f"×{gap.growth:.1f}"
    said = NONE if gap.said is None else gap.said
    interval = "" if gap.low is None or gap.high is None else f" ({gap.low:.1%}–{gap.high:.1%})"
    reached = f"{gap.people_reached}{interval}"
    return gap.entity.id, gap.entity.label, said, gap.users, growth, gap.supply, reached, gap.brief
