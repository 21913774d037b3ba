"""``whyrec bridge``: what leads from another domain to a brand, or to anything."""

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
from recommender.results.marketing import Bridge, Bridges, MakerFit
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)
NONE = "–"


@app.command()
def bridge(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="Id or name of a brand, item, ingredient, concern …")],
    domain: DomainOption = None,
    n: Annotated[int, typer.Option("-n", min=1, max=LONGEST, help="Most bridges.")] = 5,
    private: PrivateOption = False,
    epsilon: EpsilonOption = None,
    counts: CountsOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List the items of another domain that lead to something: by what both share, by people, and by trying it out.

    Example: whyrec bridge "Third Bloom" --domain courses
    """
    output = Output(as_json, quiet)
    asked = asked_private(ctx, private, epsilon, counts, ("n",))
    with engine_of(ctx, output) as engine:
        if asked:
            show_private(
                output, engine.private("bridge", entity, domain=domain, epsilon=epsilon, lang=lang), lang, counts
            )
            return
        found = engine.bridge(entity, domain=domain, n=n, lang=lang)
    if not output.document(found):
        _show(output, found, lang)


def _show(output: Output, found: Bridges, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("bridge"), words.section("marketing")
    places = {"domain": found.domain_text, "label": words.quoted(found.entity.label)}
    output.line(found.text)
    if found.bridges:
        heads = (shared["id"], shared["item"], *(texts[name] for name in ("paths", "both", "more", "pairs")))
        output.table(texts["title"].format(**places), heads, map(_row, found.bridges), right=heads[3:])
        output.line(found.explained)
    if found.makers:
        heads = (shared["id"], *(texts[name] for name in ("maker", "shared_items", "shared", "both")))
        output.table(texts["makers"], heads, [_maker(one, lang) for one in found.makers], right=heads[4:])


def _row(one: Bridge) -> tuple[object, ...]:
    """The paths without the item, which they all start at."""
    paths = "\n".join(path.text.removeprefix(one.label).strip() for path in one.paths)
    more = (f"{one.gained:.0f} ({one.low:.0f}–{one.high:.0f})", one.pairs) if one.gained else (NONE, NONE)
    return one.id, one.label, paths, one.people, *more


def _maker(one: MakerFit, lang: str) -> tuple[object, ...]:
    words = language(lang)
    of = words.section("bridge")["of"].format(n=one.items, made=one.made)
    return one.maker.id, one.maker.label, of, words.listed([about.label for about in one.shared]), one.people
