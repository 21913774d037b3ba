"""``whyrec graph export``: the graph, or a part of it, as one file for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from kg.errors import UsageError
from kg.export.export import Export, export, part_of, writer_of
from kg.schema import Schema


def export_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write: .graphml, .json, .ttl, .nt, .jsonld.")],
    around: Annotated[
        str | None, typer.Option(metavar="ENTITY", help="Only this entity and what is near it; an id, or Type:id.")
    ] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="With --around: how many triples away; 1 if absent.")] = None,
    without_people: Annotated[bool, typer.Option("--without-people", help="Leave out the sensitive types.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write the graph to a file: GraphML, node-link JSON (.json), or RDF (.ttl, .nt, .jsonld), which `load` reads.

    Examples: whyrec graph export shop.graphml --without-people · whyrec graph export near.json --around p0042 --depth 2
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    writer_of(file)  # a wrong suffix is told before the work, not after
    if depth is not None and around is None:
        raise UsageError("--depth goes with --around ENTITY")
    with output.progress() as progress:
        progress.add_task(f"Writing {file.name}", total=None, note="")
        part = part_of(workspace.snapshot(), around, depth or 1, people=not without_people)
        written = export(part, file)
    output.notices([*written.notices, *_people(written, workspace.schema)])
    if not output.document(written):
        counts = f"{sum(written.entities.values()):,} entities and {sum(written.triples.values()):,} triples"
        output.line(f"{counts}: {written.file}")


def _people(written: Export, schema: Schema) -> list[str]:
    counts = [f"{n:,} {name}" for name, n in written.entities.items() if n and schema.entity[name].sensitive]
    return [f"the file names people ({', '.join(counts)}); --without-people leaves them out"] if counts else []
