"""What an evaluation found, as tables."""

from collections.abc import Sequence

from cli.output import Output
from kg.counting import by_number
from recommender.evaluation.duplicates import Duplicates
from recommender.evaluation.report import Evaluation, RatingErrors
from recommender.reasons.reasons import CHOICES
from recommender.results.explanation_quality import ExplanationReport

SHOWN = ("ndcg", "recall", "hit_rate", "precision", "mrr")
BEYOND = ("coverage", "gini", "novelty", "intra_list_distance")
HANDLED = {
    "keep": "They are kept, and figures may owe much to them: --duplicates drop leaves them out, merge joins them.",
    "drop": "They are left out.",
    "merge": "Each group is merged into its first item.",
}
GROUPS_SHOWN, ITEMS_SHOWN = 5, 4


def show_duplicates(output: Output, found: Duplicates) -> None:
    """Before any figure: what may flatter them."""
    if not found.groups:
        output.line("Probable duplicates: none.")
        return
    groups = by_number(f"{found.groups:,} [group|groups] of {found.items:,} [item|items]")
    output.line(
        f"Probable duplicates: {groups} with {found.interactions:.1%} of all "
        f"interactions ({found.by_audience:,} of one audience, {found.by_label:,} of one label, "
        f"{found.across_domains:,} across domains).",
        style="yellow",
    )
    for group in found.first[:GROUPS_SHOWN]:
        named = ", ".join(f"{item.label} ({item.type} {item.id})" for item in group.items[:ITEMS_SHOWN])
        more = f" and {len(group.items) - ITEMS_SHOWN:,} more" if len(group.items) > ITEMS_SHOWN else ""
        output.line(f"  same {' and '.join(group.by)}: {named}{more}")
    output.line(HANDLED[found.handling])
    output.line()


def show_metrics(output: Output, result: Evaluation) -> None:
    """The metrics of all models, what is beyond accuracy, and which differences are more than chance."""
    rows = [
        [name, *(f"{m[s]['mean']:.4f} [{m[s]['low']:.4f}, {m[s]['high']:.4f}]" for s in SHOWN)]
        for name, m in result.models.items()
    ]
    output.notices(result.notes)
    title = f"{by_number(f'{result.users:,} [user|users]')}, lists of {result.k}, split {result.split}"
    output.table(title, ("model", *SHOWN), rows, right=" ".join(SHOWN))
    beyond = [
        [name, *(f"{m[s]['mean'] if isinstance(m[s], dict) else m[s]:.3f}" if s in m else "–" for s in BEYOND)]
        for name, m in result.models.items()
    ]
    output.table("Beyond accuracy", ("model", *BEYOND), beyond, right=" ".join(BEYOND))
    for name, parameters in result.tuned.items():
        output.line(f"{name}, tuned: " + ", ".join(f"{key} {value:g}" for key, value in parameters.items()))
    for one in result.comparisons:
        verdict = f"{one.mean:+.4f} [{one.low:+.4f}, {one.high:+.4f}], p = {one.p:.3f}, q = {one.q:.3f}"
        output.line(f"NDCG, {one.first} − {one.second}: {verdict}")
    if len(result.comparisons) > 1:
        output.line(f"q: p adjusted for {len(result.comparisons)} comparisons (Benjamini–Hochberg)")


def show_ratings(output: Output, found: Sequence[RatingErrors]) -> None:
    """A line for each interaction with ratings."""
    for one in found:
        told = "; ".join(f"{name} {one.rmse[name]:.3f}, {one.mae[name]:.3f}" for name in one.rmse)
        output.line(f"Predicted ratings of {one.ratings:,} held-out {one.relation}, RMSE and MAE: {told}")


def show_explanations(output: Output, report: ExplanationReport) -> None:
    """Print the report."""
    whose = by_number(f"{report.items:,} [item|items] for {report.users:,} [user|users]")
    output.line(
        f"Explanations of {whose}: {_percent(report.with_path)} have a path, "
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
