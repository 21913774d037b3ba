"""How often somebody did the same again, and since when: whatever the cut of the files, each event counts once."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from kg.staging.repetition import repeated
from kg.stores.occasions import DAY, occasions
from kg.stores.store import REPEATED_DTYPES, TRIPLE_DTYPES

Event = tuple[str, str, int]
HALF_DAYS = st.integers(-9, 9)
EVENTS = st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("pq"), HALF_DAYS), max_size=12)


def loaded(stored: pl.DataFrame, events: list[Event]) -> pl.DataFrame:
    """What a store has after a load of some events, in the order in which they come."""
    timed = [(head, tail, None, half * DAY // 2) for head, tail, half in events]
    rows = pl.DataFrame(timed, schema=TRIPLE_DTYPES, orient="row")
    found = repeated(rows, stored).join(occasions(rows, stored), on=["head", "tail"], how="left")
    return pl.concat([found.select(stored.columns), stored.join(found, on=["head", "tail"], how="anti")])


def told(stored: pl.DataFrame) -> dict[tuple[str, str], tuple[float, int, int, int]]:
    return {(head, tail): tuple(numbers) for head, tail, *numbers in stored.iter_rows()}


def truth(events: list[Event]) -> dict[tuple[str, str], tuple[float, int, int, int]]:
    found = {}
    for pair in {one[:2] for one in events}:
        times = {half * DAY // 2 for head, tail, half in events if (head, tail) == pair}
        found[pair] = (len(times), max(times), min(times), len({time // DAY for time in times}))
    return found


NOTHING = pl.DataFrame(schema=TRIPLE_DTYPES | REPEATED_DTYPES)


@given(EVENTS, HALF_DAYS, HALF_DAYS, st.integers(0, 5), st.permutations(range(3)), st.randoms())
def test_parts_of_a_log_that_follow_each_other_count_as_the_whole(
    events: list[Event], one: int, other: int, overlap: int, order: list[int], random: object
) -> None:
    random.shuffle(events)  # type: ignore[attr-defined]
    low, high = sorted((one, other))
    bounds = [(-10, low), (low, high), (high, 10)]
    order = order if order[:2] != [0, 2] and order[:2] != [2, 0] else [0, 1, 2]  # none that leaves a gap
    stored = NOTHING
    for number in order:
        first, last = bounds[number]
        part = [event for event in events if first - overlap <= event[2] < last + overlap]
        stored = loaded(stored, part)
        assert told(loaded(stored, part)) == told(stored)
    assert told(stored) == truth(events)


@given(EVENTS, st.lists(st.integers(0, 3), min_size=12, max_size=12))
def test_parts_that_interleave_never_count_too_much_and_are_mended_by_the_whole(
    events: list[Event], parts: list[int]
) -> None:
    stored = NOTHING
    for part in range(4):
        stored = loaded(stored, [event for event, of in zip(events, parts, strict=False) if of == part])
    expected = truth(events)
    assert told(stored).keys() == expected.keys()
    for pair, (times, last, first, days) in told(stored).items():
        assert (last, first) == expected[pair][1:3]
        assert times <= expected[pair][0] and days <= expected[pair][3]
    for _ in range(2):
        stored = loaded(stored, events)
        assert told(stored) == expected


def test_what_an_earlier_version_stored_counts_as_its_last_day() -> None:
    unknown = {"first": None, "occasions": None}
    stored = pl.DataFrame(
        [{"head": "u", "tail": "p", "weight": 3.0, "timestamp": 10 * DAY, **unknown}], schema=NOTHING.schema
    )
    assert told(loaded(stored, [("u", "p", 28)]))["u", "p"] == (4.0, 14 * DAY, 10 * DAY, 2)
    whole = [("u", "p", 2), ("u", "p", 12), ("u", "p", 20)]
    assert told(loaded(stored, whole))["u", "p"] == (3.0, 10 * DAY, DAY, 3)


def test_a_return_is_no_day_of_use() -> None:
    rows = pl.DataFrame(
        [("u", "p", 2.0, 0), ("u", "p", -1.0, 9 * DAY), ("u", "p", 1.0, None)], schema=TRIPLE_DTYPES, orient="row"
    )
    assert occasions(rows, None).rows() == [("u", "p", 0, 1)]
