"""``whyrec graph show``: one entity and what it is linked to, as a tree."""

from typing import Annotated

import typer
from rich.text import Text
from rich.tree import Tree

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.terminal import styled
from kg.counting import by_number
from kg.export.neighbourhood import LIMIT, Neighbour, Neighbourhood, Neighbours, find_entity, neighbourhood
from kg.schema import Schema


def show(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="Id of an entity; Type:id where two types share ids.")],
    depth: Annotated[int, typer.Option(min=1, max=3, help="Triples to follow from the entity.")] = 1,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Entities to list per relation.")] = LIMIT,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Show an entity and what it is linked to; people it is linked to are counted, not named.

    Examples: whyrec graph show p0042 · whyrec graph show Ingredient:RETINOL --depth 2 --limit 5 --lang zh
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        snapshot = engine.snapshot
    found = neighbourhood(snapshot, *find_entity(snapshot, entity), depth, limit, lang)
    if not output.document(found):
        output.tree(_tree(found, snapshot.schema, lang))


def _tree(found: Neighbourhood, schema: Schema, lang: str) -> Tree:
    entity = found.entity
    tree = Tree(styled((_one_line(entity.label), "bold"), *_id(entity.label, entity.id), f" ({entity.type})"))
    for name, value in entity.properties.items():
        tree.add(styled(f"{name}: {_one_line(str(value))}"), style="dim")
    for group in found.neighbours:
        _add(tree, group, schema, lang)
    if not found.neighbours:
        tree.add("linked to nothing")
    return tree


def _add(tree: Tree, group: Neighbours, schema: Schema, lang: str) -> None:
    rest = f"{_phrase(group, schema, lang)}: {_count(group)} {group.type}"
    branch = tree.add(styled((group.relation, "bold"), rest))
    for neighbour in group.entities:
        twig = branch.add(_leaf(neighbour))
        for deeper in neighbour.neighbours or ():
            _add(twig, deeper, schema, lang)
    more = 0 if isinstance(group.count, str) or group.people else group.count - len(group.entities)
    if more:
        branch.add(f"… and {more:,} more", style="dim")


def _count(group: Neighbours) -> str:
    """The number of neighbours; people in steps, so that none of them is found by a difference."""
    if isinstance(group.count, str):
        return f"fewer than {group.count.removeprefix('<')}"
    return f"at least {group.count:,}" if group.people else f"{group.count:,}"


def _phrase(group: Neighbours, schema: Schema, lang: str) -> str:
    phrase = schema.phrase(group.relation, lang)
    return "" if phrase == group.relation.replace("_", " ") else f" ({_one_line(phrase)})"


def _leaf(neighbour: Neighbour) -> Text:
    weight = "" if neighbour.weight == 1.0 else f"  weight {neighbour.weight:g}"
    days = neighbour.occasions or 0
    again = by_number(f"  on {days:,} [day|days] since {neighbour.first}") if days > 1 else ""
    return styled(_one_line(neighbour.label), *_id(neighbour.label, neighbour.id), weight + again)


def _id(label: str, entity_id: str) -> list[tuple[str, str]]:
    """The id, where it is not the label too."""
    return [] if label == entity_id else [(f"  {_one_line(entity_id)}", "dim")]


def _one_line(text: str) -> str:
    return " ".join(text.split())
