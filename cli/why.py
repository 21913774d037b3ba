"""``whyrec why``: the whole account of one score."""

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.account_tree import show_account
from cli.engine import engine_of
from cli.options import AnchorOption, DebugOption, ForceOption, JsonOption, LangOption, QuietOption, ReaderOption
from cli.output import Output
from cli.pages import check_page, write_page
from cli.rules import with_rules
from cli.whom import whom
from kg.errors import UsageError
from recommender.pages.cypher_query import browser_text, cypher_query
from recommender.pages.mermaid import mermaid

app = typer.Typer(add_completion=False)
NamesArgument = Annotated[
    list[str],
    typer.Argument(metavar="[USER] ITEM", help="Id of a user, or --anchor instead; then an item: id, Type:id or name."),
]
PageOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write the account as one page, with a picture.")
]

CypherOption = Annotated[
    bool, typer.Option("--cypher", help="Print a query and its parameters that show the paths in Neo4j Browser.")
]


@app.command()
@with_rules
def why(
    ctx: typer.Context,
    rules: dict[str, Any],
    names: NamesArgument,
    anchor: AnchorOption = None,
    lang: LangOption = "en",
    reader: ReaderOption = "customer",
    detail: Annotated[bool, typer.Option("--detail", help="Every part and path, with its share.")] = False,
    html: PageOption = None,
    force: ForceOption = False,
    diagram: Annotated[bool, typer.Option("--mermaid", help="Print the paths as a Mermaid diagram.")] = False,
    cypher: CypherOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Explain one score: every part, its share, and the paths behind it.

    Examples: whyrec why u0001 p0042 --lang zh · whyrec why u0001 p0042 --html why.html ·
    whyrec why p0042 --anchor has_concern:acne
    """
    if diagram and cypher:
        raise UsageError("--mermaid and --cypher print different things; leave one out")
    user, (item,) = whom(names, anchor or (), 1)
    output = Output(as_json, quiet)
    with engine_of(ctx, output) as engine:
        if html is not None:
            check_page(html, engine.workspace, force)
        account = engine.why(user, item, anchors=anchor or (), lang=lang, reader=reader, **rules)
        schema = engine.snapshot.schema
    output.notices(account.notices)
    if html is not None:
        from recommender.pages.account_page import account_page  # only pages pay for it

        write_page(html, account_page(account, schema, lang), engine.workspace)
    query = cypher_query(schema, account) if cypher else None
    if output.document(query or account):
        return
    if query is not None or diagram:
        output.line(mermaid(account) if query is None else browser_text(query))
    elif html is not None:
        output.line(f"The account as a page: {html}")
    else:
        show_account(output, account, engine.snapshot.schema, lang, detail=detail or reader == "analyst")
