"""How good the explanations of an evaluation are, as lines and a table."""

from cli.output import Output
from kg.counting import by_number
from recommender.reasons.reasons import CHOICES
from recommender.results.explanation_quality import ExplanationReport


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
