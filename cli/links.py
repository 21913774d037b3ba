"""``whyrec links``: what of two domains should meet, proposed by what things are called."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from cli.terminal import command
from kg.counting import by_number
from whyrec.reports import ProposedLink

app = typer.Typer(add_completion=False)
SHOWN = 20


@app.command()
def links(
    ctx: typer.Context,
    out: Annotated[str | None, typer.Option(help="The file; links.csv of the workspace.", metavar="FILE")] = None,
    threshold: Annotated[
        float, typer.Option(metavar="0..1", help="Confidence from which a link is accepted in the file.")
    ] = 0.6,
    load: Annotated[bool, typer.Option("--load", help="Load the links that the file accepts.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Propose links of items to what two domains share, with their confidence, in a file to read; then load it.

    Examples: whyrec links · whyrec links --threshold 0.7 · whyrec links --load
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        if load:
            report = engine.load_links(out)
            if not output.document(report):
                counts = ", ".join(f"{name} {one['created']:,} new" for name, one in report.triples.items())
                train = command("-w", engine.workspace.folder, "train")
                output.line(f"Loaded: {counts or 'nothing new'}. Next: {train}")
            return
        found = engine.propose_links(out, threshold)
    if output.document(found):
        return
    rows = [
        (f"{one.confidence:.2f}", _yes(one), one.head_label, one.relation, one.tail_label, one.because)
        for one in found.links[:SHOWN]
    ]
    proposed = by_number(f"{found.proposed:,} [link|links]")
    title = f"{proposed} proposed, {found.accepted:,} of them accepted from {found.threshold:g} on"
    headings = ("confidence", "accept", "from", "relation", "to", "because it is like")
    output.table(title, headings, rows, right="confidence")
    file = ("--out", out) if out else ()
    accepted = command("-w", engine.workspace.folder, "links", *file, "--load")
    output.line(f"Read {found.out}, change the column accept where it is wrong, then: {accepted}")


def _yes(link: ProposedLink) -> str:
    return "yes" if link.accepted else ""
