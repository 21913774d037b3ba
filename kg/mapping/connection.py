"""Where a query is asked: a database file beside the mapping, or a URL that only an environment variable tells."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from kg.errors import MappingError

_FILES = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".duckdb": "duckdb"}
KINDS = {
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
"""Scheme of a URL → kind of database."""


@dataclass(frozen=True)
class Connection:
    """A database."""

    kind: str
    """``sqlite``, ``duckdb``, ``postgresql`` or ``mysql``."""
    file: Path | None
    """Of the first two."""
    url: str
    """Of the others, with user and password; never shown."""


def connection_of(told: str, base: Path, allow_outside: bool) -> Connection:
    """The database that a mapping tells.

    :param told: ``$NAME`` of an environment variable with a URL or a file, or a file.
    :param base: the folder that files are relative to.
    :param allow_outside: whether a file that the mapping itself names may lie outside of it.
    :raises MappingError: for a variable that is not set, an unknown kind, a missing file, and a URL in the mapping,
        which would keep a password there.
    """
    if told.startswith("$"):
        value = os.environ.get(told[1:].strip("{}"))
        if not value:
            raise MappingError(f"connection {told}: the environment variable is not set; give it the URL or the file")
        return _from_text(value, told, base, named_by_user=True)
    if "://" in told:
        raise MappingError(
            "connection: a URL may hold a password, so it stays out of the mapping; put it into an environment "
            'variable and write connection = "$SHOP_DB"'
        )
    found = _from_text(told, f"{told!r}", base, named_by_user=allow_outside)
    assert found.file is not None
    return found


def _from_text(value: str, shown: str, base: Path, *, named_by_user: bool) -> Connection:
    parts = urlsplit(value)
    kind = KINDS.get(parts.scheme.split("+")[0])
    if kind in ("postgresql", "mysql"):
        return Connection(kind, None, value)
    if kind is not None:
        path = Path(unquote(parts.netloc + parts.path).removeprefix("/") if parts.netloc == "" else parts.path)
        path = Path("/") / path if value.split("://", 1)[1].startswith("//") else path
    elif parts.scheme and "://" in value:
        raise MappingError(f"connection {shown}: cannot read {parts.scheme}://; known: {', '.join(KINDS)}")
    else:
        path = Path(value)
        kind = _FILES.get(path.suffix.lower())
        if kind is None:
            raise MappingError(f"connection {shown}: unknown kind of database; known: {', '.join(_FILES)} and URLs")
    path = base / path
    if not path.is_file():
        raise MappingError(f"connection {shown}: no such file: {path}")
    if not named_by_user and not path.resolve().is_relative_to(base.resolve()):
        raise MappingError(
            f"connection {shown}: the file lies outside the mapping's folder {base.resolve()}; copy it there, name it "
            "by an environment variable, or, if you trust the mapping, say `allow_outside=True`"
        )
    return Connection(kind, path, "")
