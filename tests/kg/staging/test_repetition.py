"""How often somebody did the same again, and since when: whatever the cut of the files, each event counts once."""

from dataclasses import dataclass, field

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from kg.instant import DAY
from kg.staging.repetition import repeated
from kg.stores.occasions import occasions
from kg.stores.store import REPEATED_DTYPES, TRIPLE_DTYPES

Event = tuple[str, str, int]
HALF_DAYS = st.integers(-9, 9)
EVENTS = st.lists(st.tuples(st.sampled_from("uv"), st.sampled_from("pq"), HALF_DAYS), max_size=12)
Numbers = tuple[float, int, int, int, int | None]


def log(events: list[Event]) -> pl.DataFrame:
    timed = [(head, tail, None, half * DAY // 2) for head, tail, half in events]
    return pl.DataFrame(timed, schema=TRIPLE_DTYPES, orient="row")


def after(stored: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """What a store has after a load of some rows, of a log or of an export."""
    found = repeated(rows.select(list(TRIPLE_DTYPES)), stored)
    found = found.join(occasions(rows, stored), on=["head", "tail"], how="left")
    return pl.concat([found.select(stored.columns), stored.join(found, on=["head", "tail"], how="anti")])


def loaded(stored: pl.DataFrame, events: list[Event]) -> pl.DataFrame:
    """What a store has after a load of some events, in the order in which they come."""
    return after(stored, log(events))


def told(stored: pl.DataFrame) -> dict[tuple[str, str], Numbers]:
    return {(head, tail): tuple(numbers) for head, tail, *numbers in stored.iter_rows()}


def truth(events: list[Event]) -> dict[tuple[str, str], Numbers]:
    found = {}
    for pair in {one[:2] for one in events}:
        times = {half * DAY // 2 for head, tail, half in events if (head, tail) == pair}
        before = max((time for time in times if time // DAY < max(times) // DAY), default=None)
        found[pair] = (len(times), max(times), min(times), len({time // DAY for time in times}), before)
    return found


def latest(numbers: dict[tuple[str, str], Numbers]) -> dict[tuple[str, str], tuple[int, int, int | None]]:
    """Last time, first time and the one before the last day."""
    return {pair: (last, first, before) for pair, (_, last, first, _, before) in numbers.items()}


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
    assert latest(told(stored)) == latest(expected)
    for pair, (times, _, _, days, _) in told(stored).items():
        assert times <= expected[pair][0] and days <= expected[pair][3]
    for _ in range(2):
        stored = loaded(stored, events)
        assert told(stored) == expected


@dataclass
class Part:
    """Some events of the log, told as they are, or by the export of a store that holds nothing else."""

    exported: bool
    events: list[Event] = field(default_factory=list)


@given(EVENTS, st.data())
def test_the_time_before_the_last_day_is_that_of_the_whole_log_however_it_is_cut(
    events: list[Event], data: st.DataObject
) -> None:
    parts = [Part(exported) for exported in data.draw(st.lists(st.booleans(), min_size=1, max_size=5))]
    for event in events:
        for number in data.draw(st.sets(st.integers(0, len(parts) - 1), min_size=1)):  # some are in several parts
            parts[number].events.append(event)
    stored = NOTHING
    for number in data.draw(st.permutations([*range(len(parts)), 0])):  # and one is loaded again
        part = parts[number]
        stored = after(stored, loaded(NOTHING, part.events)) if part.exported else loaded(stored, part.events)
    assert latest(told(stored)) == latest(truth(events))


UNTOLD = pl.lit(None, dtype=pl.Int64).alias("previous")


@given(EVENTS, st.lists(st.booleans(), min_size=12, max_size=12), st.booleans())
def test_a_store_of_an_earlier_version_learns_it_of_the_whole_log(
    events: list[Event], there: list[bool], exported: bool
) -> None:
    earlier = loaded(NOTHING, [event for event, kept in zip(events, there, strict=False) if kept])
    stored = earlier.with_columns(UNTOLD)
    whole = after(stored, loaded(NOTHING, events)) if exported else loaded(stored, events)
    assert latest(told(whole)) == latest(truth(events))
    known = after(loaded(NOTHING, events), stored)  # an export of that version hides nothing that is known
    assert latest(told(known)) == latest(truth(events))


def test_of_what_an_earlier_version_stored_it_is_told_as_far_as_it_is_known() -> None:
    def then(days: list[int], *more: int) -> int | None:
        stored = loaded(NOTHING, [("u", "p", 2 * day) for day in days]).with_columns(UNTOLD)
        return told(loaded(stored, [("u", "p", 2 * day) for day in more]))["u", "p"][4]

    assert then([1, 5], 5) == DAY  # of two days it is the first
    assert then([1, 3, 5], 5) is None and then([1, 3, 5], 2, 5) is None  # day 3 is not told of
    assert then([1, 3, 5], 7) == 5 * DAY and then([1, 3, 5], 6, 7) == 6 * DAY
    assert then([1, 3, 5], 1, 3, 5) == 3 * DAY and then([1, 3, 5], 1, 2, 3, 4, 5) == 4 * DAY
    assert then([5], 2, 3) == 3 * DAY and then([5], 5) is None


def test_what_is_claimed_of_no_earlier_day_is_not_believed() -> None:
    rows = [("u", "p", 3.0, 9 * DAY, DAY, 3, 9 * DAY + 5), ("u", "q", 3.0, 9 * DAY, DAY, 2, 10 * DAY)]
    claimed = occasions(pl.DataFrame(rows, schema=NOTHING.schema, orient="row"), None)
    assert sorted(claimed.rows()) == [("u", "p", DAY, 3, None), ("u", "q", DAY, 2, DAY)]


def test_what_an_earlier_version_stored_counts_as_its_last_day() -> None:
    unknown = {"first": None, "occasions": None, "previous": None}
    stored = pl.DataFrame(
        [{"head": "u", "tail": "p", "weight": 3.0, "timestamp": 10 * DAY, **unknown}], schema=NOTHING.schema
    )
    assert told(loaded(stored, [("u", "p", 28)]))["u", "p"] == (4.0, 14 * DAY, 10 * DAY, 2, 10 * DAY)
    whole = [("u", "p", 2), ("u", "p", 12), ("u", "p", 20)]
    assert told(loaded(stored, whole))["u", "p"] == (3.0, 10 * DAY, DAY, 3, 6 * DAY)


def test_a_return_is_no_day_of_use() -> None:
    rows = pl.DataFrame(
        [("u", "p", 2.0, 0), ("u", "p", -1.0, 9 * DAY), ("u", "p", 1.0, None)], schema=TRIPLE_DTYPES, orient="row"
    )
    assert occasions(rows, None).rows() == [("u", "p", 0, 1, None)]
