"""What learning the blend did, as tables."""

from collections.abc import Mapping

from cli.output import Output
from recommender.results.learning import ToldDomain
from recommender.scoring.blend import Blend

SCORERS_SHOWN = 12
AUDIENCES = {
    "warm": "",
    "crossing": ", people who used only other domains",
    "told": ", people who used nothing and said something of themselves",
}
"""Whose verdict it is."""


def show_domain(output: Output, learned: Blend, report: ToldDomain) -> None:
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
        verdict += f"; embedding {_figure(tried.gain, '+.4f')} for {_people(tried.people)} (p = {_figure(tried.p)}): "
        verdict += "has a say" if tried.kept else "weighs nothing"
    figures = f"too few people were left to check it on ({_people(report.held_back)})"
    if report.before is not None and report.after is not None:
        figures = (
            f"checked on {_people(report.held_back)} that nothing was learned from: NDCG@10 {report.before:.4f} with "
            f"default weights, {report.after:.4f} with learned ones (p = {_figure(report.p)}, person by person)"
        )
    blend = learned.for_audience(report.domain, report.audience)
    weights = {**blend.metapaths, "embedding": blend.embedding.get(report.domain, 0.0)}
    weights["popularity"] = blend.popularity.get(report.domain, 0.0)
    names = shown_scorers(report.adds)
    rows = [(name, f"{weights[name]:.4f}", _figure(report.adds[name], "+.4f")) for name in names]
    whom = report.domain + AUDIENCES[report.audience]
    rankings = "validation rankings" if isinstance(report.users, str) else f"{report.users:,} validation rankings"
    counted = f"{rankings} (one per held-out item) of {_people(report.people)}"
    title = f"{whom}, {counted}: {verdict}; {figures}"
    output.table(title, ("scorer", "weight", "adds"), rows, right="weight adds")
    if len(report.adds) > len(names):
        output.line(f"… and {len(report.adds) - len(names)} more; --json has them all")


def _people(number: int | str) -> str:
    """How many people, in words where they are few."""
    return f"fewer than {number[1:]} people" if isinstance(number, str) else f"{number:,} people"


def _figure(value: float | None, form: str = ".3f") -> str:
    """A figure, or a dash for one that would rest on fewer than k people."""
    return "–" if value is None else format(value, form)


def shown_scorers(adds: Mapping[str, float | None]) -> list[str]:
    """The scorers that add most on validation, and the embedding, however little it adds."""
    names = sorted(adds, key=lambda name: -(adds[name] or 0.0))
    return [name for position, name in enumerate(names) if position < SCORERS_SHOWN or name == "embedding"]
