"""Graphs from generators: plain tables into a real embedded store, and the snapshot of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from kg.schema import parse_schema
from kg.snapshot.building import take_snapshot
from kg.snapshot.snapshot import Snapshot
from kg.stores.opening import open_store
from kg.stores.store import TRIPLE_DTYPES, entity_dtypes


def graph_of(
    folder: Path,
    entities: Mapping[str, Sequence[str]],
    triples: Mapping[str, Sequence[tuple[str, str]]],
    schema: dict[str, Any],
) -> Snapshot:
    """Load ids and (head, tail) pairs into a new store in ``folder``, and take its snapshot."""
    folder.mkdir(parents=True)
    checked = parse_schema(schema)
    store = open_store("graph.lbug", checked, folder=folder)
    try:
        for name, ids in entities.items():
            columns = {key: [None] * len(ids) for key in entity_dtypes(checked, name)}
            frame = pl.DataFrame(columns | {"id": list(ids)}, schema=entity_dtypes(checked, name))
            store.create_entities(name, frame)
        for name, pairs in triples.items():
            rows = [(head, tail, 1.0, None) for head, tail in dict.fromkeys(pairs)]
            store.create_triples(name, pl.DataFrame(rows, schema=TRIPLE_DTYPES, orient="row"))
        store.set_revision("planted")
        return take_snapshot(store, checked, folder / "snapshot")
    finally:
        store.close()
