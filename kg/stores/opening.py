"""Open the store that a URL names."""

from glob import escape
from pathlib import Path

from kg.schema import Schema
from kg.stores.empty_store import EmptyStore
from kg.stores.store import Store
from kg.stores.url import check_url, is_neo4j


def open_store(url: str, schema: Schema, *, folder: Path, read_only: bool = False) -> Store:
    """Open a store; opened for writing, it makes what the schema needs; read-only, a missing file is an empty store.

    :param url: ``neo4j://…``, ``bolt://…`` or the path of an embedded store, relative to ``folder``.
    :raises StoreError: with what to do next: unreachable, refused, locked, unknown scheme, missing driver.
    """
    check_url(url)
    if is_neo4j(url):
        from kg.stores.neo4j.store import Neo4jStore  # the driver is an extra

        return Neo4jStore.connect(url, schema, read_only=read_only)
    path = folder / url
    if path.is_symlink():  # the file behind it is what is locked, checked and, when compacted, replaced
        path = path.resolve()
    if read_only and not any(path.parent.glob(f"{escape(path.name)}*")):  # a stray .wal is no empty store
        return EmptyStore(str(path), schema)
    from kg.stores.embedded.store import EmbeddedStore  # Neo4j users need not load it

    return EmbeddedStore.open(path, schema, read_only=read_only)
