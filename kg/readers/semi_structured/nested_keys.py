"""Paths to nested values, ``context.course_id`` and ``items[].item_id``, and rows that unfold along them.

``[]`` stands for each element of a list. Where a key column of the source (id, head, tail) goes through a list, each
element is a row of its own, which the other columns see beside what surrounds it; an empty list is one row without
those cells. In all other columns the elements are one list cell. Text that holds a JSON object is looked into as well.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kg.errors import MappingError

_DEEPEST = 3
_ELEMENTS = 20
"""Elements of a list that are looked at for the names of keys."""


@dataclass(frozen=True)
class Step:
    """One part of a path."""

    key: str
    each: bool
    """Whether what the key holds is a list, of which each element is meant."""


Path = tuple[Step, ...]


def path_of(column: str) -> Path:
    """The steps of a column name."""
    return tuple(Step(part.removesuffix("[]"), part.endswith("[]")) for part in column.split("."))


class Unfolding:
    """How the objects of one source become rows."""

    def __init__(self, wanted: Sequence[str], keys: Sequence[str]) -> None:
        """Prepare.

        :param wanted: all columns that are read.
        :param keys: those among them whose lists unfold.
        :raises MappingError: where two keys go through different lists.
        """
        self._paths = {name: path_of(name) for name in wanted}
        self._along: Path = ()
        for name in keys:
            prefix = _through_lists(path_of(name))
            longer, shorter = sorted((prefix, self._along), key=len, reverse=True)
            if longer[: len(shorter)] != shorter:
                raise MappingError(f"{name!r} and another key go through different lists; give each its own source")
            self._along = longer
        self._starts = {name: self._common(path) for name, path in self._paths.items()}

    @property
    def is_flat(self) -> bool:
        """Whether no column is nested, so that each object is one row of its own keys."""
        return all(len(path) == 1 and not path[0].each for path in self._paths.values())

    def rows(self, document: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Each row as the wanted columns that are there: scalars, lists, or what else the document holds."""
        for nodes in self._nodes({0: document}, 0):
            row = {}
            for name, path in self._paths.items():
                if name in document:  # a key that is written with a dot
                    row[name] = document[name]
                    continue
                start = self._starts[name]
                found, value = _value(nodes.get(start), path[start:])
                if found:
                    row[name] = value
            yield row

    def _nodes(self, nodes: dict[int, Any], start: int) -> Iterator[dict[int, Any]]:
        """For each row: number of steps along the unfolding → what is there."""
        end = next((i + 1 for i in range(start, len(self._along)) if self._along[i].each), None)
        if end is None:
            yield nodes
            return
        plain = (*self._along[start : end - 1], Step(self._along[end - 1].key, each=False))
        value = _value(nodes[start], plain)[1]
        elements = [value] if isinstance(value, dict) else value if isinstance(value, list) else []
        if not elements:
            yield nodes
        for element in elements:
            yield from self._nodes({**nodes, end: element}, end)

    def _common(self, path: Path) -> int:
        """After how many steps of the unfolding a column goes its own way."""
        ends = [i + 1 for i, step in enumerate(self._along) if step.each and path[: i + 1] == self._along[: i + 1]]
        return max(ends, default=0)


def names_in(document: dict[str, Any]) -> list[str]:
    """The columns by which the values of an object can be named."""
    return list(dict.fromkeys(_names(document, "", _DEEPEST)))


def _names(node: dict[str, Any], prefix: str, depth: int) -> Iterator[str]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        value = _opened(value)
        if isinstance(value, dict) and value and depth:
            yield from _names(value, f"{name}.", depth - 1)
        elif isinstance(value, list) and depth and any(isinstance(item, dict) for item in value[:_ELEMENTS]):
            for item in value[:_ELEMENTS]:
                if isinstance(item, dict):
                    yield from _names(item, f"{name}[].", depth - 1)
        else:
            yield name


def _through_lists(path: Path) -> Path:
    """The path up to its last list."""
    return path[: max((i + 1 for i, step in enumerate(path) if step.each), default=0)]


def _value(node: Any, path: Path) -> tuple[bool, Any]:
    """Whether the path leads somewhere, and what is there."""
    for at, step in enumerate(path):
        if isinstance(node, list):
            found = [value for there, value in (_value(item, path[at:]) for item in node) if there]
            return bool(found), [one for value in found for one in (value if isinstance(value, list) else [value])]
        node = _opened(node)
        if not isinstance(node, dict) or step.key not in node:
            return False, None
        node = node[step.key]
    return True, node


def _opened(node: Any) -> Any:
    """The object in a text that holds one."""
    if not isinstance(node, str) or not node.startswith("{") or not node.endswith("}"):
        return node
    try:
        return json.loads(node, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return node
