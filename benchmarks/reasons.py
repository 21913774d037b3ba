"""How much of a score the reason of an item tells, and what it costs, on workspaces that are there.

    python benchmarks/reasons.py WORKSPACE… [--users 30] [--seed 0]

For the first ten items of random users: the part of the score that the reason in the list tells, and the three largest
groups of the account with it (median, and the tenth percentile); what is not told; whether each reason is a group of
the account with at least half of the largest's share; reasons that say "popular" with popularity below half of the
score; and processor milliseconds of a reason, its sentence included. Items that popularity alone brings are counted
apart.
"""

import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from kg.workspace.workspace import Workspace
from recommender.explanation.phrasing import Phrasing
from recommender.learning.model import open_model
from recommender.reasons.groups import POPULARITY, UNTOLD
from recommender.reasons.reasons import Reason, ReasonChoice, Reasons, fair
from recommender.serving.recommender import Recommender, Request

REST = ("smaller", "untold", "against")
LENGTH = 10


class Told:
    """What was seen over the items of one workspace."""

    def __init__(self) -> None:
        self.first, self.three, self.untold, self.gaps = list[float](), list[float](), list[float](), list[float]()
        self.halves, self.popular, self.unpersonal, self.items = 0, 0, 0, 0
        self.milliseconds = list[float]()

    def row(self, name: str) -> list[str]:
        """One row of the table."""

        def spread(values: list[float]) -> str:
            return f"{np.median(values):.3f} ({np.percentile(values, 10):.3f})" if values else "–"

        personal = max(len(self.first), 1)
        return [
            name,
            f"{self.items} ({self.unpersonal})",
            spread(self.first),
            spread(self.three),
            f"{np.mean(self.untold):.3f}" if self.untold else "–",
            f"{max(self.gaps, default=0.0):.1e}",
            f"{self.halves / personal:.1%}",
            str(self.popular),
            f"{np.median(self.milliseconds):.2f}",
        ]


def main(
    workspaces: Annotated[list[Path], typer.Argument(help="Workspaces.")],
    users: Annotated[int, typer.Option(help="Random users of each.")] = 30,
    seed: Annotated[int, typer.Option(help="Seed of the choice.")] = 0,
) -> None:
    """Measure and print a table."""
    table = Table(title="What reasons tell", title_justify="left")
    for column in (
        "workspace",
        "items (popularity alone)",
        "first",
        "three",
        "not told",
        "gap",
        "≥ half",
        "popular",
        "ms",
    ):
        table.add_column(column)
    for folder in workspaces:
        table.add_row(*_measured(folder, users, seed).row(folder.name))
    Console(width=160).print(table)


def _measured(folder: Path, users: int, seed: int) -> Told:
    workspace = Workspace(folder)
    snapshot = workspace.snapshot()
    recommender = Recommender(open_model(workspace.model, snapshot, workspace.kernels))
    everybody, told = recommender.users(), Told()
    chosen = np.random.default_rng(seed).choice(len(everybody), min(users, len(everybody)), replace=False)
    for number in chosen.tolist():
        _list(recommender, Request(snapshot.vocabulary.id(*everybody[number]), n=LENGTH, told=False), told)
    return told


def _list(recommender: Recommender, request: Request, told: Told) -> None:
    profile, rules = recommender.profile(request), recommender.rule_set(request.rules)
    listed = recommender.recommend(request).items
    catalogue, vocabulary = recommender.catalogue, recommender.snapshot.vocabulary
    positions = [catalogue.position(row.type, vocabulary.idx(row.type, row.id)) for row in listed]
    started = time.process_time()
    phrasing, scorer = Phrasing(recommender.snapshot), recommender.cold_start.of(profile)
    reasons = Reasons(scorer, profile, phrasing, rules.forbidden(profile))
    choice, said = ReasonChoice(reasons.quality, reasons.recency, "varied"), list[Reason]()
    for position in positions:
        if (best := choice.best(reasons.of(position), said)) is not None:
            said.append(best)
            reasons.text(best)
    told.milliseconds.append(1000 * (time.process_time() - started) / max(len(positions), 1))
    for reason in said:
        _item(reasons, reason, told)


def _item(reasons: Reasons, reason: Reason, told: Told) -> None:
    groups, score = reasons.groups(reason.position), reason.score
    told.items += 1
    if score <= 0 or all(group.kind == POPULARITY for group in groups):
        told.unpersonal += 1
        return
    told.gaps.append(abs(sum(group.share for group in groups) - score))
    texts = {reasons.phrasing.text(group, reason.position): group.share for group in fair(groups, score)}
    told.halves += texts.get(reasons.text(reason), 0.0) >= 0.5 * groups[0].share
    told.popular += reason.group.kind == POPULARITY and reason.share < 0.5 * score
    others = sorted((g.share for g in groups if g.kind not in REST and g.share != reason.share), reverse=True)
    told.first.append(reason.share / score)
    told.three.append((reason.share + sum(others[:2])) / score)
    told.untold.append(sum(group.share for group in groups if group.kind == UNTOLD) / score)


if __name__ == "__main__":
    typer.run(main)
