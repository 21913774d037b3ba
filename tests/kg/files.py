"""Load into a real store, the embedded one unless told otherwise, and read back what is there."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kg.loading.delete_limit import DeleteLimit
from kg.loading.load import load
from kg.loading.options import LoadOptions
from kg.mapping.mapping import read_mapping
from kg.mapping.source import Source
from kg.progress import Progress, no_progress
from kg.schema import Schema
from kg.staging.report import LoadReport
from kg.stores.opening import open_store
from kg.stores.store import Store

STORE = "graph.lbug"


def store_of(folder: Path, schema: Schema, *, read_only: bool = False, url: str = STORE) -> Store:
    """The store of a workspace folder."""
    return open_store(url, schema, folder=folder, read_only=read_only)


def load_sources(
    workspace: Path,
    schema: Schema,
    sources: Sequence[Source],
    base: Path,
    *,
    url: str = STORE,
    progress: Progress = no_progress,
    **options: Any,
) -> LoadReport:
    """Load into the store of the workspace folder."""

    def opener(*, read_only: bool) -> Store | None:
        missing = read_only and url == STORE and not (workspace / STORE).exists()
        return None if missing else store_of(workspace, schema, read_only=read_only, url=url)

    workspace.mkdir(parents=True, exist_ok=True)
    options.setdefault("max_deletes", DeleteLimit.parse("all"))
    options.setdefault("allow_outside", True)  # the mapping is the test's own
    settings = LoadOptions(workspace / "rejects", workspace / "staging", **options)
    return load(opener, schema, sources, base, settings, progress)


def load_text(workspace: Path, schema: Schema, mapping: str, files: dict[str, str], **options: Any) -> LoadReport:
    """Write files and a mapping into ``workspace/in`` and load them."""
    base = workspace / "in"
    base.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (base / name).write_text(content, encoding="utf-8", newline="")
    (base / "mapping.toml").write_text(mapping, encoding="utf-8")
    return load_sources(workspace, schema, read_mapping(base / "mapping.toml", schema), base, **options)


def graph(workspace: Path, schema: Schema, url: str = STORE) -> dict[str, list[tuple[Any, ...]]]:
    """Every entity type and relation that is not empty → its rows, sorted, without the nulls at their ends."""
    store = store_of(workspace, schema, read_only=True, url=url)
    try:
        frames = {name: store.read_entities(name) for name in schema.entity}
        frames |= {name: store.read_triples(name) for name in schema.relation}
        return {name: sorted(map(_without_nulls, frame.rows())) for name, frame in frames.items() if frame.height}
    finally:
        store.close()


def rejects(workspace: Path) -> list[dict[str, str]]:
    """The lines of the newest rejects file."""
    newest = max((workspace / "rejects").rglob("rejects.csv"), key=lambda path: path.stat().st_mtime_ns)
    with newest.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def bad_rows(workspace: Path) -> dict[str, bytes]:
    """The rows beside the rejects file: file name → bytes."""
    found = (path for path in (workspace / "rejects").rglob("*") if path.is_file() and path.name != "rejects.csv")
    return {path.name: path.read_bytes() for path in found}


def _without_nulls(row: tuple[Any, ...]) -> tuple[Any, ...]:
    while row and row[-1] is None:
        row = row[:-1]
    return row
