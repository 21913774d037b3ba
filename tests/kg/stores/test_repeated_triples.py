"""The contract of a store about relations with ``repeat``: when it was first so, on how many days, and when last before
the latest day, is kept."""

from collections.abc import Callable

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from kg.schema import Schema, parse_schema
from kg.stores.embedded import piece_reading
from kg.stores.embedded.batch_writing import FEW
from kg.stores.neo4j import page_reading
from kg.stores.store import REPEATED_DTYPES, TRIPLE_DTYPES, Store, triple_dtypes

Opened = Callable[..., Store]
ROWS = [
    ("u1", "o1", 3.0, 900, 100, 3, 800),
    ("u1", "o2", 1.0, None, None, None, None),
    ("u2", "o1", 2.0, 7, 7, 1, None),
]


def schema(*, repeat: bool) -> Schema:
    bought = {"head": "User", "tail": "Order", "interaction": True, "repeat": repeat}
    entity = {"User": {"sensitive": True}, "Order": {"domain": "orders"}}
    return parse_schema({"name": "shop", "entity": entity, "relation": {"bought": bought}})


def frame(rows: list[tuple[object, ...]], *, repeat: bool = True) -> pl.DataFrame:
    return pl.DataFrame(rows, triple_dtypes(schema(repeat=repeat), "bought"), orient="row")


def fill(store: Store, ids: int = 3) -> Store:
    for kind, letter in (("User", "u"), ("Order", "o")):
        found = [f"{letter}{number}" for number in range(ids)]
        store.create_entities(kind, pl.DataFrame({"id": found, "label": None}))
    return store


def assert_holds(store: Store, rows: list[tuple[object, ...]], *, repeat: bool = True) -> None:
    expected = frame(rows, repeat=repeat).sort("head", "tail")
    heads = pl.Series([f"u{number}" for number in range(3)])
    found = [store.read_triples("bought"), store.triples_of_heads("bought", heads)]
    found.append(pl.concat(store.triple_pieces("bought")))
    for one in found:
        assert_frame_equal(one.sort("head", "tail"), expected, check_exact=True)
    positions = pl.concat(store.read_positions("bought", heads, pl.Series(["o1", "o2"])))
    assert_frame_equal(
        positions.drop("head", "tail").sort(pl.all()), expected.drop("head", "tail").sort(pl.all()), check_exact=True
    )


def test_first_time_and_days_are_written_changed_and_copied(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    store = fill(opened(schema(repeat=True)))
    store.create_triples("bought", frame(ROWS[:2]))
    store.create_triples("bought", frame(ROWS[2:]))
    assert_holds(store, ROWS)
    changed = [("u1", "o1", 4.0, 950, 50, 5, 900), ("u1", "o2", 2.0, 3, 3, 1, None), ROWS[2]]
    store.update_triples("bought", frame(changed[:2]))
    assert_holds(store, changed)
    store.compact()
    assert_holds(store, changed)
    for module in (page_reading, piece_reading):
        monkeypatch.setattr(module, "PIECE_ROWS", 1)
    assert_holds(store, changed)


def test_many_triples_of_one_head_and_of_files_keep_them_too(opened: Opened, tmp_path) -> None:
    store = fill(opened(schema(repeat=True)), FEW + 2)
    many = frame([(f"u{n // 9}", f"o{n}", 1.0, n, n or None, n, -n if n % 3 else None) for n in range(FEW + 2)])
    many.write_parquet(tmp_path / "part.parquet")
    if not store.bulk_load_triples("bought", [tmp_path / "part.parquet"], many.height):
        store.create_triples("bought", many)
    assert_frame_equal(store.read_triples("bought").sort("tail"), many.sort("tail"), check_exact=True)


def test_a_store_of_an_earlier_version_is_read_and_then_grows(opened: Opened) -> None:
    plain = pl.DataFrame([row[:4] for row in ROWS], TRIPLE_DTYPES, orient="row")
    earlier = fill(opened(schema(repeat=False)))
    earlier.create_triples("bought", plain)
    earlier.close()
    unknown = [(*row[:4], None, None, None) for row in ROWS]
    for read_only in (True, False):
        store = opened(schema(repeat=True), read_only=read_only)
        assert_holds(store, unknown)
        store.close()
    store = opened(schema(repeat=True))
    store.update_triples("bought", frame(ROWS[:1]))
    store.create_triples("bought", plain.head(1).with_columns(head=pl.lit("u0")))  # who says nothing of it may
    assert_holds(store, [ROWS[0], *unknown[1:], ("u0", *unknown[0][1:])])
    store.close()
    assert_holds(opened(schema(repeat=False), read_only=True), [*plain.rows(), ("u0", *ROWS[0][1:4])], repeat=False)


@pytest.mark.parametrize("compacted", [False, True])
def test_a_store_that_lacks_only_the_time_before_the_last_day_loses_nothing(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, compacted: bool
) -> None:
    with monkeypatch.context() as before:
        before.delitem(REPEATED_DTYPES, "previous")  # as an earlier version was
        earlier = fill(opened(schema(repeat=True)))
        earlier.create_triples("bought", frame([row[:6] for row in ROWS]))
        earlier.close()
    unknown = [(*row[:6], None) for row in ROWS]
    store = opened(schema(repeat=True), read_only=True)
    assert_holds(store, unknown)
    store.close()
    if compacted:
        store = opened(schema(repeat=False))  # a schema that no longer repeats it
        store.compact()
        store.close()
    store = opened(schema(repeat=True))
    assert_holds(store, unknown)
    store.update_triples("bought", frame(ROWS[:1]))
    store.create_triples("bought", frame([("u0", *ROWS[0][1:])]))
    assert_holds(store, [ROWS[0], *unknown[1:], ("u0", *ROWS[0][1:])])
    store.update_triples("bought", frame([(*ROWS[0][:6], None)]))  # and null takes it away again
    store.compact()
    assert_holds(store, [*unknown, ("u0", *ROWS[0][1:])])
