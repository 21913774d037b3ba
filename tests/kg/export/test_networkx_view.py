"""What networkx reads back from an exported file is what the snapshot holds."""

import json
import resource
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest

from kg.errors import UsageError
from kg.export.export import WRITERS, export, part_of
from kg.export.networkx_view import to_networkx
from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot
from kg.stores.opening import open_store
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes

SCHEMA: dict[str, Any] = {
    "name": "odd",
    "entity": {
        "User": {"sensitive": True, "properties": {"vip": "bool"}},
        "Product": {"domain": "d", "properties": {"price": "float", "stock": "int", "type": "str", "label_zh": "str"}},
        "Brand": {"properties": {"property_type": "str"}},
    },
    "relation": {
        "viewed": {"head": "User", "tail": "Product", "interaction": True},
        "bought": {"head": "User", "tail": "Product", "interaction": True},
        "made_by": {"head": "Product", "tail": "Brand"},
        "like": {"head": "Product", "tail": "Product"},
    },
}
HUGE = 2**62 + 1
ODD = " <&\"'>\n 中文 🌹:12345678901234567890"
ENTITIES: dict[str, list[tuple[Any, ...]]] = {
    "User": [("u1", None, True), ("u2", None, False), ("u3", None, None)],
    "Product": [
        ("p1", "Rose & <Thorn>", 0.1, HUGE, "cream", "玫瑰"),
        (ODD, None, None, -1, " two\nlines\t", None),
        ("both", "Both", 1e300, 0, None, None),
        ("alone", None, None, None, None, None),
    ],
    "Brand": [("both", None, "x")],
}
TRIPLES: dict[str, list[tuple[Any, ...]]] = {
    "viewed": [("u1", "p1", 1.0, 1_700_000_000_123), ("u2", ODD, 0.1, None)],
    "bought": [("u1", "p1", -2.5, 0), ("u2", "p1", 5.0, -1)],
    "made_by": [(ODD, "both", 1.0, None), ("both", "both", 1.0, None)],
    "like": [("p1", "p1", 1.0, None), ("p1", "both", 3.0, None)],
}
TIMES = {1_700_000_000_123: "2023-11-14T22:13:20.123Z", 0: "1970-01-01T00:00:00.000Z", -1: "1969-12-31T23:59:59.999Z"}


def _snapshot(folder: Path, entities: dict[str, list[Any]], triples: dict[str, list[Any]]) -> Snapshot:
    schema = parse_schema(SCHEMA)
    store = open_store("graph.lbug", schema, folder=folder)
    for name, rows in entities.items():
        store.create_entities(name, pl.DataFrame(rows, schema=entity_dtypes(schema, name), orient="row"))
    for name, rows in triples.items():
        store.create_triples(name, pl.DataFrame(rows, schema=TRIPLE_DTYPES, orient="row"))
    store.set_revision("test")
    taken = take_snapshot(store, schema, folder / "snapshot")
    store.close()
    return taken


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return _snapshot(tmp_path_factory.mktemp("odd"), ENTITIES, TRIPLES)


def _expected(entities: dict[str, list[Any]], triples: dict[str, list[Any]]) -> tuple[dict[str, Any], dict[Any, Any]]:
    renamed = {"type": "property_property_type"}
    nodes = {}
    for name, rows in entities.items():
        columns = [renamed.get(one, one) for one in SCHEMA["entity"][name]["properties"]]
        for entity_id, label, *values in rows:
            present = {key: value for key, value in zip(columns, values, strict=True) if value is not None}
            nodes[f"{name}:{entity_id}"] = {"type": name, "entity_id": entity_id, "label": label or entity_id} | present
    edges = {}
    for name, rows in triples.items():
        ends = SCHEMA["relation"][name]
        for head, tail, weight, time in rows:
            timed = {} if time is None else {"timestamp": TIMES[time]}
            key = (f"{ends['head']}:{head}", f"{ends['tail']}:{tail}", name)
            edges[key] = {"relation": name, "weight": weight} | timed
    return nodes, edges


def _content(graph: Any) -> tuple[dict[str, Any], dict[Any, Any]]:
    edges = {
        (u, v, a["relation"]): {k: x for k, x in a.items() if k != "edge_id"} for u, v, a in graph.edges(data=True)
    }
    return dict(graph.nodes(data=True)), edges


def _read(path: Path) -> Any:
    if path.suffix == ".graphml":
        return nx.read_graphml(path, force_multigraph=True)
    return nx.node_link_graph(json.loads(path.read_text(encoding="utf-8")), edges="edges")


def test_the_graph_holds_what_the_snapshot_holds(snapshot: Snapshot) -> None:
    graph = to_networkx(snapshot)
    assert _content(graph) == _expected(ENTITIES, TRIPLES)
    assert set(graph["User:u1"]["Product:p1"]) == {"viewed", "bought"}
    assert graph.graph == {"schema": "odd", "snapshot": snapshot.hash}


@pytest.mark.parametrize("suffix", [".graphml", ".json", ".JSON"])
def test_a_file_read_back_is_the_graph(snapshot: Snapshot, tmp_path: Path, suffix: str) -> None:
    written = export(snapshot, tmp_path / f"out{suffix}")
    graph = _read(tmp_path / f"out{suffix}")
    assert _content(graph) == _expected(ENTITIES, TRIPLES)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (
        sum(written.entities.values()),
        sum(written.triples.values()),
    )
    assert written.notices == [] and graph.graph["snapshot"] == snapshot.hash
    assert [path.name for path in tmp_path.iterdir()] == [f"out{suffix}"]


def test_edges_of_graphml_have_ids_of_their_own(snapshot: Snapshot, tmp_path: Path) -> None:
    export(snapshot, tmp_path / "out.graphml")
    keys = [key for *_, key in _read(tmp_path / "out.graphml").edges(keys=True)]
    assert len(set(keys)) == len(keys) == 8


def test_without_people_is_the_graph_that_never_had_any(snapshot: Snapshot, tmp_path: Path) -> None:
    rest = {name: rows for name, rows in TRIPLES.items() if SCHEMA["relation"][name]["head"] != "User"}
    never = _snapshot(tmp_path, {"Product": ENTITIES["Product"], "Brand": ENTITIES["Brand"]}, rest)
    part = part_of(snapshot, None, 1, people=False)
    assert _content(to_networkx(part)) == _content(to_networkx(never))
    assert part.manifest.entities == never.manifest.entities and part.manifest.triples == never.manifest.triples
    for step in ("like", "~like", "made_by", "~made_by", "~bought"):
        assert (part.adjacency(step) != never.adjacency(step)).nnz == 0
        assert part.degrees(step).tolist() == never.degrees(step).tolist()


@pytest.mark.parametrize(
    ("centre", "depth", "people", "nodes", "edges"),
    [
        ("u2", 1, True, {"u2", "p1", ODD}, {"viewed": 1, "bought": 1, "like": 1, "made_by": 0}),
        ("p1", 1, True, {"p1", "both", "u1", "u2"}, {"viewed": 1, "bought": 2, "like": 2, "made_by": 0}),
        ("p1", 2, True, {"p1", "both", "u1", "u2", ODD}, {"viewed": 2, "bought": 2, "like": 2, "made_by": 2}),
        ("p1", 2, False, {"p1", "both"}, {"viewed": 0, "bought": 0, "like": 2, "made_by": 1}),
        ("p1", 9, False, {"p1", "both", ODD}, {"viewed": 0, "bought": 0, "like": 2, "made_by": 2}),
    ],
)
def test_what_is_around_an_entity(
    snapshot: Snapshot, centre: str, depth: int, people: bool, nodes: set[str], edges: dict[str, int]
) -> None:
    part = part_of(snapshot, centre, depth, people)
    graph = to_networkx(part)
    assert {attributes["entity_id"] for _, attributes in graph.nodes(data=True)} == nodes
    assert part.manifest.triples == edges
    whole = _expected(ENTITIES, TRIPLES)
    assert all(whole[0][node] == attributes for node, attributes in graph.nodes(data=True))
    assert all(whole[1][key] == attributes for key, attributes in _content(graph)[1].items())


def test_characters_that_xml_lacks_are_replaced_and_told(tmp_path: Path) -> None:
    users, products = ENTITIES["User"], [("p1", "a\x00b", None, None, "c\x1b\ufffe", "x\r\ny")]
    odd = _snapshot(tmp_path, {"User": users, "Product": products}, {})
    written = export(odd, tmp_path / "out.graphml")
    node = _read(tmp_path / "out.graphml").nodes["Product:p1"]
    assert (node["label"], node["property_property_type"], node["label_zh"]) == ("a\ufffdb", "c\ufffd\ufffd", "x\ny")
    assert [notice.split(" had")[0] for notice in written.notices] == ["2 texts"]
    export(odd, tmp_path / "out.json")
    assert _read(tmp_path / "out.json").nodes["Product:p1"]["label"] == "a\x00b"


@pytest.mark.parametrize(
    ("name", "told"), [("Product", "1 id of Product, such as 'a\\\\x01b',"), ("User", "1 id of User with")]
)
def test_an_id_that_xml_cannot_hold_is_refused_and_leaves_the_old_file(tmp_path: Path, name: str, told: str) -> None:
    row = ("a\x01b", None, *[None] * len(SCHEMA["entity"][name]["properties"]))
    odd = _snapshot(tmp_path, {name: [row]}, {})
    (tmp_path / "out.graphml").write_text("old")
    with pytest.raises(UsageError, match=told):
        export(odd, tmp_path / "out.graphml")
    assert (tmp_path / "out.graphml").read_text() == "old"
    export(odd, tmp_path / "out.json")
    assert f"{name}:a\x01b" in _read(tmp_path / "out.json")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.xml", r"suffix '\.xml' is no format; write one of \.graphml, \.json"),
        ("out", "no suffix; write one of"),
        ("no/such/out.json", "cannot be written: No such file"),
        ("file/out.graphml", "cannot be written: Not a directory"),
        ("folder.json", "cannot be written: Is a directory"),
    ],
)
def test_a_file_that_cannot_be_is_refused(snapshot: Snapshot, tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match=message):
        export(snapshot, tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder.json"}


@pytest.mark.parametrize("name", ["out.graphml", "out.json"])
def test_a_full_disk_leaves_the_old_file(snapshot: Snapshot, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))  # bytes; like a full disk, a write fails half way
    try:
        with pytest.raises(UsageError, match="cannot be written: File too large"):
            export(snapshot, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "old")]


def test_a_person_cannot_be_the_centre_without_people(snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match="`people=False`"):
        part_of(snapshot, "u1", 1, people=False)
    assert set(WRITERS) >= {".graphml", ".json"}
