"""Path picture: where the nodes of paths stand, as a graph from left to right, or as a tree for narrow screens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from recommender.pages.wrapping import wrap
from recommender.results.account import Node, Path

GRAPH_WIDTH, TREE_WIDTH = 1080.0, 360.0
FONT, SMALL = 14.0, 12.0
"""Sizes of labels and of captions, in the units of the picture, which are pixels where it is as wide as drawn."""
LINE, SMALL_LINE = 18.0, 16.0
PADDING, GAP, BETWEEN = 8.0, 14.0, 60.0
INDENT, DOT = 16.0, 5.0
MOST_LINES = 4

Key = tuple[str, ...]


@dataclass
class Box:
    """A node: its place, its size, and its text in lines. In a tree ``x`` and ``y`` are where its dot is."""

    name: str
    node: Node
    caption: list[str]
    label: list[str]
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0
    share: float = 0.0
    """Sum of the shares of the paths over it."""
    depth: int = 0
    kind: str = ""
    """Its type as a person reads it."""


@dataclass
class Line:
    """A step of one or several paths: names of its boxes, the part it belongs to, the sum of their shares."""

    head: str
    tail: str
    part: int
    share: float = 0.0


@dataclass
class Picture:
    """Boxes and lines with the size of it all."""

    width: float
    height: float = 0.0
    boxes: dict[Key, Box] = field(default_factory=dict)
    lines: dict[tuple[str, str, int], Line] = field(default_factory=dict)

    def add_line(self, head: Box, tail: Box, part: int, share: float) -> None:
        """Draw a step, or make it stronger where it is there."""
        key = (head.name, tail.name, part)
        self.lines.setdefault(key, Line(*key)).share += share


def graph_picture(
    paths: Sequence[tuple[int, Path]], captions: Sequence[Sequence[str]], kinds: Mapping[str, str]
) -> Picture:
    """The paths from left to right: the user, a column per step, the item. A node stands once in each column.

    :param paths: each with the number of its part.
    :param captions: what is written over each node of each path: how it is reached.
    :param kinds: each type as a person reads it.
    """
    columns = max((len(path.nodes) for _, path in paths), default=2)
    picture = Picture(GRAPH_WIDTH)
    width = (GRAPH_WIDTH - BETWEEN * (columns - 1)) / columns
    for (part, path), above in zip(paths, captions, strict=True):
        boxes = []
        for position, node in enumerate(path.nodes):
            last = position == len(path.nodes) - 1
            column = columns - 1 if last else position
            step = path.relations[position - 1] if position and not last else ""
            caption = kinds[node.type] if last else above[position]
            boxes.append(_box(picture, (str(column), *_identity(path, position), step), node, caption, width))
            boxes[-1].x, boxes[-1].depth = column * (width + BETWEEN), column
            boxes[-1].share += path.share
            boxes[-1].kind = kinds[node.type]
        for head, tail in pairwise(boxes):
            picture.add_line(head, tail, part, path.share)
    _stack(picture, columns)
    return picture


def tree_picture(
    paths: Sequence[tuple[int, Path]], captions: Sequence[Sequence[str]], kinds: Mapping[str, str]
) -> Picture:
    """The paths from top to bottom, as a tree: paths that begin alike share their beginning."""
    picture = Picture(TREE_WIDTH)
    for (part, path), above in zip(paths, captions, strict=True):
        parent: Box | None = None
        key: Key = ()
        for depth, node in enumerate(path.nodes):
            step = path.relations[depth - 1] if depth else ""
            key = (*key, *_identity(path, depth), step)
            ems = (TREE_WIDTH - INDENT * depth - 2 * DOT - PADDING) / FONT
            box = picture.boxes.get(key)
            if box is None:
                label = node.label if depth < len(path.nodes) - 1 else f"{node.label} ({path.share:+.4f})"
                box = Box(f"t{len(picture.boxes)}", node, wrap(above[depth], ems * FONT / SMALL, 2), [], depth=depth)
                box.label = wrap(label, ems / 1.08, MOST_LINES)
                box.kind = kinds[node.type]
                picture.boxes[key] = box
            box.share += path.share
            if parent is not None:
                picture.add_line(parent, box, part, path.share)
            parent = box
    top = PADDING
    for box in _in_order(picture):
        box.height = SMALL_LINE * len([line for line in box.caption if line]) + LINE * len(box.label)
        box.x, box.y = DOT + INDENT * box.depth, top + SMALL_LINE / 2
        top += box.height + PADDING
    picture.height = top
    return picture


def _in_order(picture: Picture) -> list[Box]:
    """The boxes of a tree, parents before children, those of the largest share first."""
    children: dict[str, dict[str, None]] = {}
    for line in picture.lines.values():
        children.setdefault(line.head, {})[line.tail] = None
    by_name = {box.name: box for box in picture.boxes.values()}
    tails = {line.tail for line in picture.lines.values()}
    ordered, stack = list[Box](), [box for box in by_name.values() if box.name not in tails][::-1]
    while stack:
        box = stack.pop()
        ordered.append(box)
        stack += sorted((by_name[name] for name in children.get(box.name, ())), key=lambda one: one.share)
    return ordered


def _identity(path: Path, position: int) -> Key:
    """People of different paths are different, even where they are as many."""
    node = path.nodes[position]
    if position > 0 and node.id is None:
        return (node.type, "", path.text)
    return (node.type, node.id or "", "" if node.id else node.label)


def _box(picture: Picture, key: Key, node: Node, caption: str, width: float) -> Box:
    if key not in picture.boxes:
        ems = (width - 2 * PADDING) / FONT
        label = wrap(node.label, ems / 1.08, MOST_LINES)
        box = Box(f"n{len(picture.boxes)}", node, wrap(caption, ems * FONT / SMALL, 2), label, width=width)
        box.height = 2 * PADDING + SMALL_LINE * len(box.caption) + LINE * len(label)
        picture.boxes[key] = box
    return picture.boxes[key]


def _stack(picture: Picture, columns: int) -> None:
    """Heights: in each column one box under the other, near those they come from, the largest share first."""
    heights, comes_from = [0.0] * columns, dict[str, list[Line]]()
    for line in picture.lines.values():
        comes_from.setdefault(line.tail, []).append(line)
    by_name = {box.name: box for box in picture.boxes.values()}
    for column in range(columns):
        boxes = [box for box in picture.boxes.values() if box.depth == column]

        def place(box: Box) -> tuple[float, float]:
            """Height of the boxes that a box comes from, then its share: the order in its column."""
            lines = comes_from.get(box.name, ())
            middles = [by_name[line.head].y for line in lines]
            return (round(sum(middles) / len(middles), 3) if middles else 0.0, -box.share)

        for box in sorted(boxes, key=place):
            box.y = heights[column]
            heights[column] += box.height + GAP
    picture.height = max(heights, default=GAP) - GAP
    for box in by_name.values():
        box.y += (picture.height - heights[box.depth] + GAP) / 2 if heights[box.depth] else 0.0
