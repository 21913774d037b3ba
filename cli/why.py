"""``whyrec why``: the whole account of one score."""

from pathlib import Path
from typing import Annotated

import typer
from rich.tree import Tree

from cli.engine import engine_of
from cli.options import DebugOption, JsonOption, LangOption, QuietOption
from cli.output import Output
from cli.rules import REASONS
from cli.terminal import styled
from kg.errors import UsageError
from kg.schema import Schema
from recommender.pages.cypher_query import browser_text, cypher_query
from recommender.pages.mermaid import mermaid
from recommender.results.account import Account, OtherPaths, Part

app = typer.Typer(add_completion=False)
ANCHORS_SHOWN = 3
LARGE = 0.05
"""Part of the score from which a part shows more than one path."""


@app.command()
def why(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="Id of a user.")],
    item: Annotated[str, typer.Argument(help="Id of an item; Type:id where two types share ids.")],
    lang: LangOption = "en",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the account as one page, with a picture.")
    ] = None,
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
        account, schema = engine.why(user, item, lang=lang), engine.snapshot.schema
    output.notices(account.notices)
    if html is not None:
        _write(html, account, schema, lang)
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
        _show(output, account)


def _write(file: Path, account: Account, schema: Schema, lang: str) -> None:
    from recommender.pages.account_page import account_page  # only pages pay for it

    try:
        file.write_text(account_page(account, schema, lang), encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--html {file}: cannot be written: {problem.strerror or problem}") from None


def _show(output: Output, account: Account) -> None:
    excluded = REASONS.get(account.excluded or "", account.excluded)
    place = f"rank {account.rank}" if account.rank else f"not recommended: {excluded}"
    if account.domain_rank != account.rank:
        place += f", {account.domain_rank} in {account.item.domain}"
    title = f"{account.item.label} ({account.item.type}, {account.item.domain}) for {account.user.label}"
    tree = Tree(styled(f"{title}: score {account.score:.6f}, {place}"))
    for part in account.parts:
        _add(tree, part, account.score)
    output.tree(tree)
    output.line()
    output.line(account.text)


def _add(tree: Tree, part: Part, score: float) -> None:
    percent = f"{part.share / score:.1%}" if score else "–"
    name = part.metapath or part.kind
    branch = tree.add(styled(f"{part.share:+.6f}  {percent:>6}  {name}"))
    paths, others = part.paths or [], part.other_paths or OtherPaths(count=0, share=0.0)
    told = paths if part.share >= LARGE * score else paths[:1]
    for path in told:
        branch.add(styled(f"{path.share:+.6f}  {path.text}"))
    count = others.count + sum(path.people or 1 for path in paths[len(told) :])
    if count:
        share = others.share + sum(path.share for path in paths[len(told) :])
        branch.add(styled(f"{share:+.6f}  {count:,} other paths"))
    for near in (part.nearest or [])[:ANCHORS_SHOWN]:
        cosine = "" if near.cosine is None else f", cosine {near.cosine:.3f}"
        branch.add(styled(f"{near.share:+.6f}  {near.label} ({near.type}){cosine}"))
    if part.kind != "path":
        branch.add(styled(part.text))
