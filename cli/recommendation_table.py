"""One list of recommendations, as a table with what to ask next."""

from pathlib import Path

from cli.output import Output
from cli.terminal import command
from kg.snapshot.snapshot import Snapshot
from recommender.results.document import Item
from recommender.results.recommendation import Recommendation
from recommender.texts.languages import language
from recommender.texts.paths import spoken_domain


def show_recommendation(output: Output, result: Recommendation, spoken: tuple[Snapshot, str], folder: Path) -> None:
    """The items with a reason each, what rules removed, and the command that accounts for the first.

    :param spoken: the graph and the language; ``folder``: of the workspace.
    """
    words = language(spoken[1])
    texts = words.section("tables")
    domains = {one: spoken_domain(spoken[0].schema, one, spoken[1]) for one in spoken[0].schema.domains}
    named = words.with_variants
    rows = [
        (
            one.rank,
            one.id,
            named(one.label, one.variants),
            domains[one.domain],
            f"{one.score:.4f}",
            words.sentences([one.reason, one.habit_beside(one.reason)]),
        )
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
        why = command("-w", folder, "why", result.user.id, _told(spoken[0], result.items[0]))
        output.line(texts["account"].format(command=why))


def _told(snapshot: Snapshot, item: Item) -> str:
    """What a command calls an item: its id, with the type before it where an item of another type has the same."""
    alike = [one for one in snapshot.schema.item_types if snapshot.vocabulary.get(one, item.id) is not None]
    return item.id if len(alike) == 1 else f"{item.type}:{item.id}"
