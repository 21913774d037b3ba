"""``whyrec experiment list``: the leaderboard."""

from pathlib import Path
from typing import Annotated

import typer

from cli.engine import experiments_of
from cli.leaderboard import show_relations, show_standing
from cli.options import DebugOption, ForceOption, JsonOption, QuietOption
from cli.output import Output
from kg.errors import UsageError
from kg.workspace.output_file import DRAWING, PAGE, check_output
from recommender.experiments.experiment import Experiment
from recommender.leaderboard.export import STARTS, export


def list_command(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Experiments; all where absent.")] = None,
    export_file: Annotated[
        Path | None, typer.Option("--export", help="Write the leaderboard.", metavar="FILE.csv|.md|.tex")
    ] = None,
    curves: Annotated[
        Path | None,
        typer.Option(
            help="Draw the validation curves: a page that needs no network, or a drawing.", metavar="FILE.html|.svg"
        ),
    ] = None,
    force: ForceOption = False,
    costs: Annotated[
        bool, typer.Option("--costs", help="Seconds, triples/s and peak memory too; they differ with every rerun.")
    ] = False,
    relations: Annotated[
        bool, typer.Option("--relations", help="MRR by missing side and by relation too; --json has all figures.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Rank the models: means over seeds or folds, with intervals; runs of changed code, data or settings stand apart.

    Example: whyrec -w demo experiment list --export results.tex --curves curves.html
    """
    output = Output(as_json, quiet)
    _check_outputs(export_file, curves, force)
    with experiments_of(ctx, output) as experiments:
        found = experiments.finished(names or [])
    standings = [one.standing(costs) for one in found]
    if export_file:
        export(standings, export_file, costs)
    if curves:
        _draw(found, curves)
    if not output.document({"experiments": [one.model_dump(mode="json") for one in standings]}):
        for one in standings:
            show_standing(output, one)
            if relations:
                show_relations(output, one)
        for path in filter(None, (export_file, curves)):
            output.line(f"Written: {path}")


def _check_outputs(export_file: Path | None, curves: Path | None, force: bool) -> None:
    if export_file and export_file.suffix in STARTS:
        check_output(export_file, STARTS[export_file.suffix], None, force)
    if curves and curves.suffix in (".html", ".htm", ".svg"):
        check_output(curves, DRAWING if curves.suffix == ".svg" else PAGE, None, force)


def _draw(found: list[Experiment], path: Path) -> None:
    from recommender.leaderboard.curves_page import curves_page, curves_svg

    if path.suffix not in (".html", ".htm", ".svg"):
        raise UsageError(f"--curves {path}: a page of HTML or a drawing is written; name it .html or .svg")
    records = {
        one.name: [run for row in dict.fromkeys(r.row for r in one.plan) for run in one.current(row) if run.curve]
        for one in found
    }
    try:
        made = curves_svg(records) if path.suffix == ".svg" else curves_page(records)
        path.write_text(made, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--curves {path}: cannot be written: {problem.strerror}") from None
