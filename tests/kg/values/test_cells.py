"""Cells of text: the one limit of an id's length, and what they may hold."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from kg.stores.store import MAX_ID_BYTES
from kg.values.cells import may_hold, too_long


def test_an_id_may_be_as_long_as_the_stores_allow_and_no_longer() -> None:
    longest = "é" * (MAX_ID_BYTES // 2)
    assert too_long(pl.Series([longest, longest + "x", None])).to_list() == [False, True, False]


@given(st.lists(st.none() | st.text(max_size=20)), st.lists(st.text(max_size=30)))
def test_what_a_cell_holds_may_be_held(first: list[str | None], second: list[str | None]) -> None:
    """Short cells and long ones, several chunks, and none."""
    cells = pl.concat([pl.Series(first, dtype=pl.String), pl.Series(second, dtype=pl.String)], rechunk=False)
    for character in "+-":
        held = any(character in (cell or "") for cell in cells)
        assert may_hold(cells, character) >= held
        assert may_hold(cells[1:], character) >= any(character in (cell or "") for cell in cells[1:])


def test_ids_without_any_mark_hold_none() -> None:
    assert not may_hold(pl.Series([f"u{n:07}" for n in range(100)]), "+-")
    assert not may_hold(pl.Series([], dtype=pl.String), "+-")
