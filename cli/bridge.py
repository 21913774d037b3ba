"""``whyrec bridge``: what leads from another domain to a brand, or to anything."""

from typing import Annotated

import typer

from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from recommender.results.marketing import BridgePath, MakerFit

app = typer.Typer(add_completion=False)


@app.command()
def bridge(
    ctx: typer.Context,
    entity: Annotated[str, typer.Argument(help="Id or name of a brand, item, ingredient, concern …")],
    domain: DomainOption = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Most bridges.")] = 5,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """List the items of another domain that lead to something: by what both share, by people, and by trying it out.

    Example: whyrec bridge "Third Bloom" --domain courses
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        found = engine.bridge(entity, domain=domain, n=n, lang=lang)
    if output.document(found):
        return
    rows = [
        (one.id, one.label, "\n".join(map(_told, one.paths)), one.people, f"{one.gained:.0f}", one.pairs)
        for one in found.bridges
    ]
    output.line(found.text)
    if rows:
        columns = ("id", "item", "paths, by crossing relation", "people with both", "more of 100", "new pairs")
        output.table(f"From {found.domain} to {found.entity.label}", columns, rows)
    if found.makers:
        makers = [
            (
                one.maker.id,
                one.maker.label,
                f"{one.items} of {one.made}",
                ", ".join(b.label for b in one.shared),
                one.people,
            )
            for one in found.makers
        ]
        output.table("Who makes what fits", ("id", "maker", "items that share", "what", "people with both"), makers)


def _told(path: BridgePath) -> str:
    return f"{' > '.join(path.relations)}: {path.via.label} in {path.item.label}"


def _labels(one: MakerFit) -> str:
    return ", ".join(about.label for about in one.shared)
