"""``whyrec graph import``: RDF files → store → snapshot."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.load import show_load
from cli.options import DebugOption, JsonOption, PseudonymiseOption, QuietOption
from cli.output import Output


def import_command(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="RDF: .ttl, .nt, .jsonld, also .gz, .zst.")],
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping file with an [rdf] table; without it the workspace's mapping.toml.")
    ] = None,
    base: Annotated[str | None, typer.Option(metavar="IRI", help="What relative IRIs are resolved against.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    max_rejects: Annotated[int | None, typer.Option(min=0, help="Write nothing if more statements are bad.")] = None,
    pseudonymise: PseudonymiseOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Load RDF files: exports of whyrec, terms of schema.org, or what the [rdf] table of a mapping says.

    Examples: whyrec graph import shop.ttl · whyrec graph import dump.nt.gz --mapping shop.toml --dry-run
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.load(
            files,
            mapping=mapping,
            rdf=True,
            base=base,
            dry_run=dry_run,
            max_rejects=max_rejects,
            pseudonymise=pseudonymise,
        )
    show_load(output, report, engine.workspace.folder)
