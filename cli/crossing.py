"""How personal lists are that cross from domain to domain, as lines."""

from collections.abc import Sequence

from cli.output import Output
from recommender.results.learning import Crossing

REASONS_SHOWN = 3


def show_crossing(output: Output, found: Sequence[Crossing]) -> None:
    """A line for each pair of domains, and the kinds of its reasons."""
    for one in found:
        output.line(one.text)
        kinds = [f"{name} {count:,}" for name, count in one.reasons.items()]
        if kinds:
            more = f" and {len(kinds) - REASONS_SHOWN} more kinds" if len(kinds) > REASONS_SHOWN else ""
            output.line("  reasons: " + ", ".join(kinds[:REASONS_SHOWN]) + more)
