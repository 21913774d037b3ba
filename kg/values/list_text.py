"""Lists written as text: ``["a", "b"]`` of JSON, ``['a', 'b']``, ``('a', 'b')`` of Python and NumPy, ``{a,"b c"}`` of
PostgreSQL."""

import ast
import csv
import json
import re

import polars as pl

LONGEST = 1_000_000
_LIKE_LIST = r"""(?s)^\[.*\]$|^\{[^:{]*\}$|^\(\s*['"].*\)$|^(?:array|frozenset|set)\([\[{(].*\)$"""
_CALL = re.compile(r"(?:array|frozenset|set)\((.*?)(?:,\s*dtype=[^)]*)?\)", re.DOTALL)
_NUMPY = re.compile(r"""\[\s*(?:'[^']*'|"[^"]*")(?:\s+(?:'[^']*'|"[^"]*"))+\s*\]""", re.DOTALL)
_QUOTED = re.compile(r"""'([^']*)'|"([^"]*)\"""")


def list_texts(cells: pl.Series) -> tuple[pl.Series, pl.Series] | None:
    """Which cells hold a list, and the lists (null elsewhere); ``None`` where no cell does."""
    likely = cells.str.contains(_LIKE_LIST).fill_null(False)
    if not likely.any():
        return None
    parsed = {text: parse_list(text) for text in cells.filter(likely).unique()}
    listed = [parsed.get(text) if hit else None for text, hit in zip(cells, likely, strict=True)]
    if all(found is None for found in listed):
        return None
    lists = pl.Series("list", listed, dtype=pl.List(pl.String))
    return lists.is_not_null(), lists


def parse_list(text: str) -> list[str | None] | None:
    """The elements, or ``None`` where the text is no list of plain values."""
    if len(text) > LONGEST:
        return None
    if call := _CALL.fullmatch(text):
        text = call[1].strip()
    if text.startswith("{"):
        return _postgres(text) if "'" not in text else parse_list(f"[{text[1:-1]}]")
    if _NUMPY.fullmatch(text):
        return [one or other for one, other in _QUOTED.findall(text)]
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        if isinstance(found, list | tuple) and all(isinstance(item, str | int | float | bool | None) for item in found):
            return [_written(item) for item in found]
        return None
    return None


def _written(item: str | float | bool | None) -> str | None:
    if isinstance(item, bool):
        return str(item).lower()
    return None if item is None or item != item else str(item)


def _postgres(text: str) -> list[str | None] | None:
    inner = text[1:-1]
    if not inner:
        return []
    try:
        (cells,) = csv.reader([inner], escapechar="\\", strict=True)
    except (csv.Error, ValueError):
        return None
    return [None if cell == "NULL" else cell for cell in cells]
