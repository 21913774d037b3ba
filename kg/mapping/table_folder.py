"""Tables that are folders of Parquet parts, as Spark, Hive, Delta Lake and Iceberg write them: what they consist of.

A part of a partitioned table lies in folders such as ``day=2026-11-28``, which are columns of it.
"""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from kg.errors import MappingError

PARTS = "*.parquet"
DELTA, ICEBERG = "_delta_log", "metadata"
UNFINISHED, WHOLE = "_temporary", "_SUCCESS"
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive and Spark write where a row has no value of the column of its partition."""


def parts_of(folder: Path) -> list[Path]:
    """The files that a table consists of, sorted.

    Of a Delta or Iceberg table those of its current version, which alone its log tells: what lies beside them was
    deleted or replaced. Files and folders whose names begin with ``_`` or ``.`` are no parts, as everywhere.

    :raises MappingError: for a table that is not whole, has none, or says what plain Parquet does not.
    """
    if (folder / DELTA).is_dir():
        return _of_delta(folder)
    if any((folder / ICEBERG).glob("*.metadata.json")):
        return _of_iceberg(folder)
    if (folder / UNFINISHED).exists() and not (folder / WHOLE).exists():
        raise MappingError(f"{folder}: a job writes this table, or was cut off ({UNFINISHED} is there, {WHOLE} is not)")
    found = sorted(path for path in folder.rglob(PARTS) if path.is_file() and not _hidden(path, folder))
    if not found:
        raise MappingError(
            f"{folder}: a folder without a Parquet file; name a file, a pattern, or the folder of a table"
        )
    return found


def partition_of(path: Path) -> dict[str, str | None]:
    """The columns that the folders of a part are, in their order; ``None`` for no value."""
    pairs = (name.partition("=") for name in path.parent.parts if "=" in name.strip("="))
    return {unquote(name): None if value == NO_VALUE else unquote(value) for name, _, value in pairs}


def _hidden(path: Path, folder: Path) -> bool:
    return any(name.startswith(("_", ".")) and "=" not in name for name in path.relative_to(folder).parts)


def _of_delta(folder: Path) -> list[Path]:
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ImportError:
        raise MappingError(
            f"{folder}: a Delta table needs the package deltalake; `pip install 'whyrec[tables]'`"
        ) from None
    try:
        table = DeltaTable(folder)
        features = {*(table.protocol().reader_features or ())}
        found = [_local(uri) for uri in table.file_uris()]
    except (DeltaError, OSError) as problem:
        raise MappingError(f"{folder}: its Delta log cannot be read: {problem}") from None
    if unknown := features & {"deletionVectors", "columnMapping"}:
        raise MappingError(
            f"{folder}: a Delta table with {' and '.join(sorted(unknown))}, which its Parquet files do not show; write "
            "it anew without (REORG TABLE … APPLY (PURGE)), or export it"
        )
    return sorted(found)


def _of_iceberg(folder: Path) -> list[Path]:
    try:
        from pyiceberg.exceptions import NoSuchTableError
        from pyiceberg.table import StaticTable
    except ImportError:
        raise MappingError(
            f"{folder}: an Iceberg table needs the package pyiceberg; `pip install 'whyrec[tables]'`"
        ) from None
    latest = max((folder / ICEBERG).glob("*.metadata.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    try:
        tasks = list(StaticTable.from_metadata(str(latest)).scan().plan_files())
    except (NoSuchTableError, OSError, ValueError) as problem:
        raise MappingError(f"{folder}: its Iceberg metadata cannot be read: {problem}") from None
    if any(task.delete_files for task in tasks):
        raise MappingError(
            f"{folder}: an Iceberg table with files of deleted rows, which its Parquet files do not show; rewrite its "
            "data files (rewrite_data_files), or export it"
        )
    return sorted(_local(task.file.file_path) for task in tasks)


def _local(uri: str) -> Path:
    """The path of a file on this machine."""
    found = urlsplit(uri)
    return Path(unquote(found.path) if found.scheme == "file" else uri)
