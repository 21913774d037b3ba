"""Cells of text: the one limit of an id's length."""

import polars as pl

from kg.stores.store import MAX_ID_BYTES
from kg.values.cells import too_long


def test_an_id_may_be_as_long_as_the_stores_allow_and_no_longer() -> None:
    longest = "é" * (MAX_ID_BYTES // 2)
    assert too_long(pl.Series([longest, longest + "x", None])).to_list() == [False, True, False]
