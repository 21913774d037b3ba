"""Where experiments keep their runs, and which snapshot they work on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import typer

from cli.options import Session
from cli.output import Output
from cli.progress import Bars
from kg.document import nearest
from kg.errors import UsageError, WhyrecError
from kg.snapshot.snapshot import Snapshot
from kg.workspace.workspace import CONFIGURATION, Workspace
from recommender.experiments.experiment import Experiment, OpenSnapshot, experiment_folders
from recommender.leaderboard.export import COST_TITLES, cell, columns, cost_cells
from recommender.leaderboard.standing import Standing
from whyrec.opening import refreshed

RESULTS = "experiments"
NO_EXPERIMENTS = (CONFIGURATION, "schema.toml", "mapping.toml")


def results_of(ctx: typer.Context) -> Path:
    """The folder of all runs: ``experiments`` in the workspace, or in any other folder that --workspace names."""
    return _folder(ctx) / RESULTS


def taken_snapshot(ctx: typer.Context) -> OpenSnapshot:
    """Opens the snapshot that was taken last."""
    return lambda named: Workspace(named or _folder(ctx)).snapshot()


def fresh_snapshot(ctx: typer.Context, output: Output) -> OpenSnapshot:
    """Opens the snapshot of what the store holds now; it is taken where it has to be."""

    def open_fresh(named: Path | None) -> Snapshot:
        workspace = Workspace(named or _folder(ctx))
        with Bars(output) as bars:
            return refreshed(workspace, bars)[0]

    return open_fresh


def files_of(paths: list[Path]) -> list[Path]:
    """Experiment files; a folder stands for its TOML files but those that a workspace has.

    :raises UsageError: for a path that is not there, or a folder without one.
    """
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.glob("*.toml") if one.name not in NO_EXPERIMENTS)
            if not inside:
                raise UsageError(f"{path}: no experiment file (.toml) in this folder")
            found += inside
        else:
            found.append(path)
    return found


def run_experiments(ctx: typer.Context, names: Sequence[str], output: Output) -> list[Experiment]:
    """The experiments of some names; of all that were run, those whose file and data can be read now.

    :raises UsageError: for an unknown name, naming the nearest.
    """
    folders, opened = experiment_folders(results_of(ctx)), taken_snapshot(ctx)
    for name in names:
        if name not in folders:
            raise UsageError(f"unknown experiment {name!r}; {nearest(name, list(folders))}")
    found = []
    for name in dict.fromkeys(names or folders):
        try:
            experiment = Experiment.of_folder(folders[name], opened)
            found.append(experiment)
            _ = experiment.plan
        except WhyrecError as problem:
            if names or len(folders) == 1:
                raise
            output.notices([f"{name} is left out: {problem}"])
            found = [one for one in found if one.name != name]
    return found


def show_standing(output: Output, one: Standing, notes: bool = True) -> None:
    """The leaderboard of one experiment: what to know first, the figures, and what is stale, apart.

    :param notes: false where they were shown before.
    """
    output.notices(f"{one.experiment}: {note}" for note in one.notes if notes)
    shown, costs = columns(one), any(row.cost for row in one.rows)
    heads = ("model", "runs", *(title for *_, title in shown), *(COST_TITLES if costs else ()), "settings")
    rows = []
    for row in one.rows:
        cells = [cell(row, part, name) for part, name, _ in shown]
        cost = cost_cells(row) if costs else []
        chosen = ", ".join(f"{key} {_short(value)}" for key, value in row.settings.items())
        rows.append((row.model, f"{row.finished}/{row.planned}", *cells, *cost, chosen))
    parts = [f"{key} {_told(key, value)}" for key, value in one.split.items()]
    title = f"{one.experiment}: link prediction, {', '.join(parts)}" if parts else one.experiment
    if one.recommendation:
        title += f"; recommendation, {', '.join(f'{key} {value}' for key, value in one.recommendation.items())}"
    output.table(title, heads, rows)
    output.line(
        f"Means over runs ± half the 95 % interval (Student's t over seeds or folds). Figures {one.digest}, data "
        f"{one.data[:12]}: a rerun that prints the same is the same to the bit."
    )
    if one.stale:
        output.line(
            f"Not in the table above, for something changed since: {len(one.stale)} of the runs; "
            "`whyrec experiment run` makes them anew:",
            style="yellow",
        )
        stale = [
            (
                run.model,
                run.kind,
                run.seed,
                ", ".join(f"{k} {v:.4f}" for k, v in list(run.metrics.items())[:1]),
                "; ".join(run.changed),
            )
            for run in one.stale
        ]
        output.table("Stale runs", ("model", "kind", "seed", "figure", "changed"), stale)


def show_relations(output: Output, one: Standing) -> None:
    """The MRR of link prediction by missing side and by relation, those with most tested triples first."""
    rows = [row for row in one.rows if row.relations]
    ranks = {name: figures["ranks"] for row in rows for name, figures in row.relations.items()}
    names = sorted(ranks, key=lambda name: (not name.startswith("("), -ranks[name], name))
    cells = []
    for name in names:
        found = (f"{row.relations[name]['mrr']:.4f}" if name in row.relations else "–" for row in rows)
        cells.append((name, f"{ranks[name]:,.0f}", *found))
    title = f"{one.experiment}: MRR by missing side and by relation"
    output.table(title, ("relation", "ranks", *(row.model for row in rows)), cells, right="ranks")


def _told(key: str, value: object) -> str:
    """A part of the description of a split; the time of a temporal one, which is in milliseconds, as a date."""
    if key == "after" and isinstance(value, int):
        return str(np.datetime64(value, "ms").astype("datetime64[s]")).replace("T", " ")
    return f"{value:,}" if isinstance(value, int) else str(value)


def _short(value: object) -> str:
    if isinstance(value, list):
        return " or ".join(map(_short, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _folder(ctx: typer.Context) -> Path:
    session = ctx.find_object(Session)
    assert session is not None
    return session.workspace
