"""``whyrec federate offer`` and ``accept``: a file to a partner, and the partner's."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.texts.language import Section
from recommender.texts.languages import language

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be told, and write nothing.")]


def offer_command(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="KEY", help="Public key of the partner: age1….")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="The file to send.")] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What the partner's texts call you; the schema's name if absent.")
    ] = None,
    k: Annotated[int | None, typer.Option("-k", "--k", min=1, help="Fewest people of a number; [privacy] k.")] = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write sums over your people to a file that only the partner can read, and list what it learns from it.

    Example: whyrec -w demo federate offer --to age1… --name "Course Academy" --out offer.age
    """
    output, texts = Output(as_json, quiet), language(lang).section("federation")
    with engine_of(ctx, output) as engine:
        report = engine.offer(to, out, name=name, k=k, dry_run=dry_run, force=force, lang=lang)
    if output.document(report):
        return
    pairs = report.pairs_of_items + report.pairs_with_attributes
    told = texts["offered" if report.file else "offered_dry"]
    output.line(told.format(pairs=f"{pairs:,}", k=report.k, file=report.file))
    _show(output, texts, report.learns, report.fingerprint)
    output.line(report.next)


def accept_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file that the partner sent.")],
    dry_run: DryRunOption = False,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Take over the sums of a partner, with the key in WHYREC_FEDERATE_KEY; a newer file of the same name replaces it.

    Example: whyrec -w shop federate accept offer.age
    """
    output, texts = Output(as_json, quiet), language(lang).section("federation")
    with engine_of(ctx, output) as engine:
        report = engine.accept_offer(file, dry_run=dry_run, lang=lang)
    output.notices(report.notices)
    if output.document(report):
        return
    told = {name: f"{n:,}" if isinstance(n, int) else n for name, n in report.partner.model_dump().items()}
    output.line(texts["accepted"].format(**told))
    _show(output, texts, report.learns, report.fingerprint)
    output.line(report.next)


def _show(output: Output, texts: Section, learns: list[str], fingerprint: str | None) -> None:
    output.line(texts["learned_head"])
    for line in learns:
        output.line(f"  – {line}")
    if fingerprint is not None:
        output.line(texts["fingerprint"].format(fingerprint=fingerprint))
