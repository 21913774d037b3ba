"""The overview as one page of HTML, or as a part of a larger one: light and dark, wide and narrow."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from recommender.pages.template import template
from recommender.results.overview import Overview, Traffic
from recommender.texts.languages import language

STRONGEST = 6
LEVELS = (1.1, 1.3, 1.6, 2.0)
"""Lifts from which a cell of the matrix is darker."""


def overview_page(found: Overview, lang: str = "en") -> str:
    """The page, complete with its style; every text is escaped as it is written."""
    texts = language(lang).section("overview")
    body = overview_body(found, lang)
    return template("overview.html").render(lang=lang, title=texts["title"], body=body)


def overview_body(found: Overview, lang: str = "en") -> Markup:
    """What stands in the page, to be put into another one."""
    told = language(lang)
    texts = told.section("overview")
    kinds = dict(line.split("=", 1) for line in texts["kinds"].split("|"))
    shown = {
        "found": found,
        "t": texts,
        "kinds": kinds,
        "percent": told.percent,
        "number": lambda value: told.number(value) if isinstance(value, int) else value,
        "levels": range(1, len(LEVELS) + 1),
        "ways": [_way(one, texts) for one in found.traffic],
    }
    return Markup(template("overview_body.html").render(**shown))  # escaped by the template


def strongest(way: Traffic, texts: Mapping[str, str]) -> list[str]:
    """The pairs that people go between oftener than others do, in words, by how much that says."""
    ranked = []
    for row, one in enumerate(way.rows):
        for column, other in enumerate(way.columns):
            for people, lift, ends in (
                (way.there[row][column], way.there_lift[row][column], (one, other)),
                (way.back[row][column], way.back_lift[row][column], (other, one)),
            ):
                if people is not None and lift is not None and lift > LEVELS[0]:
                    told = texts["pair"].format(one=ends[0].label, other=ends[1].label, people=people, lift=lift)
                    ranked.append((people * (lift - 1), told))
    return [told for _, told in sorted(ranked, key=lambda pair: (-pair[0], pair[1]))[:STRONGEST]]


def _way(way: Traffic, texts: Mapping[str, str]) -> dict[str, Any]:
    rows = []
    for number, row in enumerate(way.rows):
        cells = zip(way.there[number], way.there_lift[number], way.back[number], way.back_lift[number], strict=True)
        rows.append((row.label, [_cell(*cell) for cell in cells]))
    columns = [one.label for one in way.columns]
    told = strongest(way, texts)
    return {"source": way.source_text, "target": way.target_text, "columns": columns, "rows": rows, "strongest": told}


def _cell(there: int | None, there_lift: float | None, back: int | None, back_lift: float | None) -> dict[str, Any]:
    level = sum(max(there_lift or 0.0, back_lift or 0.0) >= least for least in LEVELS)
    return {"there": _told("→", there, there_lift), "back": _told("←", back, back_lift), "level": level}


def _told(arrow: str, people: int | None, lift: float | None) -> str:
    return f"{arrow} –" if people is None else f"{arrow} {people:,} ×{lift or 0.0:.1f}"
