"""``whyrec why``: the whole account of one score."""

from pathlib import Path
from typing import Annotated

import typer

from cli.account_tree import show_account
from cli.engine import engine_of
from cli.options import DebugOption, ForceOption, JsonOption, LangOption, QuietOption, ReaderOption
from cli.output import Output
from kg.errors import UsageError
from kg.schema import Schema
from kg.workspace.outputs import remember_output
from kg.workspace.workspace import Workspace
from recommender.pages.cypher_query import browser_text, cypher_query
from recommender.pages.mermaid import mermaid
from recommender.results.account import Account

app = typer.Typer(add_completion=False)


@app.command()
def why(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a user.")],
    item: Annotated[str, typer.Argument(help="Id of an item; Type:id where two types share ids.")],
    lang: LangOption = "en",
    reader: ReaderOption = "customer",
    detail: Annotated[bool, typer.Option("--detail", help="Every part and path, with its share.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the account as one page, with a picture.")
    ] = None,
    force: ForceOption = False,
    diagram: Annotated[bool, typer.Option("--mermaid", help="Print the paths as a Mermaid diagram.")] = False,
    cypher: Annotated[
        bool, typer.Option("--cypher", help="Print a query and its parameters that show the paths in Neo4j Browser.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Explain one score: every part, its share, and the paths behind it.

    Examples: whyrec why u0001 p0042 --lang zh · whyrec why u0001 p0042 --html why.html
    """
    if diagram and cypher:
        raise UsageError("--mermaid and --cypher print different things; leave one out")
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        if html is not None:
            _check_page(html, engine.workspace, force)
        account, schema = engine.why(user, item, lang=lang, reader=reader), engine.snapshot.schema
    output.notices(account.notices)
    if html is not None:
        _write(html, account, schema, lang)
        remember_output(engine.workspace.folder, html)
    query = cypher_query(schema, account) if cypher else None
    if output.document(query or account):
        return
    if query is not None:
        output.line(browser_text(query))
    elif diagram:
        output.line(mermaid(account))
    elif html is not None:
        output.line(f"The account as a page: {html}")
    else:
        show_account(output, account, lang, detail=detail or reader == "analyst")


def _check_page(file: Path, workspace: Workspace, force: bool) -> None:
    from kg.workspace.output_file import PAGE, check_output  # only pages pay for it

    if file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--html {file}: a page of HTML is written; name it .html")
    check_output(file, PAGE, workspace, force)


def _write(file: Path, account: Account, schema: Schema, lang: str) -> None:
    from recommender.pages.account_page import account_page  # only pages pay for it

    try:
        file.write_text(account_page(account, schema, lang), encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--html {file}: cannot be written: {problem.strerror or problem}") from None
