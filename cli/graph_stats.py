"""``whyrec graph stats``: counts, health, and what a curator should mend first."""

from collections.abc import Iterator

import typer

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from kg.quality.statistics import Count, Degrees, EntityStatistics, GraphStatistics, TripleStatistics, statistics

ENTITY_COLUMNS = ("type", "count", "isolated", "same-label", "no-label", "no-path", "unreached")
DEGREE_COLUMNS = ("step", "type", "triples", "linked", "p50", "p90", "max")


def stats(
    ctx: typer.Context, as_json: JsonOption = False, quiet: QuietOption = False, debug: DebugOption = False
) -> None:
    """Count entities and triples, measure their health, and say what to mend first.

    Example: whyrec -w demo graph stats --json
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = statistics(engine.snapshot)
    if not output.document(found):
        _show(output, found)


def _show(output: Output, found: GraphStatistics) -> None:
    entities = [_entity_row(name, one) for name, one in found.entities.items()]
    output.table("Entities", ENTITY_COLUMNS, entities, right=" ".join(ENTITY_COLUMNS[1:]))
    if any(one.no_attribute_path is not None for one in found.entities.values()):
        output.line(
            "no-path: items that attributes join to no people and to no other item that enough people used;",
            style="dim",
        )
        output.line(
            "unreached: those of them that too few people used, too: fewer than k of [privacy], 5 if not told.",
            style="dim",
        )
    triples = [row for name, one in found.triples.items() for row in _triple_rows(name, one)]
    title = "Triples per entity, from either end of a relation"
    output.table(title, DEGREE_COLUMNS, triples, right=" ".join(DEGREE_COLUMNS[2:]))
    output.line(f"Dangling triples: {found.dangling:,} (both ends of all triples are entities)")
    output.line(f"Snapshot {found.snapshot[:12]}")
    output.line()
    output.line("What to mend first" if found.mend_first else "Nothing to mend was found.", style="bold")
    for number, finding in enumerate(found.mend_first, start=1):
        output.line(f"{number:>2}. {finding.text}")
        output.line(f"    Next: {finding.next}", style="dim")


def _entity_row(name: str, one: EntityStatistics) -> tuple[str, ...]:
    items = ("" if number is None else f"{number:,}" for number in (one.no_attribute_path, one.unreached))
    counts = (one.count, one.isolated, one.same_label.entities, one.unlabelled)
    return name, *(_shown(number) for number in counts), *items


def _triple_rows(name: str, one: TripleStatistics) -> Iterator[tuple[str, ...]]:
    yield name, one.head, _shown(one.count), *_degree_cells(one.head_degrees)
    yield f"~{name}", one.tail, "", *_degree_cells(one.tail_degrees)


def _degree_cells(one: Degrees) -> Iterator[str]:
    return (_shown(number) for number in (one.linked, one.p50, one.p90, one.max))


def _shown(number: Count) -> str:
    return number if isinstance(number, str) else f"{number:,}"
