"""Tables of ``whyrec overview`` on a terminal."""

from cli.output import Output
from recommender.results.overview import Overview, Proportion, Traffic, Trend
from recommender.texts.languages import language

WIDTH = 6
"""Columns of the matrix on a terminal; the page and the document have them all."""


def show_overview(output: Output, found: Overview, lang: str) -> None:
    """Tables of the shop: coverage, reasons by kind, traffic between domains, what is new and what is stale."""
    words = language(lang)
    texts, shared = words.section("overview"), words.section("marketing")
    k, kinds = found.k, dict(line.split("=", 1) for line in texts["kinds"].split("|"))
    output.line(found.text)
    rows = [
        (one.domain_text, one.items, one.used, f"{one.shown:,} ({one.coverage:.0%})", one.people, _part(one.popular))
        for one in found.domains
    ]
    columns = [texts[name].format(k=k) for name in ("domain", "count", "used", "shown", "people", "popular")]
    output.table(texts["coverage"], columns, rows, right=(columns[1], columns[4]))
    reasons = [
        (
            one.domain_text,
            kinds[reason.kind],
            f"{reason.share or 0:.0%}",
            f"{reason.crossing or 0:.0%}",
            reason.text or "",
        )
        for one in found.domains
        for reason in one.reasons
    ]
    columns = [texts[name] for name in ("domain", "kind", "places", "foreign", "mostly")]
    output.table(texts["carries"], columns, reasons, right=columns[2:4])
    for way in found.traffic:
        _traffic(output, way, lang)
    for title, trends in ((texts["new_title"], found.new), (texts["trending_title"], found.trending)):
        if trends:
            told = texts["trend"].format(title=title, days=found.days, until=found.until, k=k)
            columns = [shared["id"], *(texts[name] for name in ("what", "people", "before", "growth"))]
            output.table(told, (*columns, shared["interval"]), map(_trend, trends), right=columns[2:])
    if found.stale:
        stale = [(one.part, one.text) for one in found.stale]
        output.table(texts["stale"], (texts["part"], texts["what"]), stale)


def _part(one: Proportion) -> str:
    interval = f", {one.low:.0%}–{one.high:.0%}" if one.low is not None and one.high is not None else ""
    return f"{one.people}" if one.share is None else f"{one.people:,} ({one.share:.0%}{interval})"


def _traffic(output: Output, way: Traffic, lang: str) -> None:
    rows, words = [], language(lang)
    for number, row in enumerate(way.rows):
        cells = zip(way.there[number], way.there_lift[number], way.back[number], way.back_lift[number], strict=True)
        told = [f"{_cell(there, lift)} / {_cell(back, back_lift)}" for there, lift, back, back_lift in cells]
        rows.append((row.label, *told[:WIDTH]))
    title = words.section("overview")["matrix"].format(source=way.source_text, target=way.target_text)
    output.table(title, ("", *(one.label for one in way.columns[:WIDTH])), rows)
    if len(way.columns) > WIDTH:
        output.line(words.section("marketing")["more_columns"].format(n=len(way.columns) - WIDTH))


def _cell(people: int | None, lift: float | None) -> str:
    return "–" if people is None else f"{people:,} ×{lift or 0.0:.1f}"


def _trend(one: Trend) -> tuple[str, ...]:
    entity, interval = one.entity, f"{one.low:.1f}–{one.high:.1f}"
    return entity.id, entity.label, str(one.people), str(one.before), f"{one.growth:.1f}", interval
