"""``whyrec graph import``: RDF files → store → snapshot."""

from pathlib import Path
from typing import Annotated

import typer

from cli.load import load_and_show, people_of
from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from kg.errors import UsageError
from kg.formats.by_file_name import sources_for_paths
from kg.loading.load import LoadOptions
from kg.mapping.source import RdfSource, Source, rdf_mapping
from kg.ontology.rdf_mapping import absolute_base


def import_command(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="RDF: .ttl, .nt, .jsonld, also .gz, .zst.")],
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping file with an [rdf] table; without it the workspace's mapping.toml.")
    ] = None,
    base: Annotated[str | None, typer.Option(metavar="IRI", help="What relative IRIs are resolved against.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    max_rejects: Annotated[int | None, typer.Option(min=0, help="Write nothing if more statements are bad.")] = None,
    pseudonymise: Annotated[
        bool,
        typer.Option("--pseudonymise", help="Replace ids of people by a hash with the key WHYREC_PSEUDONYM_KEY."),
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Load RDF files: exports of whyrec, terms of schema.org, or what the [rdf] table of a mapping says.

    Examples: whyrec graph import shop.ttl · whyrec graph import dump.nt.gz --mapping shop.toml --dry-run
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    if mapping is not None and not mapping.is_file():
        raise UsageError(f"{mapping}: no such file")
    told = rdf_mapping(mapping or workspace.mapping, workspace.schema)
    sources = [_rdf(source, base) for source in sources_for_paths(files, workspace.schema, rdf=told)]
    people = people_of(workspace, pseudonymise)
    options = LoadOptions(
        workspace.rejects,
        workspace.staging,
        dry_run,
        max_rejects,
        rejects_kept=workspace.settings.load.rejects_kept,
        unfinished=workspace.unfinished,
        allow_outside=True,
        people=people,
    )
    load_and_show(output, workspace, sources, Path(), options)


def _rdf(source: Source, base: str | None) -> Source:
    """The source with the base; one of rows is refused."""
    if not isinstance(source, RdfSource):
        raise UsageError(f"{source.file}: no RDF; use `whyrec load` for it, or name it .ttl, .nt or .jsonld")
    if base is None:
        return source
    vocabulary = source.vocabulary.model_copy(update={"base": absolute_base(base)})
    return source.model_copy(update={"vocabulary": vocabulary})
