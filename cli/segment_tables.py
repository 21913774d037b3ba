"""What a group has more often than everybody, and why items are shown, as tables."""

from collections.abc import Sequence

from cli.output import Output
from recommender.results.marketing import Reason, Segment
from recommender.texts.languages import language


def show_segments(output: Output, title: str, found: Sequence[Segment], lang: str) -> None:
    """Print what a group has more often than everybody; nothing where there is none."""
    shared = language(lang).section("marketing")
    heads = [shared[name] for name in ("how", "id", "what", "people", "share", "lift", "interval")]
    rows = [
        (
            *(one.phrase, one.entity, one.label, f"{one.count:,}", f"{one.share:.0%}"),
            *(f"{one.lift:.1f}", f"{one.low:.1f}–{one.high:.1f}"),
        )
        for one in found
    ]
    if rows:
        output.table(title, heads, rows, right=heads[3:6])


def show_reasons(output: Output, title: str, found: Sequence[Reason], lang: str) -> None:
    """Print mean shares of scores; nothing where there is none."""
    shared = language(lang).section("marketing")
    if found:
        rows = [(one.text, f"{one.share:.0%}") for one in found]
        output.table(title, (shared["part"], shared["share"]), rows, right=[shared["share"]])
