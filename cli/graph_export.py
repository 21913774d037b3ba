"""``whyrec graph export``: the graph, or a part of it, as one file for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, ForceOption, JsonOption, QuietOption
from cli.output import Output
from kg.counting import by_number


def export_command(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write: .graphml, .json, .ttl, .nt, .jsonld.")],
    around: Annotated[
        str | None, typer.Option(metavar="ENTITY", help="Only this entity and what is near it; an id, or Type:id.")
    ] = None,
    depth: Annotated[int | None, typer.Option(min=1, help="With --around: how many triples away; 1 if absent.")] = None,
    force: ForceOption = False,
    without_people: Annotated[bool, typer.Option("--without-people", help="Leave out the sensitive types.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write the graph to a file: GraphML, node-link JSON (.json), or RDF (.ttl, .nt, .jsonld), which `load` reads.

    Examples: whyrec graph export shop.graphml --without-people · whyrec graph export near.json --around p0042 --depth 2
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        written = engine.export(file, around=around, depth=depth, people=not without_people, force=force)
    output.notices(written.notices)
    if not output.document(written):
        entities, triples = sum(written.entities.values()), sum(written.triples.values())
        counts = by_number(f"{entities:,} [entity|entities] and {triples:,} [triple|triples]")
        output.line(f"{counts}: {written.file}")
