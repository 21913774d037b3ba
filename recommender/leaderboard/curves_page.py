"""The validation curves of experiments, as a page of HTML or one SVG: a line per run, the mean of a model thick."""

import math
import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
from markupsafe import Markup

from recommender.pages.page_style import STYLE
from recommender.pages.svg import Point, chart_line, chart_text
from recommender.pages.template import template
from recommender.runs.record import RunRecord

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 900, 420, 64, 16, 16, 48
COLOURS, TICKS = 8, 5
HEAD, KEY = 34, 22
"""Heights of a title and of a line of the key, in a drawing that stands alone."""


def curves_page(experiments: Mapping[str, Sequence[RunRecord]]) -> str:
    """The page; every text is escaped as it is written, and nothing is fetched.

    :param experiments: name → runs with a validation curve.
    """
    shown = [
        {"name": name, "picture": _picture(name, records), "rows": _rows(records)}
        for name, records in experiments.items()
    ]
    return template("curves.html").render(lang="en", title="Validation curves", experiments=shown)


def curves_svg(experiments: Mapping[str, Sequence[RunRecord]]) -> str:
    """The same as one drawing for papers and slides, one experiment below the other, colours written out: not every
    program that draws SVG knows variables.

    :param experiments: name → runs with a validation curve.
    """
    whole, top = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "font-family": "sans-serif"}), 0.0
    SubElement(whole, "style").text = _plain_style()
    for name, records in experiments.items():
        if records:
            chart_text(whole, "title", (LEFT, top + HEAD - 10), name, "start")
            drawing = _drawing(name, records)
            drawing.attrib |= {"y": f"{top + HEAD:.0f}", "width": str(WIDTH), "height": str(HEIGHT)}
            whole.append(drawing)
            top += HEAD + HEIGHT
            for row in _rows(records):
                top += KEY
                chart_line(whole, f"mean {row['colour']}", [(LEFT, top - 5), (LEFT + 30.0, top - 5)], row["text"])
                chart_text(whole, "tick", (LEFT + 40, top), row["text"], "start")
    whole.attrib |= {"viewBox": f"0 0 {WIDTH} {max(top, HEAD) + BOTTOM:.0f}"}
    return tostring(whole, encoding="unicode", xml_declaration=True)


def _plain_style() -> str:
    """The style sheet of drawings with the colours of light pages in the place of their names."""
    sheet = STYLE.partition("@media")
    colours = dict(re.findall(r"(--[a-z0-9]+): (#[0-9a-f]{6})", sheet[0]))
    rules = [f"svg .{name[2:]} {{ stroke: {colour}; }}" for name, colour in colours.items() if name[2:][1:].isdigit()]
    text = template("curves.css").render() + "\n".join(rules)
    return re.sub(r"var\((--[a-z0-9]+)\)", lambda found: colours[found[1]], text)


def _picture(name: str, records: Sequence[RunRecord]) -> Markup | None:
    """The curves within a page; none where there are no runs."""
    if not records:
        return None
    return Markup(tostring(_drawing(name, records), encoding="unicode", method="html"))  # escaped as it is written


def _drawing(name: str, records: Sequence[RunRecord]) -> Element:
    """The curves as SVG."""
    most = max((len(record.curve) for record in records), default=1)
    top = _round_up(max((max(record.curve) for record in records), default=1.0))
    svg = Element("svg", {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "class": "curves", "role": "img", "aria-label": name})
    _axes(svg, most, top)

    def place(epoch: float, mrr: float) -> Point:
        """Where a point of the curve is drawn."""
        across = (epoch - 1) / max(1, most - 1)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - mrr / top * (HEIGHT - TOP - BOTTOM)

    for number, (row, mine) in enumerate(_by_row(records).items()):
        css = f"c{number % COLOURS}" + (" dashed" if number >= COLOURS else "")
        for record in mine:
            points = [place(epoch, mrr) for epoch, mrr in enumerate(record.curve, start=1)]
            chart_line(svg, f"run {css}", points, f"{row}, seed {record.seed}" + _fold(record))
        shortest = min(len(record.curve) for record in mine)
        mean = np.mean([record.curve[:shortest] for record in mine], axis=0).tolist()
        chart_line(svg, f"mean {css}", [place(epoch, mrr) for epoch, mrr in enumerate(mean, start=1)], row)
        for record in mine:
            if record.best_epoch:
                x, y = place(record.best_epoch, record.curve[record.best_epoch - 1])
                SubElement(svg, "circle", {"class": f"best {css}", "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "4"})
    return svg


def _axes(svg: Element, most: int, top: float) -> None:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    for tick in range(TICKS + 1):
        y = bottom - tick / TICKS * (bottom - TOP)
        SubElement(svg, "path", {"class": "axis", "d": f"M{LEFT} {y:.1f}H{right}"})
        chart_text(svg, "tick", (LEFT - 8, y + 4), f"{top * tick / TICKS:.3g}", "end")
    step = max(1, math.ceil((most - 1) / 10))
    for epoch in range(1, most + 1, step):
        x = LEFT + (epoch - 1) / max(1, most - 1) * (right - LEFT)
        chart_text(svg, "tick", (x, bottom + 18), str(epoch), "middle")
    chart_text(svg, "title", ((LEFT + right) / 2, HEIGHT - 6), "epoch", "middle")


def _rows(records: Sequence[RunRecord]) -> list[dict[str, str]]:
    """What each line means: its colour, and the words beside it."""
    rows = []
    for number, (row, mine) in enumerate(_by_row(records).items()):
        best = np.mean([max(record.curve) for record in mine])
        dashed = " (dashed)" if number >= COLOURS else ""
        text = f"{row}{dashed}: best validation MRR {best:.4f}, mean of {len(mine)} runs"
        rows.append({"colour": f"c{number % COLOURS}", "text": text})
    return rows


def _by_row(records: Sequence[RunRecord]) -> dict[str, list[RunRecord]]:
    found: dict[str, list[RunRecord]] = {}
    for record in records:
        if record.curve:
            found.setdefault(record.row, []).append(record)
    return found


def _fold(record: RunRecord) -> str:
    return "" if record.fold is None else f", fold {record.fold + 1}"


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 × a power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * 0.999)
