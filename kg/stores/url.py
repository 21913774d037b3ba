"""The URL of a store: a file, or a Neo4j server without user and password in it."""

from urllib.parse import urlsplit

from kg.errors import StoreError

NEO4J_SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


def is_neo4j(url: str) -> bool:
    """Whether the URL names a Neo4j server rather than a file."""
    return "://" in url and url.split("://", 1)[0] in NEO4J_SCHEMES


def check_url(url: str) -> None:
    """Refuse a URL that cannot name a store, or that holds a secret, which is not repeated.

    :raises StoreError: then.
    """
    if "://" not in url:
        return
    if "@" in url:
        raise StoreError(
            f"store {url.partition('://')[0]}://…: a URL with user or password in it ends up in files and logs; "
            "leave them out and set NEO4J_USERNAME and NEO4J_PASSWORD"
        )
    if not is_neo4j(url):
        raise StoreError(f"store {url!r}: unknown scheme; use a file name, or one of {', '.join(NEO4J_SCHEMES)}://")
    try:
        parts = urlsplit(url)
        fits = bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise StoreError(f"store {url!r}: expected scheme://host or scheme://host:port, such as neo4j://localhost:7687")
    if parts.path.strip("/") or parts.fragment:
        raise StoreError(f"store {url!r}: nothing may follow the port; the database comes from NEO4J_DATABASE")
