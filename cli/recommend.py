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
from cli.rules import AgeOption, LanguageOption, MinPriceOption, StockOption, UnknownOption, audit
from kg.errors import UsageError
from kg.workspace.workspace import Workspace
from recommender.reranking.mmr import Arrangement
from recommender.results.recommendation import Recommendation
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Request

app = typer.Typer(add_completion=False)


@app.command()
def recommend(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Id of a user.")] = None,
    n: Annotated[int | None, typer.Option("-n", min=1, help="Length of the list.")] = None,
    domain: DomainOption = None,
    anchor: AnchorOption = None,
    avoid: AvoidOption = None,
    max_price: PriceOption = None,
    min_price: MinPriceOption = None,
    in_stock: StockOption = False,
    language: LanguageOption = None,
    age: AgeOption = None,
    unknown: UnknownOption = None,
    diversity: Annotated[
        float, typer.Option(metavar="0..1", help="How much items are to differ from each other; 0: by score alone.")
    ] = 0.0,
    max_per: Annotated[
        list[str] | None,
        typer.Option(metavar="relation:N", help="At most N items per brand (made_by:2), category …; repeatable."),
    ] = None,
    reasons: Annotated[
        str, typer.Option(help="What each reason is chosen for: strongest, recent, popular, varied, balanced.")
    ] = "strongest",
    path_quality: Annotated[
        float, typer.Option(metavar="0..1", help="How much the quality of the reasons counts beside the score.")
    ] = 0.0,
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
    asked = Rules(domain, tuple(avoid or ()), max_price, min_price, in_stock, tuple(language or ()), age, unknown)
    rules, length = asked.over(workspace.settings.rules), n or workspace.settings.recommend.n
    arrangement = Arrangement(diversity, tuple(max_per or ()), reasons, path_quality).checked()
    if everybody:
        if arrangement != Arrangement():
            raise UsageError("--diversity, --max-per, --reasons and --path-quality arrange one list; leave out --all")
        _write_all(output, workspace, rules, length, (users, _file_for_all(user, anchor, out)))
        return
    if users or out:
        raise UsageError("--users and --out go with --all")
    request = Request(user, tuple(anchor or ()), rules, length, lang, arrangement=arrangement)
    result = open_recommender(workspace, output).recommend(request)
    output.notices(result.notices)
    if not output.document(result):
        _show(output, result)


def _file_for_all(user: str | None, anchor: list[str] | None, out: Path | None) -> Path:
    if user or anchor:
        raise UsageError("--all stands for every user; leave out USER and --anchor, or leave out --all")
    if out is None:
        raise UsageError("--all writes a file; name it with --out FILE.parquet")
    return out


def _write_all(output: Output, workspace: Workspace, rules: Rules, n: int, files: tuple[Path | None, Path]) -> None:
    from recommender.serving.batch import Batch, recommend_all  # Arrow, which one user's list does not need

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
        result = recommend_all(recommender, Batch(users, rules, n), files[1], lambda done: progress.advance(task, done))
    if result.restarted:
        output.notices([f"{files[1]}: an unfinished run with other users, rules, length or model was thrown away"])
    if result.resumed:
        output.notices([f"went on after {result.resumed:,} users of an unfinished run"])
    document = {"out": str(files[1]), "users": len(users), **vars(result), "model": recommender.model.info.model_dump()}
    if not output.document(document):
        output.line(f"{result.rows:,} rows for {len(users):,} users: {files[1]}")


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
    if result.arrangement:
        output.line(result.arrangement.text)
    if result.excluded:
        output.line("Left out: " + audit(result.excluded))
    if result.items and result.user.id is not None:
        output.line(f"The whole account: whyrec why {result.user.id} {result.items[0].id}")
