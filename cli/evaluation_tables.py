"""What an evaluation found, as tables."""

from collections.abc import Sequence

from cli.output import Output
from kg.counting import by_number
from recommender.evaluation.duplicates import Duplicates
from recommender.evaluation.report import Evaluation, RatingErrors
from recommender.splitting.told_split import sizes_text

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
    title = f"{by_number(f'{result.users:,} [user|users]')}, lists of {result.k}; held out: {result.held_out}"
    output.table(title, ("model", *SHOWN), rows, right=" ".join(SHOWN))
    if sizes := sizes_text(result.split):
        output.line(f"Interactions: {sizes}.")
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
        counted = by_number(f"{one.ratings:,} [rating|ratings]")
        output.line(f"RMSE and MAE of {counted} of {one.relation}, held out: {told}")
