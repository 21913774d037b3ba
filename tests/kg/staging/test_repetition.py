"""How often somebody did the same again: whatever the order and the cut of the files, each event counts once."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from kg.staging.repetition import repeated
from kg.stores.store import TRIPLE_DTYPES

EVENTS = st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("pq"), st.integers(1, 9)), max_size=12)


def rows(events: list[tuple[str, str, int]]) -> pl.DataFrame:
    found = [(head, tail, None, time) for head, tail, time in events]
    return pl.DataFrame(found, schema=TRIPLE_DTYPES, orient="row")


@given(EVENTS, st.integers(0, 9), st.integers(0, 9))
def test_a_log_in_parts_counts_as_the_whole(events: list[tuple[str, str, int]], cut: int, overlap: int) -> None:
    earlier = [one for one in events if one[2] <= cut]
    since = [one for one in events if one[2] > cut - overlap]
    first = repeated(rows(earlier), None)
    second = repeated(rows(since), first)
    stored = pl.concat([second, first.join(second, on=["head", "tail"], how="anti")])
    again = repeated(rows(since), stored)
    for found in (
        pl.concat([again, stored.join(again, on=["head", "tail"], how="anti")]),
        repeated(rows(events), None),
    ):
        assert {(h, t): (n, last) for h, t, n, last in found.iter_rows()} == {
            pair: (len(times), max(times))
            for pair in {one[:2] for one in events}
            for times in [{time for head, tail, time in events if (head, tail) == pair}]
        }
