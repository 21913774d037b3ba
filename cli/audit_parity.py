"""Parity between groups, as a table of ``whyrec audit``."""

from collections.abc import Sequence

from cli.output import Output
from recommender.results.responsibility.audit import Parity
from recommender.texts.languages import language


def show_parity(output: Output, found: Sequence[Parity], lang: str) -> None:
    """One row a side: the groups that are chosen least and most, and the measures of parity."""
    texts = language(lang).section("audit")
    heads = tuple(texts[f"parity_{name}"] for name in ("of", "lowest", "highest", "difference", "ratio", "odds"))
    rows = [
        (
            texts[f"parity_{one.of}"].format(side=one.side_text, n=one.compared),
            *(f"{one.lowest} {one.lowest_rate:.0%}", f"{one.highest} {one.highest_rate:.0%}"),
            *map(_figure, (one.difference, one.ratio, one.opportunity if one.odds is None else one.odds)),
            f"≤ {one.q:g}",
        )
        for one in found
    ]
    output.table(texts["parity"], (*heads, "q"), rows, right=heads[3:])
    output.line(texts["parity_explained"])


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
