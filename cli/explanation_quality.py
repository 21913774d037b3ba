"""What ``evaluate --explanations`` measures and prints."""

import numpy as np

from cli.output import Output
from cli.recommender import open_recommender
from kg.workspace.workspace import Workspace
from recommender.audit.explanation_metrics import ExplanationMetrics
from recommender.explanation.reasons import CHOICES
from recommender.results.explanation_quality import ExplanationReport
from whyrec.options import rules_of

USERS = 100
"""Users whose lists are explained, drawn at random."""


def explanation_quality(
    workspace: Workspace, k: int, domain: str | None, seed: int, output: Output
) -> ExplanationReport:
    """The explanations of the model as it answers, over the lists of ``USERS`` users drawn at random."""
    recommender = open_recommender(workspace, output)
    users, vocabulary = recommender.users(), recommender.snapshot.vocabulary
    count = min(USERS, len(users))
    chosen = np.sort(np.random.default_rng(seed).choice(len(users), count, replace=False)).tolist()
    rules = rules_of(workspace, {"domain": domain})
    metrics = ExplanationMetrics(recommender, k, rules, seed)
    several = len({user_type for user_type, _ in users}) > 1
    names = [f"{users[n][0]}:" if several else "" for n in chosen]
    ids = [f"{name}{vocabulary.id(*users[n])}" for name, n in zip(names, chosen, strict=True)]
    with output.progress() as progress:
        task = progress.add_task("Explaining", total=count, note="")
        return metrics.measure(ids, lambda: progress.advance(task))


def show_explanations(output: Output, report: ExplanationReport) -> None:
    """Print the report."""
    output.line(
        f"Explanations of {report.items:,} items for {report.users:,} users: {_percent(report.with_path)} have a path, "
        f"{_percent(report.existing)} of {report.paths:,} paths are in the graph."
    )
    for count, drop in report.necessity.items():
        largest = "the largest path" if count == "1" else f"the {count} largest paths"
        fall = f"an item falls by {drop['shown']:.2f} ranks, without {count} drawn at random by {drop['random']:.2f}"
        output.line(f"Without {largest} {fall}.")
    output.line(f"With what is shown and nothing else, {_percent(report.sufficiency)} of the lists stay.")
    rows = [
        (name, _number(found.lir), _number(found.sep), _number(found.etd))
        for name in CHOICES
        if (found := report.quality.get(name))
    ]
    if rows:
        title = "Reasons by what they are chosen for (recommend --reasons)"
        output.table(title, ("reasons", "recency LIR", "popularity SEP", "diversity ETD"), rows)
    output.line(
        f"Reasons: {report.steps:.1f} steps, {report.characters:.0f} characters; "
        f"of {len(report.path_types)} kinds, most often {next(iter(report.path_types), 'none')}."
    )


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
