"""Cells of text: trimmed, without the spellings of "no value", ids in Unicode NFC."""

import unicodedata
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from kg.identifier import BLANKS
from kg.stores.store import MAX_ID_BYTES

_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]"
_WIDE = "[\uff01-\uff5e]"
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def trimmed(series: pl.Series, nulls: Sequence[str], tidy: bool = False) -> pl.Series:
    """The cells without ``BLANKS`` around them; null where nothing but a spelling of "no value" is left.

    :param tidy: whether there are no ``BLANKS`` for sure.
    """
    text = series if tidy else series.str.strip_chars(BLANKS)
    shortest = text.str.len_bytes().min()
    if isinstance(shortest, int) and shortest > max((len(null.encode()) for null in nulls), default=-1):
        return text
    return masked(text, text.is_in(list(nulls)).fill_null(True))


def invisible(ids: pl.Series) -> int:
    """How many ids hold a character that nobody sees, and so differ from what they look like."""
    return int(ids.str.contains(_INVISIBLE).sum() or 0)


def full_width(ids: pl.Series) -> int:
    """How many ids hold a letter or digit of ASCII in its full-width form, and so differ from those without."""
    return int(ids.str.contains("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]").sum() or 0)


def identifiers(series: pl.Series) -> pl.Series:
    """Trimmed cells in Unicode NFC."""
    plain = series.drop_nulls()
    if int(plain.str.len_bytes().sum() or 0) == int(plain.str.len_chars().sum() or 0):
        return series
    return series.str.normalize("NFC")


def half_width(series: pl.Series) -> pl.Series:
    """Cells with ASCII for its full-width forms, ``１２．５``, that Chinese and Japanese keyboards write."""
    plain = series.drop_nulls()
    if int(plain.str.len_bytes().sum() or 0) == int(plain.str.len_chars().sum() or 0):
        return series
    wide = plain.filter(plain.str.contains(_WIDE)).unique()
    return series if wide.is_empty() else series.replace(wide, map_unique(wide, lambda text: text.translate(_NARROW)))


def masked(series: pl.Series, mask: pl.Series) -> pl.Series:
    """The series with null where ``mask`` is true."""
    return series.to_frame("x").select(pl.when(~mask).then(pl.col("x"))).to_series().alias(series.name)


def may_hold(series: pl.Series, characters: str) -> bool:
    """Whether any cell may hold one of some characters of ASCII, from the bytes of all of them at once: sometimes where
    none does, never the other way round."""
    array = series.to_arrow(compat_level=pl.CompatLevel.newest())
    found = (np.frombuffer(one, dtype=np.uint8) for one in array.buffers()[1:] if one is not None)
    codes = characters.encode()
    return any(bool((part == code).any()) for part in found for code in codes)


def too_long(series: pl.Series) -> pl.Series:
    """Where an id has more than ``MAX_ID_BYTES``; false for null."""
    return (series.str.len_bytes() > MAX_ID_BYTES).fill_null(False)


def map_unique(series: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """``function`` of each cell, computed once per different text; null stays null."""
    texts = series.drop_nulls().unique()
    results = pl.Series([function(text) for text in texts], dtype=pl.String)
    table = pl.DataFrame({"x": texts, "result": results})
    return series.to_frame("x").join(table, on="x", how="left", maintain_order="left").get_column("result")


def casefolded(series: pl.Series) -> pl.Series:
    """Cells for comparison without case, by Unicode case folding."""
    plain = series.drop_nulls()
    if int(plain.str.len_bytes().sum() or 0) == int(plain.str.len_chars().sum() or 0):
        return series.str.to_lowercase()
    return map_unique(series, lambda text: unicodedata.normalize("NFC", text.casefold()))
