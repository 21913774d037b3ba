"""What learning the blend did, as tables."""

from collections.abc import Mapping

from cli.output import Output
from recommender.results.learning import DomainReport
from recommender.scoring.blend import Blend

SCORERS_SHOWN = 12
AUDIENCES = {
    "warm": "",
    "crossing": ", people who used only other domains",
    "told": ", people who used nothing and said something of themselves",
}
"""Whose verdict it is."""


def show_domain(output: Output, learned: Blend, report: DomainReport) -> None:
    """The weights of one domain, and what each adds on validation."""
    verdict = "learned weights kept" if report.kept else "default weights kept: learned ones are not surely better"
    if report.only_popularity:
        verdict = "popularity: nothing is surely better"
        if report.beside_popularity:
            verdict += f"; {report.beside_popularity:.0%} of the score for what is not worse"
    if report.audience != "warm" and not report.users:
        verdict = "nobody to learn from"
    if report.prior:
        verdict += f"; paths without evidence ({report.prior}) weigh what their ends are worth within their domains"
    if tried := report.embedding:
        verdict += f"; embedding {tried.gain:+.4f} for {tried.people:,} people (p = {tried.p:.3f}): "
        verdict += "has a say" if tried.kept else "weighs nothing"
    figures = (
        f"NDCG@10 in the rankings of {report.held_back:,} people held back, default → learned weights: "
        f"{report.before:.4f} → {report.after:.4f} (p = {report.p:.3f}, person by person)"
    )
    blend = learned.for_audience(report.domain, report.audience)
    weights = {**blend.metapaths, "embedding": blend.embedding.get(report.domain, 0.0)}
    weights["popularity"] = blend.popularity.get(report.domain, 0.0)
    names = shown_scorers(report.adds)
    rows = [(name, f"{weights[name]:.4f}", f"{report.adds[name]:+.4f}") for name in names]
    whom = report.domain + AUDIENCES[report.audience]
    counted = f"{report.users:,} validation rankings (one per held-out item) of {report.people:,} people"
    title = f"{whom}, {counted}: {verdict}. {figures}"
    output.table(title, ("scorer", "weight", "adds"), rows, right="weight adds")
    if len(report.adds) > len(names):
        output.line(f"… and {len(report.adds) - len(names)} more; --json has them all")


def shown_scorers(adds: Mapping[str, float]) -> list[str]:
    """The scorers that add most on validation, and the embedding, however little it adds."""
    names = sorted(adds, key=lambda name: -adds[name])
    return [name for position, name in enumerate(names) if position < SCORERS_SHOWN or name == "embedding"]
