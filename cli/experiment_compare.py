"""``whyrec experiment compare``: is one model better than another, by how much, and is that more than chance?"""

from typing import Annotated

import typer

from cli.engine import experiments_of
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from recommender.leaderboard.comparison import PairedDifference


def compare_command(
    ctx: typer.Context,
    first: Annotated[str, typer.Argument(metavar="A", help="A model of the leaderboard, or EXPERIMENT/MODEL.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Compare two models triple by triple and user by user: difference, 95 % interval, p-value.

    Both are averaged over their seeds first; the interval is over triples or users (paired bootstrap), not over seeds.

    Example: whyrec -w demo experiment compare TransE-32 DistMult-32
    """
    output = Output(as_json, quiet)
    with experiments_of(ctx, output) as experiments:
        found = experiments.compare(first, second)
    if not output.document({"comparisons": [one.model_dump(mode="json") for one in found]}):
        for one in found:
            output.line(_sentence(one))


def _sentence(one: PairedDifference) -> str:
    what = f"{one.metric.upper()} over {one.n:,} {one.over}"
    verdict = "no difference is shown" if one.low <= 0 <= one.high else f"{_better(one)} is better"
    return (
        f"{what}: {one.first} {one.first_mean:.4f}, {one.second} {one.second_mean:.4f}; difference {one.mean:+.4f} "
        f"[{one.low:+.4f}, {one.high:+.4f}], p = {one.p:.3f}: {verdict}."
    )


def _better(one: PairedDifference) -> str:
    return one.first if one.mean > 0 else one.second
