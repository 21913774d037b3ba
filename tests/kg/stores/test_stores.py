"""The contract of a store: every test runs on every store."""

import inspect

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from kg.errors import StoreError
from kg.schema import parse_schema
from kg.stores.embedded import batch_writing, piece_reading
from kg.stores.embedded import tables as embedded_tables
from kg.stores.embedded.batch_writing import FEW
from kg.stores.embedded.store import EmbeddedStore
from kg.stores.neo4j import page_reading
from kg.stores.neo4j.store import Neo4jStore
from kg.stores.store import MAX_ID_BYTES, TRIPLE_DTYPES, Store, entity_dtypes

PROPERTIES = {"desc": "str", "group": "int", "price": "float", "in_stock": "bool"}
SCHEMA = parse_schema(
    {
        "name": "shop",  # names that are keywords of Cypher, and one relation from a type to itself
        "entity": {"User": {"sensitive": True}, "Order": {"domain": "orders", "properties": PROPERTIES}},
        "relation": {"match": {"head": "User", "tail": "Order"}, "return": {"head": "Order", "tail": "Order"}},
    }
)
NASTY = [
    *("007", "7", "1e5", "100000", "a", "A", "a ", " a", " ", "", "null", "NULL", "true", "nan", "[1,2]", "{a:1}"),
    *('"', "'", "`", "\\", "\\n", "\\'", "\n", "\r\n", "\t", "\x00", "a\x00b", "\x7f", "\u2028", "\ufeffa"),
    *(
        "é",
        "e\u0301",
        "ß",
        "SS",
        "ı",
        "😀👩‍👩‍👧",
        "שלום",
        "مرحبا",
        "\u202eabc",
        "课程",
        "𠮷",
        "$rows",
        "%s",
        "{type}",
        "//",
    ),
    *("') DETACH DELETE n //", "`) DETACH DELETE (n", "a' OR 1=1", '"}) MATCH (n) DETACH DELETE n', "x" * MAX_ID_BYTES),
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(NASTY)
VALUES = {
    "label": TEXT,
    "desc": TEXT,
    "group": st.integers(-(2**63), 2**63 - 1),
    "price": st.floats(),
    "in_stock": st.booleans(),
}


def entities(entity_type, rows):
    dtypes = entity_dtypes(SCHEMA, entity_type)
    return pl.DataFrame([{**dict.fromkeys(dtypes), **row} for row in rows], schema=dtypes)


def users(*ids):
    return entities("User", [{"id": each} for each in ids])


def orders(*ids):
    return entities("Order", [{"id": each, "label": f"label {each}", "price": 1.5, "group": 1} for each in ids])


def triples(*rows):
    return pl.DataFrame([(*row, 1.0, None)[:4] if len(row) == 2 else row for row in rows], TRIPLE_DTYPES, orient="row")


def assert_same(found, expected):
    keys = ["head", "tail"] if "head" in expected.columns else ["id"]
    assert_frame_equal(found.sort(keys), expected.sort(keys), check_exact=True)


@pytest.fixture
def store(opened):
    return opened(SCHEMA)


def test_every_store_has_the_interface():
    for name, method in inspect.getmembers(Store, inspect.isfunction):
        if not name.startswith("_"):
            for kind in (EmbeddedStore, Neo4jStore):
                assert inspect.signature(getattr(kind, name)) == inspect.signature(method), (kind, name)


def test_a_new_store_is_empty_with_the_right_columns(store):
    for name in SCHEMA.entity:
        assert store.read_entities(name).schema == pl.Schema(entity_dtypes(SCHEMA, name))
    for name in SCHEMA.relation:
        assert store.read_triples(name).schema == pl.Schema(TRIPLE_DTYPES)
    assert store.count_entities() == {"User": 0, "Order": 0}
    assert store.count_triples() == {"match": 0, "return": 0}
    assert store.existing_triples("match", [("a", "b")]) == set()
    assert store.revision() is None


def test_ends_are_read_as_positions_in_given_ids(store):
    store.create_entities("User", users("u1", "gone", "u2"))
    store.create_entities("Order", orders("o1", "o2", "o3"))
    store.create_triples("match", triples(("u2", "o1", 2.0, 5), ("u1", "o3", 3.0, None), ("gone", "o2")))
    store.delete_entities("User", users("gone"))
    found = pl.concat(store.read_positions("match", pl.Series(["u1", "u2"]), pl.Series(["o2", "o1", "never"])))
    assert found.schema == pl.Schema(TRIPLE_DTYPES | {"head": pl.UInt32(), "tail": pl.UInt32()})
    assert sorted(found.rows()) == [(0, None, 3.0, None), (1, 1, 2.0, 5)]
    assert not sum(piece.height for piece in store.read_positions("return", pl.Series(["o1"]), pl.Series(["o1"])))


def test_triples_of_files_are_those_of_frames_or_none(store, tmp_path):
    store.create_entities("User", users(*NASTY))
    store.create_entities("Order", orders(*NASTY))
    written = [triples(*((head, tail, 0.5, n or None) for n, tail in enumerate(NASTY))) for head in NASTY[:3]]
    folder = tmp_path / "it's a \\ folder, 课程"
    folder.mkdir()
    files = [folder / f"part {number}.parquet" for number in range(4)]
    for file, frame in zip(files, [*written, triples()], strict=True):
        frame.write_parquet(file, compression="lz4", statistics=False)
    if not store.bulk_load_triples("match", files, 3 * len(NASTY)):
        assert store.count_triples()["match"] == 0
        for frame in written:
            store.create_triples("match", frame)
    assert_same(store.read_triples("match"), pl.concat(written))


def test_what_is_read_in_pieces_comes_once_and_is_what_is_read_at_once(store, monkeypatch):
    for module in (piece_reading, embedded_tables, page_reading):
        monkeypatch.setattr(module, "PIECE_ROWS", 4)
    ids = pl.Series(sorted(NASTY))
    store.create_entities("User", users(*NASTY))
    store.create_entities("Order", orders(*NASTY))
    written = [(head, tail, float(n), None) for n, head in enumerate(NASTY[::2]) for tail in NASTY[:2]]
    store.create_triples("match", triples(*written))
    pieces = list(store.read_positions("match", ids, ids))
    assert len([piece for piece in pieces if piece.height]) > 3
    found = [(ids[head], ids[tail], weight, time) for head, tail, weight, time in pl.concat(pieces).rows()]
    assert sorted(found) == sorted(written)
    named = list(store.triple_pieces("match"))
    assert len(named) > 3 and sorted(pl.concat(named).rows()) == sorted(written)
    store.delete_entities("Order", orders(*NASTY[3:9]))
    found = list(store.entity_pieces("Order"))
    assert len(found) > 3 and sorted(pl.concat(found)["id"]) == sorted({*NASTY} - {*NASTY[3:9]})
    assert_same(store.read_entities("Order"), pl.concat(found))
    assert not sum(piece.height for piece in store.triple_pieces("return"))


ROW = st.fixed_dictionaries({"id": TEXT, **{name: st.none() | value for name, value in VALUES.items()}})
ROWS = st.lists(st.tuples(ROW, ROW), min_size=1, max_size=20, unique_by=lambda each: each[0]["id"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, few=st.sampled_from([0, FEW]))
def test_entities_come_back_as_they_were_written(store, rows, few):
    store.delete_entities("Order", store.read_entities("Order"))
    frame = entities("Order", [before for before, _ in rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_writing, "FEW", few)
        store.create_entities("Order", frame)
    assert_same(store.read_entities("Order"), frame)
    changed = entities("Order", [{**after, "id": before["id"]} for before, after in rows])
    store.update_entities("Order", changed)
    assert_same(store.read_entities("Order"), changed)


def test_nasty_ids_stay_apart_and_harm_nothing(store):
    store.create_entities("User", users(*NASTY))
    store.create_entities("Order", orders(*NASTY))
    written = triples(*((head, tail, 0.5, -1) for head, tail in zip(NASTY, reversed(NASTY), strict=True)))
    store.create_triples("match", written)
    store.create_triples("return", triples(*((each, each) for each in NASTY)))
    assert_same(store.read_entities("User"), users(*NASTY))
    assert_same(store.read_entities("Order"), orders(*NASTY))
    assert_same(store.read_triples("match"), written)
    assert store.existing_triples("return", [(each, each.swapcase()) for each in NASTY]) == {
        (each, each) for each in NASTY if each == each.swapcase()
    }
    assert_same(
        store.triples_of_heads("match", pl.Series([NASTY[0], "nobody"])), written.filter(pl.col("head") == NASTY[0])
    )
    assert store.triples_of_heads("match", pl.Series([], dtype=pl.String)).is_empty()
    for each in NASTY:
        store.set_revision(each)
        assert store.revision() == each
    store.delete_triples("return", triples(*((each, f"{each} ") for each in NASTY)))  # none of them is there
    assert store.count_triples() == {"match": len(NASTY), "return": len(NASTY)}
    store.delete_entities("User", users(*NASTY[1::2]))
    assert_same(store.read_entities("User"), users(*NASTY[::2]))
    assert_same(store.read_triples("match"), written.filter(pl.col("head").is_in(NASTY[::2])))


def test_triples_come_back_as_they_were_written(store):
    store.create_entities("User", users("u", "v"))
    store.create_entities("Order", orders("o", "p"))
    written = triples(("u", "o", 0.1, 2**53 + 1), ("u", "p", -0.0, None), ("v", "p", 1e300, -(2**40)))
    store.create_triples("match", written)
    assert_same(store.read_triples("match"), written)
    assert store.count_triples() == {"match": 3, "return": 0}


def test_many_triples_of_few_heads_come_back_as_they_were_written(store):
    ids = [f"{each:03}" for each in range(100)]
    store.create_entities("User", users("u", "v"))
    store.create_entities("Order", orders(*ids))
    rows = [("uv"[n % 3 > 1], each, n / 7, None if n % 5 else n) for n, each in enumerate(ids)]
    with pytest.raises(StoreError, match="an entity that is not in the store"):
        store.create_triples("match", triples(*rows, ("v", "nowhere", 1.0, 1)))
    with pytest.raises(StoreError, match="an entity that is not in the store"):
        store.create_triples("match", triples(*rows, ("nobody", "001", 1.0, 1)))
    assert store.count_triples()["match"] == 0
    store.create_triples("match", triples(*rows))
    assert_same(store.read_triples("match"), triples(*rows))


def test_updates_overwrite_what_they_name_and_nothing_else(store):
    store.create_entities("User", users("u"))
    store.create_entities("Order", orders("o", "p"))
    store.create_triples("match", triples(("u", "o", 1.0, 5), ("u", "p", 1.0, 5)))
    store.update_entities("Order", entities("Order", [{"id": "o", "desc": "new"}]))
    store.update_triples("match", triples(("u", "o", 2.0, None)))
    assert_same(store.read_entities("Order"), pl.concat([entities("Order", [{"id": "o", "desc": "new"}]), orders("p")]))
    assert_same(store.read_triples("match"), triples(("u", "o", 2.0, None), ("u", "p", 1.0, 5)))


def test_a_batch_that_cannot_be_kept_whole_is_not_kept(store):
    store.create_entities("User", users("u"))
    store.create_entities("Order", orders("o"))
    store.create_triples("match", triples(("u", "o")))
    with pytest.raises(StoreError, match="in the store already"):
        store.create_entities("Order", orders("p", "o"))
    with pytest.raises(StoreError, match="1 of 2 rows to update are not there"):
        store.update_entities("Order", entities("Order", [{"id": "o", "label": "new"}, {"id": "p"}]))
    with pytest.raises(StoreError, match="an entity that is not in the store"):
        store.create_triples("return", triples(("o", "o"), ("o", "p")))
    with pytest.raises(StoreError, match="1 of 2 rows to update are not there"):
        store.update_triples("match", triples(("u", "o", 9.0, 9), ("u", "p", 9.0, 9)))
    assert_same(store.read_entities("Order"), orders("o"))
    assert_same(store.read_triples("match"), triples(("u", "o")))
    assert store.count_triples() == {"match": 1, "return": 0}


def test_frames_that_do_not_fit_are_refused(store):
    store.create_entities("Order", orders("o"))
    for wrong, message in [
        (orders("p").drop("price"), "no column price"),
        (orders("p").with_columns(group="price"), "Order.group: the column is Float64, not Int64"),
        (orders("p", "p"), "1 row repeats the id"),
        (entities("Order", [{"label": "no id"}]), "Order.id: 1 row has none"),
    ]:
        with pytest.raises(StoreError, match=message):
            store.create_entities("Order", wrong)
    for wrong, message in [
        (triples(("o", "o", None, 1)), "1 triple has no weight"),
        (triples(("o", None)), "return.tail: 1 row has none"),
        (triples(("o", "o"), ("o", "o")), "1 row repeats the head and tail"),
    ]:
        with pytest.raises(StoreError, match=message):
            store.create_triples("return", wrong)
    with pytest.raises(StoreError, match="unknown entity type 'order'; nearest: 'Order'"):
        store.read_entities("order")
    with pytest.raises(StoreError, match="unknown relation 'matches'; nearest: 'match'"):
        store.read_triples("matches")
    assert store.count_entities()["Order"] == 1


def test_deleting_takes_the_triples_along(store):
    store.create_entities("User", users("u", "v"))
    store.create_entities("Order", orders("o", "p"))
    store.create_triples("match", triples(("u", "o"), ("u", "p"), ("v", "o"), ("v", "p")))
    store.delete_triples("match", triples(("v", "p"), ("v", "nobody")))
    assert_same(store.read_triples("match"), triples(("u", "o"), ("u", "p"), ("v", "o")))
    store.delete_entities("User", users("u", "u", "nobody"))
    assert_same(store.read_entities("User"), users("v"))
    assert_same(store.read_triples("match"), triples(("v", "o")))
    store.delete_entities("Order", orders("o"))
    assert store.count_triples()["match"] == 0


def test_more_rows_than_a_batch_holds(store):
    ids = [f"{each:05}" for each in range(10_003)]
    pairs = list(zip(ids, reversed(ids), strict=True))
    store.create_entities("User", users(*ids))
    store.create_entities("Order", orders(*ids))
    store.create_triples("match", triples(*pairs))
    assert store.count_entities() == {"User": 10_003, "Order": 10_003}
    asked = pairs + [(tail, f"{head}x") for head, tail in pairs]
    assert store.existing_triples("match", asked) == set(pairs)
    changed = triples(*((*pair, 2.0, 7) for pair in pairs))
    store.update_triples("match", changed)
    assert_same(store.read_triples("match"), changed)
    some = pl.Series([*ids[::50], "nobody"])
    assert_same(store.triples_of_heads("match", some), changed.filter(pl.col("head").is_in(some.implode())))


def test_a_store_keeps_its_content_and_its_mark(opened):
    first = opened(SCHEMA)
    first.create_entities("Order", orders("o"))
    first.create_triples("return", triples(("o", "o")))
    first.set_revision("one")
    first.set_revision("two")
    first.close()
    first.close()
    again = opened(SCHEMA)
    assert again.revision() == "two"
    assert_same(again.read_entities("Order"), orders("o"))
    assert_same(again.read_triples("return"), triples(("o", "o")))


def test_marks_are_for_all_and_the_first_stays(opened):
    first = opened(SCHEMA)
    assert first.marks("") == {}
    first.set_revision("one")
    first.add_marks({"forgotten:a": "1", "forgotten:b": "é"})
    first.add_marks({"forgotten:a": "2", "other": ""})
    assert first.marks("forgotten:") == {"forgotten:a": "1", "forgotten:b": "é"} and first.marks("x") == {}
    first.compact()
    assert first.revision() == "one"
    first.close()
    again = opened(SCHEMA)
    assert again.marks("") == {"revision": "one", "forgotten:a": "1", "forgotten:b": "é", "other": ""}
    assert again.count_entities() == {"User": 0, "Order": 0}


def test_read_only_reads_and_refuses_to_write(opened):
    writer = opened(SCHEMA)
    writer.create_entities("Order", orders("o"))
    writer.set_revision("one")
    writer.close()
    reader = opened(SCHEMA, read_only=True)
    assert_same(reader.read_entities("Order"), orders("o"))
    assert reader.revision() == "one"
    for write in (
        lambda: reader.create_entities("Order", orders("p")),
        lambda: reader.update_entities("Order", orders("o")),
        lambda: reader.delete_entities("Order", orders("o")),
        lambda: reader.create_triples("return", triples(("o", "o"))),
        lambda: reader.update_triples("return", triples(("o", "o"))),
        lambda: reader.delete_triples("return", triples(("o", "o"))),
        lambda: reader.set_revision("two"),
        lambda: reader.compact(),
    ):
        with pytest.raises(StoreError, match="open for reading only"):
            write()
    assert (reader.count_entities()["Order"], reader.revision()) == (1, "one")


def test_a_schema_may_grow(opened):
    small = opened(SCHEMA)
    small.create_entities("Order", orders("o"))
    small.close()
    grown = parse_schema(
        {
            "name": "shop",
            "entity": {"Order": {"properties": {"create": "bool", **PROPERTIES}}, "Set": {}},
            "relation": {"return": {"head": "Order", "tail": "Order"}, "detach": {"head": "Order", "tail": "Set"}},
        }
    )
    expected = orders("o").with_columns(create=pl.lit(None, pl.Boolean())).select(list(entity_dtypes(grown, "Order")))
    for read_only in (True, False):
        store = opened(grown, read_only=read_only)
        assert_same(store.read_entities("Order"), expected)
        assert store.read_entities("Set").schema == pl.Schema({"id": pl.String, "label": pl.String})
        assert store.read_triples("detach").schema == pl.Schema(TRIPLE_DTYPES)
        assert (store.count_entities(), store.count_triples()) == ({"Order": 1, "Set": 0}, {"return": 0, "detach": 0})
        assert store.existing_triples("detach", [("o", "o")]) == set()
        store.close()
    store = opened(grown)
    store.update_entities("Order", expected.with_columns(create=True))
    store.create_entities("Set", pl.DataFrame({"id": ["s"], "label": [None]}))
    store.create_triples("detach", triples(("o", "s")))
    assert_same(store.read_entities("Order"), expected.with_columns(create=True))
    assert_same(store.read_triples("detach"), triples(("o", "s")))


def test_keywords_of_cypher_are_names_like_any_other(opened):
    types = ["Match", "Where", "Create", "Set", "Delete", "Return", "Order", "Null"]
    relations = ["merge", "detach", "from", "in", "end", "id"]
    schema = parse_schema(
        {
            "name": "keywords",
            "entity": {name: {"properties": {"match": "str", "order": "int", "key": "bool"}} for name in types},
            "relation": {name: {"head": types[0], "tail": types[1]} for name in relations},
        }
    )
    store = opened(schema)
    for name in types[:4]:
        frame = pl.DataFrame([("a", "b", "c", 1, True)], entity_dtypes(schema, name), orient="row")
        store.create_entities(name, frame)
        store.update_entities(name, frame)
        assert_same(store.read_entities(name), frame)
    for name in schema.relation:
        store.create_triples(name, triples(("a", "a")))
        store.update_triples(name, triples(("a", "a", 2.0, 3)))
        assert_same(store.read_triples(name), triples(("a", "a", 2.0, 3)))
        store.delete_triples(name, triples(("a", "a")))
    assert set(store.count_triples().values()) == {0}
    assert store.count_entities() == {name: int(name in types[:4]) for name in types}


def test_compacting_changes_nothing_a_reader_sees(store):
    store.create_entities("User", users("u", "gone"))
    store.create_entities("Order", orders("o"))
    store.create_triples("match", triples(("u", "o", 0.5, 3), ("gone", "o")))
    store.set_revision("one")
    store.delete_entities("User", users("gone"))
    store.compact()
    assert_same(store.read_entities("User"), users("u"))
    assert_same(store.read_entities("Order"), orders("o"))
    assert_same(store.read_triples("match"), triples(("u", "o", 0.5, 3)))
    assert store.revision() == "one"
    store.create_triples("return", triples(("o", "o")))
    assert store.count_triples() == {"match": 1, "return": 1}
