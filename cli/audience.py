"""``whyrec audience``: who uses something, and who would."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.engine import engine_of
from cli.options import (
    DebugOption,
    DomainOption,
    EpsilonOption,
    ForceOption,
    JsonOption,
    LangOption,
    PrivateOption,
    QuietOption,
)
from cli.output import Output
from cli.private import asked_private, show_private
from cli.recommend_all import read_lines
from cli.segment_tables import show_reasons, show_segments
from recommender.results.marketing import Audience
from recommender.texts.languages import language

app = typer.Typer(add_completion=False)
KINDS = ("attribute", "interaction")


@app.command()
def audience(
    ctx: typer.Context,
    entity: Annotated[
        str, typer.Argument(help="Id or name of a brand, item, ingredient, concern …, or a file: an item a line.")
    ],
    domain: DomainOption = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write who, each with the reason: .csv, .parquet, .jsonl or .xlsx.")
    ] = None,
    force: ForceOption = False,
    private: PrivateOption = False,
    epsilon: EpsilonOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Say who uses something, what they have more often than everybody, and who would use it next.

    What --out writes names people: personal data, for its owner alone, and marked so in its first column.

    Examples: whyrec audience "Third Bloom" · whyrec audience c001 --out campaign.csv · whyrec audience items.txt
    """
    output = Output(as_json, quiet)
    path = Path(entity)
    about: Any = {"items": read_lines(path), "name": path.name} if path.is_file() else {"entity": entity}
    about |= {"domain": domain, "lang": lang}
    asked = asked_private(ctx, private, epsilon, out if private else None, ("domain", "force"))
    with engine_of(ctx, output) as engine:
        if asked:
            some = (about["items"], path.name) if "items" in about else ((), path.name)
            numbers = engine.private("audience", about.get("entity"), items=some, epsilon=epsilon, lang=lang)
            show_private(output, numbers, lang, out)
            return
        if out is None:
            found = engine.audience(**about)
            if not output.document(found):
                _show(output, found, lang)
            return
        written = engine.write_audience(out, force=force, **about)
    output.notices(written.notices)
    if not output.document(written):
        _show(output, written.audience, lang)
        told = {"out": written.out, "uses": written.uses, "would": written.would}
        output.line(language(lang).section("audience")["written"].format(**told))


def _show(output: Output, found: Audience, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("audience"), words.section("marketing")
    output.line(found.text)
    for kind in KINDS:
        show_segments(output, texts[kind], [one for one in found.segments if one.kind == kind], lang)
    show_segments(output, texts["reasons"], found.would.reasons, lang)
    show_reasons(output, texts["because"], found.would.because, lang)
    rows = [(one.id, one.label, f"{one.people:,}", f"{one.similarity:.0%}") for one in found.overlap]
    if rows:
        heads = shared["id"], shared["what"], texts["both"], texts["overlap"]
        output.table(texts["same"], heads, rows, right=heads[2:])
    output.line(found.rounding)
