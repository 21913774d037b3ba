"""HTML in cells: entities and tags, found and taken out."""

import html
import re

import polars as pl

from kg.values.cells import map_unique

_ENTITY = r"&(?:[a-zA-Z][a-zA-Z0-9]{1,20}|#[0-9]{1,6}|#[xX][0-9a-fA-F]{1,5});"
_TAGS = r"</?[a-zA-Z][a-zA-Z0-9]{0,15}(?:\s[^<>]*)?/?>"
_REFERENCE = re.compile(_ENTITY)
_MARKUP = f"{_ENTITY}|{_TAGS}"
_TAG = re.compile(f"<!--.*?-->|{_TAGS}", re.DOTALL)
_BLOCK = re.compile(r"<\s*/?\s*(?:br|p|div|li|ul|ol|td|tr|h[1-6]|table|section)\b[^<>]*>", re.IGNORECASE)
_TWICE = 2
"""How often entities are resolved: ``&amp;nbsp;`` was escaped twice."""


def markup_cells(cells: pl.Series) -> int:
    """How many cells hold an entity or a tag."""
    if not cells.str.contains("[&<]").any():
        return 0
    return int(cells.str.contains(_MARKUP).sum())


def plain_text(cells: pl.Series) -> pl.Series:
    """The cells without tags, entities resolved."""
    marked = cells.str.contains(_MARKUP).fill_null(False)
    if not marked.any():
        return cells
    plain = map_unique(cells.filter(marked), lambda text: without_markup(text, " "))
    return cells.scatter(marked.arg_true(), plain)


def without_markup(text: str, separator: str) -> str:
    """One text without tags, entities resolved.

    :param separator: what stands for a tag that ends a line or a paragraph.
    """
    if "<" in text:
        text = _TAG.sub("", _BLOCK.sub(separator, text))
    for _ in range(_TWICE):
        if "&" not in text:
            break
        text = _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
    if "<" in text:
        text = _TAG.sub("", _BLOCK.sub(separator, text))
    return " ".join(text.split()) if separator == " " else text
