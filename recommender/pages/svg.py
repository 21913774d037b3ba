"""Pictures of paths as SVG elements, coloured by the style sheet of the page around them."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from recommender.pages.path_picture import DOT, FONT, LINE, PADDING, SMALL, SMALL_LINE, Box, Picture

COLOURS = 8
"""Number of colours of parts; they repeat after that."""
THIN, THICK = 1.5, 8.0
Point = tuple[float, float]


def chart_line(svg: Element, css: str, points: Sequence[Point], title: str) -> None:
    """A curve of a chart; ``css``: its classes."""
    if len(points) == 1:  # a line of one point is none
        points = [points[0], (points[0][0] + 1, points[0][1])]
    line = SubElement(svg, "polyline", {"class": css, "points": " ".join(f"{x:.1f},{y:.1f}" for x, y in points)})
    SubElement(line, "title").text = title


def chart_text(svg: Element, css: str, at: Point, text: str, anchor: str) -> None:
    """A text of a chart, at a place."""
    place = {"class": css, "x": f"{at[0]:.1f}", "y": f"{at[1]:.1f}", "text-anchor": anchor}
    SubElement(svg, "text", place).text = text


def graph_svg(picture: Picture, title: str) -> Element:
    """A picture from left to right: boxes with the steps between them, as thick as their share."""
    svg = _svg(picture, title, "graph")
    boxes = {box.name: box for box in picture.boxes.values()}
    most = max((abs(line.share) for line in picture.lines.values()), default=1.0) or 1.0
    for line in sorted(picture.lines.values(), key=lambda one: -abs(one.share)):
        head, tail = boxes[line.head], boxes[line.tail]
        x1, y1 = head.x + head.width, head.y + head.height / 2
        x2, y2 = tail.x, tail.y + tail.height / 2
        bend = (x2 - x1) / 2
        curve = f"M{x1:.1f} {y1:.1f}C{x1 + bend:.1f} {y1:.1f} {x2 - bend:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
        width = THIN + (THICK - THIN) * abs(line.share) / most
        _step(svg, line.head, line.tail, line.part, line.share).attrib |= {"d": curve, "stroke-width": f"{width:.1f}"}
    for box in boxes.values():
        group = _node(svg, box)
        size = {"x": f"{box.x:.1f}", "y": f"{box.y:.1f}", "width": f"{box.width:.1f}", "height": f"{box.height:.1f}"}
        SubElement(group, "rect", size | {"rx": "6"})
        _text(group, box, box.x + PADDING, box.y + PADDING)
    return svg


def tree_svg(picture: Picture, title: str) -> Element:
    """A picture from top to bottom: dots at the left, joined as a tree, text beside them."""
    svg = _svg(picture, title, "tree")
    boxes = {box.name: box for box in picture.boxes.values()}
    for line in picture.lines.values():
        head, tail = boxes[line.head], boxes[line.tail]
        corner = f"M{head.x:.1f} {head.y:.1f}V{tail.y:.1f}H{tail.x:.1f}"
        _step(svg, line.head, line.tail, line.part, line.share).attrib |= {"d": corner, "stroke-width": "2"}
    for box in boxes.values():
        group = _node(svg, box)
        SubElement(group, "circle", {"cx": f"{box.x:.1f}", "cy": f"{box.y:.1f}", "r": f"{DOT:.0f}"})
        _text(group, box, box.x + DOT + PADDING, box.y - SMALL_LINE / 2)
    return svg


def _svg(picture: Picture, title: str, kind: str) -> Element:
    box = f"-{DOT:.0f} -{DOT:.0f} {picture.width + 2 * DOT:.0f} {picture.height + 2 * DOT:.0f}"
    svg = Element("svg", {"viewBox": box, "class": kind, "role": "img", "aria-label": title})
    SubElement(svg, "title").text = title
    return svg


def _step(svg: Element, head: str, tail: str, part: int, share: float) -> Element:
    css = f"step c{part % COLOURS}" + (" against" if share < 0 else "")
    return SubElement(svg, "path", {"class": css, "data-head": head, "data-tail": tail, "data-part": str(part)})


def _node(svg: Element, box: Box) -> Element:
    attributes = {"class": "node", "data-node": box.name, "data-type": box.node.type, "data-label": box.node.label}
    group = SubElement(svg, "g", attributes | ({"data-id": box.node.id} if box.node.id else {}))
    SubElement(group, "title").text = f"{box.node.label} ({box.kind})"
    return group


def _text(group: Element, box: Box, x: float, top: float) -> None:
    """Caption and label, line by line from a height on."""
    y = top
    for css, lines, size, height in (("caption", box.caption, SMALL, SMALL_LINE), ("label", box.label, FONT, LINE)):
        for line in lines:
            if line:
                y += height
                place = {"x": f"{x:.1f}", "y": f"{y - 4:.1f}", "font-size": f"{size:.0f}", "class": css}
                SubElement(group, "text", place).text = line
