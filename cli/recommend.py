"""``whyrec recommend``: ranked items with a reason each, for one user or for all."""

from pathlib import Path
from typing import Annotated

import typer

from cli.options import (
    AnchorOption,
    AvoidOption,
    DebugOption,
    DomainOption,
    JsonOption,
    LangOption,
    PriceOption,
    QuietOption,
    workspace_of,
)
from cli.output import Output
from cli.recommender import open_recommender
from kg.errors import UsageError
from kg.workspace import Workspace
from recommender.recommend import Request
from recommender.results import Recommendation
from recommender.rules import Rules

app = typer.Typer(add_completion=False)
RULES = {
    "interacted": "already used",
    "other_domain": "of another domain",
    "price_unknown": "without a known price",
    "max_price": "over the price",
}


@app.command()
def recommend(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Id of a user.")] = None,
    n: Annotated[int | None, typer.Option("-n", min=1, help="Length of the list.")] = None,
    domain: DomainOption = None,
    anchor: AnchorOption = None,
    avoid: AvoidOption = None,
    max_price: PriceOption = None,
    lang: LangOption = "en",
    everybody: Annotated[bool, typer.Option("--all", help="All users; needs --out.")] = False,
    users: Annotated[Path | None, typer.Option(help="With --all: a file of user ids, one a line.")] = None,
    out: Annotated[Path | None, typer.Option(help="With --all: the Parquet file to write.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Recommend items, each with its reason.

    Examples: whyrec recommend u0001 --domain cosmetics --max-price 40 ·
    whyrec recommend --anchor has_concern:acne · whyrec recommend --all --out all.parquet
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    settings = workspace.settings
    rules = Rules(domain, (*settings.rules.avoid, *(avoid or ())), max_price)
    length = n or settings.recommend.n
    if everybody:
        _check_all(user, anchor, out)
        assert out is not None
        _write_all(output, workspace, rules, length, (users, out))
        return
    if users or out:
        raise UsageError("--users and --out go with --all")
    request = Request(user, tuple(anchor or ()), rules, length, lang)
    result = open_recommender(workspace, output).recommend(request)
    output.notices(result.notices)
    if not output.document(result):
        _show(output, result)


def _check_all(user: str | None, anchor: list[str] | None, out: Path | None) -> None:
    if user or anchor:
        raise UsageError("--all stands for every user; leave out USER and --anchor, or leave out --all")
    if out is None:
        raise UsageError("--all writes a file; name it with --out FILE.parquet")


def _write_all(output: Output, workspace: Workspace, rules: Rules, n: int, files: tuple[Path | None, Path]) -> None:
    from recommender.batch import recommend_all  # Arrow, which one user's list does not need

    recommender = open_recommender(workspace, output)
    chosen = _read_users(files[0]) if files[0] else None
    users = (
        recommender.users()
        if chosen is None
        else [recommender.snapshot.vocabulary.find(one, recommender.snapshot.schema.user_types) for one in chosen]
    )
    output.notices(recommender.model.notices)
    with output.progress() as progress:
        task = progress.add_task("Recommending", total=len(users), note="")
        rows = recommend_all(recommender, users, files[1], rules, n, lambda done: progress.advance(task, done))
    document = {"out": str(files[1]), "users": len(users), "rows": rows, "model": recommender.model.info.model_dump()}
    if not output.document(document):
        output.line(f"{rows:,} rows for {len(users):,} users: {files[1]}")


def _read_users(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8-sig").splitlines() if line]
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: cannot be read as UTF-8 text: {problem}") from None


def _show(output: Output, result: Recommendation) -> None:
    whom = result.user.label or "somebody with these anchors"
    rows = [(item.rank, item.label, item.domain, f"{item.score:.4f}", item.reason) for item in result.items]
    if rows:
        output.table(f"For {whom}", ("#", "item", "domain", "score", "why"), rows, right="# score")
    else:
        output.line("Nothing is left to recommend.")
    if result.excluded:
        told = [f"{count:,} {RULES.get(reason, reason)}" for reason, count in result.excluded.items()]
        output.line("Left out: " + ", ".join(told))
    if result.items and result.user.id is not None:
        output.line(f"The whole account: whyrec why {result.user.id} {result.items[0].id}")
