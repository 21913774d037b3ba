"""``whyrec recommend``: ranked items with a reason each, for one user or for all."""

from typing import Annotated, Any

import typer

from cli import arrangement, options
from cli.engine import engine_of
from cli.output import Output
from cli.recommend_all import write_all
from cli.recommendation_table import show_recommendation
from cli.rules import with_rules
from kg.errors import UsageError

app = typer.Typer(add_completion=False)
ARRANGED = {"diversity": 0.0, "max_per": (), "reasons": "varied", "path_quality": 0.0}
"""What arranges one list, as it is where nothing was said."""


@app.command()
@with_rules
def recommend(
    ctx: typer.Context,
    rules: dict[str, Any],
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Id of a user.")] = None,
    n: arrangement.LengthOption = None,
    anchor: options.AnchorOption = None,
    diversity: arrangement.DiversityOption = 0.0,
    max_per: arrangement.MaxPerOption = None,
    reasons: arrangement.ReasonsOption = "varied",
    path_quality: arrangement.PathQualityOption = 0.0,
    lang: options.LangOption = "en",
    reader: options.ReaderOption = "customer",
    everybody: arrangement.EverybodyOption = False,
    users: arrangement.UsersOption = None,
    out: arrangement.OutOption = None,
    engine_name: arrangement.EngineOption = "local",
    master: options.MasterOption = None,
    force: options.ForceOption = False,
    as_json: options.JsonOption = False,
    quiet: options.QuietOption = False,
    debug: options.DebugOption = False,
) -> None:
    """Recommend items, each with its reason.

    Examples: whyrec recommend u0001 --domain cosmetics --max-price 40 ·
    whyrec recommend --anchor has_concern:acne · whyrec recommend --all --out all.parquet
    """
    output = Output(as_json, quiet)
    asked: Any = rules | {"n": n}
    arranged: Any = dict(zip(ARRANGED, (diversity, tuple(max_per or ()), reasons, path_quality), strict=True))
    if everybody:
        if reasons.isdecimal():
            asked |= {"reasons": int(reasons), "lang": lang}
            arranged["reasons"] = ARRANGED["reasons"]
        _check_all(arranged, user or anchor)
        write_all(ctx, output, (users, out), asked | {"force": force, "engine": engine_name, "master": master})
        return
    if users or out or force or master or engine_name != "local":
        raise UsageError("--users, --out, --force, --engine and --master go with --all")
    with engine_of(ctx, output) as engine:
        result = engine.recommend(user, anchors=anchor or (), lang=lang, reader=reader, **asked, **arranged)
    output.notices(result.notices)
    if not output.document(result):
        show_recommendation(output, result, (engine.snapshot, lang), engine.workspace.folder)


def _check_all(arranged: dict[str, Any], whom: object) -> None:
    if arranged != ARRANGED:
        raise UsageError("--diversity, --max-per, --reasons and --path-quality arrange one list; leave out --all")
    if whom:
        raise UsageError("--all stands for every user; leave out USER and --anchor, or leave out --all")
