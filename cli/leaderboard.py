"""The leaderboard of an experiment, as tables."""

import numpy as np

from cli.output import Output
from recommender.leaderboard.export import COST_TITLES, cell, columns, cost_cells
from recommender.leaderboard.standing import Standing
from recommender.splitting.told_split import split_text


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
        title += f"; recommendation, held out: {split_text(one.recommendation)}"
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
    if isinstance(value, dict):
        return " + ".join(
            f"{count if isinstance(count, str) else format(count, ',')} {n}" for n, count in value.items()
        )
    return f"{value:,}" if isinstance(value, int) else str(value)


def _short(value: object) -> str:
    if isinstance(value, list):
        return " or ".join(map(_short, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
