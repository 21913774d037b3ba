"""``whyrec audience``: who uses something, and who would."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.recommend_all import read_lines
from recommender.results.marketing import Audience, Segment

app = typer.Typer(add_completion=False)
TITLES = {"attribute": "What they say of themselves", "interaction": "What they learnt and bought"}
COLUMNS = ("step", "id", "what", "people", "share", "lift", "95 %")


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
    with engine_of(ctx, output) as engine:
        if out is None:
            found = engine.audience(**about)
            if not output.document(found):
                _show(output, found)
            return
        written = engine.write_audience(out, force=force, **about)
    output.notices(written.notices)
    if not output.document(written):
        _show(output, written.audience)
        output.line(f"{written.out}: {written.uses} who use it, {written.would} who would")


def _show(output: Output, found: Audience) -> None:
    output.line(found.text)
    for kind, title in TITLES.items():
        rows = [_row(one) for one in found.segments if one.kind == kind]
        if rows:
            output.table(f"{title}, more often than everybody", COLUMNS, rows, right="people share lift")
    if found.would.reasons:
        title = "Who would: what they have more often than everybody"
        output.table(title, COLUMNS, map(_row, found.would.reasons), right="people share lift")
    if found.would.because:
        parts = [(one.text, f"{one.share:.0%}") for one in found.would.because]
        output.table("Who would: what leads to it", ("part", "share"), parts, right="share")
    rows = [(one.id, one.label, f"{one.people:,}", f"{one.similarity:.0%}") for one in found.overlap]
    if rows:
        output.table("The same people", ("id", "label", "people", "overlap"), rows, right="people overlap")


def _row(one: Segment) -> tuple[str, ...]:
    interval = f"{one.low:.1f}–{one.high:.1f}"
    return one.step, one.entity, one.label, f"{one.count:,}", f"{one.share:.0%}", f"{one.lift:.1f}", interval
