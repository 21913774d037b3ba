"""``whyrec federate``: one model of two companies that may not pool rows, by one encrypted file each way."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, ForceOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.texts.language import Section
from recommender.texts.languages import language
from whyrec.privacy.federation import own_key

app = typer.Typer(no_args_is_help=True, add_completion=False)
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be told, and write nothing.")]


@app.callback()
def federate() -> None:
    """Learn from a partner's people without a row of them: sums alone go, each of at least k people, encrypted.

    Both companies: `federate key`, tell the public key; `federate offer`, send the file; `federate accept` the other's;
    `train`. What the partner's people used together is a kernel of its own then, told as such, with its share.

    What k costs: of an item that fewer than k people used the file says nothing. Where most items have many people,
    little is lost; of a long tail most is, and no sum brings it back. A smaller k tells of fewer people.

    Examples: whyrec federate key · whyrec federate offer --to age1… --out offer.age · whyrec federate accept their.age
    """


@app.command("key")
def key_command(as_json: JsonOption = False, quiet: QuietOption = False, debug: DebugOption = False) -> None:
    """Print the public key that partners encrypt to; the secret one is in WHYREC_FEDERATE_KEY.

    Example: WHYREC_FEDERATE_KEY=$(age-keygen 2>/dev/null | tail -1) whyrec federate key
    """
    output, key = Output(as_json, quiet), own_key()
    if not output.document({"key": key}):
        output.line(key)


@app.command("offer")
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


@app.command("accept")
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


@app.command("remove")
def remove_command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The partner, as `whyrec status` names it.")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Let the sums of a partner count no longer; `train` learns the weights anew.

    Example: whyrec federate remove "Course Academy"
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        engine.remove_partner(name)
    if not output.document({"removed": name}):
        output.line(language("en").section("federation")["removed"].format(name=name))


def _show(output: Output, texts: Section, learns: list[str], fingerprint: str | None) -> None:
    output.line(texts["learned_head"])
    for line in learns:
        output.line(f"  – {line}")
    if fingerprint is not None:
        output.line(texts["fingerprint"].format(fingerprint=fingerprint))
