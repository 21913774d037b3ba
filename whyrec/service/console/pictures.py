"""Pictures of accounts for the console: the product's own SVG."""

from xml.etree.ElementTree import Element, SubElement, tostring

from kg.schema import Schema
from recommender.pages.account_page import drawn_paths
from recommender.pages.page_style import STYLE
from recommender.pages.path_picture import graph_picture, tree_picture
from recommender.pages.svg import chart_line, chart_text, graph_svg, tree_svg
from recommender.results.account import Account
from recommender.results.responsibility.trade_offs import TradeOff, TradeOffPoint
from recommender.texts.paths import spoken_kinds

WIDTH, HEIGHT, SIDE, EDGE, BOTTOM, TICKS = 640, 320, 72, 28, 48, 4


def account_svg(account: Account, schema: Schema, lang: str) -> str:
    """The largest paths of an account, wide for a desk and narrow for a telephone; empty where there is none."""
    paths = drawn_paths(account)
    if not paths:
        return ""
    captions = [["", *(schema.phrase(step, lang).removeprefix("的") for step in path.relations)] for _, path in paths]
    kinds = spoken_kinds(schema, lang)
    pictures = [
        graph_svg(graph_picture(paths, captions, kinds), account.item.label),
        tree_svg(tree_picture(paths, captions, kinds), account.item.label),
    ]
    drawn = "".join(tostring(one, encoding="unicode", method="html") for one in pictures)
    return f"<style>{STYLE}</style>{drawn}"


def trade_off_svg(curve: TradeOff, kept: str, ndcg: str) -> str:
    """A curve of accuracy against an aim: a dot a setting, filled where no other is better in both.

    :param kept: what the axis of accuracy is called; ``ndcg``: where it was measured.
    """
    measured = all(one.ndcg is not None for one in curve.points)
    values, left = [one.value for one in curve.points], [_accuracy(one) for one in curve.points]
    whole = max(left) if measured else 1.0
    bottom, right = HEIGHT - BOTTOM, WIDTH - EDGE
    low, high = min(values), max(max(values), min(values) + 1e-9)
    least = min(min(left), whole - 1e-3)

    def place(point: TradeOffPoint) -> tuple[float, float]:
        """Where a setting is drawn."""
        x = SIDE + (point.value - low) / (high - low) * (right - SIDE)
        return x, bottom - (_accuracy(point) - least) / (whole - least) * (bottom - EDGE)

    box = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "class": "curves", "role": "img", "aria-label": curve.title}
    svg = Element("svg", box)
    for tick in range(TICKS + 1):
        part = tick / TICKS
        x, y = SIDE + part * (right - SIDE), bottom - part * (bottom - EDGE)
        SubElement(svg, "path", {"class": "axis", "d": f"M{SIDE} {y:.1f}H{right}"})
        told = least + part * (whole - least)
        chart_text(svg, "tick", (SIDE - 8, y + 4), f"{told:.3f}" if measured else f"{told:.1%}", "end")
        chart_text(svg, "tick", (x, bottom + 18), f"{low + part * (high - low):.3g}", "middle")
    chart_text(svg, "title", ((SIDE + right) / 2, HEIGHT - 6), curve.measure, "middle")
    chart_text(svg, "title", (SIDE, EDGE - 6), ndcg if measured else kept, "start")
    chart_line(svg, "mean c0", [place(one) for one in curve.points], curve.title)
    for one in curve.points:
        x, y = place(one)
        css = "chosen c0" if one.efficient else "best c0"
        dot = SubElement(svg, "circle", {"class": css, "cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "5"})
        SubElement(dot, "title").text = f"{curve.lever} {one.strength:g}: {one.value:.3g}, {_told(one)}"
    return tostring(svg, encoding="unicode", method="html")


def _accuracy(point: TradeOffPoint) -> float:
    return point.kept if point.ndcg is None else point.ndcg


def _told(point: TradeOffPoint) -> str:
    return f"{point.kept:.1%}" if point.ndcg is None else f"{point.ndcg:.3f}"
