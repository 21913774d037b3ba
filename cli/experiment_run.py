"""``whyrec experiment run``: run what experiment files ask for and is not finished yet."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.engine import experiments_of
from cli.leaderboard import show_standing
from cli.options import DebugOption, JsonOption, QuietOption
from cli.output import Output
from kg.errors import ModelError
from recommender.experiments.experiment import Experiment, Outcome
from whyrec.workspace.evaluation.experiments import Runs

Done = tuple[Experiment, Outcome]
PathsArgument = Annotated[
    list[Path], typer.Argument(metavar="FOLDER-or-FILE", help="Experiment files, or folders of them.")
]


def run_command(
    ctx: typer.Context,
    paths: PathsArgument,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Run all models of experiment files on all seeds and folds; what is finished is kept and skipped.

    Runs are kept in the folder experiments of the workspace, or, where the data are triple files, of any folder that
    -w names. A folder stands for the TOML files in it. All that a file may say; one [[model]] is needed:

    \b
        seeds = [0, 1, 2]
        candidates = "all"        # "type": only entities of the right type
        [data]
        workspace = "."           # relative to the file; by default that of -w
        triples = "facts.tsv"     # instead: head, relation, tail, time by tabs
        exclude = []              # relations
        [split]
        kind = "random"           # "temporal", "inductive"
        test = 0.1                # or folds = 5
        validation = 0.05         # stops training, decides searches
        hold_out = []             # these relations, or "interactions"; any triple
        leaks = "report"          # "remove": what gives away tested triples
        [[model]]
        model = "TransE"          # dim, epochs, learning_rate, negatives, …
        [model.search]
        dim = [32, 64]
        learning_rate = { low = 0.01, high = 0.3, log = true }
        [search]
        method = "optuna"         # "grid": lists only
        trials = 20
        [recommendation]          # each model in the blend, and baselines
        split = "random"          # last, temporal, cold-users, cold-items, …
        k = 10

    Example: whyrec -w demo experiment run demo/experiment.toml
    """
    output = Output(as_json, quiet)
    with experiments_of(ctx, output) as experiments:
        runs = experiments.run(paths)
    _show(output, runs.done)
    _check(runs)


def _check(runs: Runs) -> None:
    """Nothing, but an error where an experiment could not be run, or runs of it failed."""
    if runs.problem:
        raise runs.problem
    failed = [text for _, outcome in runs.done for text in outcome.failed]
    if failed:
        raise ModelError(f"{_runs(len(failed))} failed: {'; '.join(failed)}")


def _show(output: Output, done: list[Done]) -> None:
    pairs = [(outcome, experiment.standing()) for experiment, outcome in done]
    found = [{**asdict(outcome), "leaderboard": board.model_dump(mode="json")} for outcome, board in pairs]
    if output.document({"experiments": found}):
        return
    for outcome, board in pairs:
        show_standing(output, board, notes=not outcome.run)
        output.line(
            f"{outcome.experiment}: {_runs(outcome.run)} done now, {outcome.finished_before} of {outcome.planned} "
            f"before, {len(outcome.failed)} failed. Next: whyrec experiment compare A B"
        )


def _runs(number: int) -> str:
    return "1 run" if number == 1 else f"{number} runs"
