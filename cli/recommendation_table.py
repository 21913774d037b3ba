"""One list of recommendations, as a table with what to ask next."""

from pathlib import Path

from cli.output import Output
from cli.terminal import command
from kg.schema import Schema
from recommender.results.recommendation import Recommendation
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain


def show_recommendation(output: Output, result: Recommendation, spoken: tuple[Schema, str], folder: Path) -> None:
    """The items with a reason each, what rules removed, and the command that accounts for the first.

    :param spoken: the schema and the language; ``folder``: of the workspace.
    """
    words = language(spoken[1])
    texts = words.section("tables")
    domains = {one: spoken_domain(spoken[0], one, spoken[1]) for one in spoken[0].domains}
    named = words.with_variants
    rows = [
        (one.rank, one.id, named(one.label, one.variants), domains[one.domain], f"{one.score:.4f}", one.reason)
        for one in result.items
    ]
    if rows:
        columns = ("#", "id", *(texts[name] for name in ("item", "domain", "score", "reason")))
        title = texts["title"].format(user=result.user.label or texts["somebody"])
        output.table(title, columns, rows, right=f"# {texts['score']}")
    else:
        output.line(texts["nothing_left"])
    if result.arrangement:
        output.line(result.arrangement.text)
    if result.excluded:
        output.line(words.audit_line(result.excluded))
    if result.items and result.user.id is not None:
        why = command("-w", folder, "why", result.user.id, result.items[0].id)
        output.line(texts["account"].format(command=why))
