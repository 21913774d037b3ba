"""Open the store that a URL names."""

from pathlib import Path

from kg.errors import StoreError
from kg.schema import Schema
from kg.stores.store import Store

NEO4J_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def is_neo4j(url: str) -> bool:
    """Whether the URL names a Neo4j server rather than a file."""
    return "://" in url and url.split("://", 1)[0] in NEO4J_SCHEMES


def open_store(url: str, schema: Schema, *, folder: Path, read_only: bool = False) -> Store:
    """Open a store; opened for writing, it makes what the schema needs.

    :param url: ``neo4j://…``, ``bolt://…`` or the path of an embedded store, relative to ``folder``.
    :raises StoreError: with what to do next: unreachable, refused, locked, unknown scheme, missing driver.
    """
    if is_neo4j(url):
        from kg.stores.neo4j_store import Neo4jStore  # the driver is an extra

        return Neo4jStore.connect(url, schema, read_only=read_only)
    if "://" in url:
        raise StoreError(f"store {url!r}: unknown scheme; use a file name, or one of {', '.join(NEO4J_SCHEMES)}://")
    from kg.stores.embedded_store import EmbeddedStore  # Neo4j users need not load it

    return EmbeddedStore.open(folder / url, schema, read_only=read_only)
