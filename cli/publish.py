"""``whyrec publish``: everybody's list, where other programs read it."""

from typing import Annotated

import typer

from cli.arrangement import LengthOption
from cli.engine import engine_of
from cli.options import DebugOption, DomainOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from kg.counting import by_number

app = typer.Typer(add_completion=False)


@app.command()
def publish(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="neo4j|parquet|redis", help="Where to write.")],
    out: Annotated[str | None, typer.Option("--out", metavar="FILE.parquet", help="The file of parquet.")] = None,
    n: LengthOption = None,
    domain: DomainOption = None,
    lang: LangOption = "en",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Write everybody's list, with scores and reasons, to the Neo4j server of the workspace, to Redis, or to a file.

    On the server a list is (:User)-[:RECOMMENDED {rank, score, reason, model, at}]->(item); the earlier one can be read
    until it is replaced.

    Example: whyrec -w demo publish --to parquet --out lists.parquet
    """
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        report = engine.publish(to, out, n=n, domain=domain, lang=lang)
    output.notices(report.notices)
    if not output.document(report):
        counts = by_number(f"{report.rows:,} [row|rows] for {report.users:,} [user|users]")
        output.line(f"{counts}: {report.place}")
