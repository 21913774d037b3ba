"""Tables that are folders of Parquet parts, as Spark, Hive, Delta Lake and Iceberg write them: what they consist of.

A part of a partitioned table lies in folders such as ``day=2026-11-28``, which are columns of it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from kg.errors import MappingError

if TYPE_CHECKING:
    from pyiceberg.table import DataScan

PARTS = "*.parquet"
DELTA, ICEBERG = "_delta_log", "metadata"
UNFINISHED, WHOLE = "_temporary", "_SUCCESS"
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
"""What Hive and Spark write where a row has no value of the column of its partition."""


def parts_of(folder: Path, homes: Sequence[Path] | None = None) -> list[Path]:
    """The files that a table consists of, sorted.

    Of a Delta or Iceberg table those of its current version, which alone its log tells: what lies beside them was
    deleted or replaced. Files and folders whose names begin with ``_`` or ``.`` are no parts, as everywhere.

    :param homes: folders, links followed, outside of which no log is read, whatever the table says; ``None``: anywhere
        on this machine.
    :raises MappingError: for a table that is not whole, has none, says what plain Parquet does not, or leads elsewhere.
    """
    if (folder / DELTA).is_dir():
        return _of_delta(folder, homes)
    if any((folder / ICEBERG).glob("*.metadata.json")):
        return _of_iceberg(folder, homes)
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


def _of_delta(folder: Path, homes: Sequence[Path] | None) -> list[Path]:
    for path in (folder / DELTA, *(folder / DELTA).rglob("*")):
        _check(path, folder, homes)
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
        found = [_local(uri, folder) for uri in table.file_uris()]
    except (DeltaError, OSError) as problem:
        raise MappingError(f"{folder}: its Delta log cannot be read: {_first_line(problem)}") from None
    if unknown := features & {"deletionVectors", "columnMapping"}:
        raise MappingError(
            f"{folder}: a Delta table with {' and '.join(sorted(unknown))}, which its Parquet files do not show; write "
            "it anew without (REORG TABLE … APPLY (PURGE)), or export it"
        )
    return sorted(found)


def _of_iceberg(folder: Path, homes: Sequence[Path] | None) -> list[Path]:
    latest = max((folder / ICEBERG).glob("*.metadata.json"), key=lambda path: (path.stat().st_mtime_ns, path.name))
    try:
        tasks = list(_scan(folder, latest, homes).plan_files())
        found = [_local(task.file.file_path, folder) for task in tasks]
    except ImportError:
        raise MappingError(
            f"{folder}: an Iceberg table needs the package pyiceberg; `pip install 'whyrec[tables]'`"
        ) from None
    except MappingError:
        raise
    except Exception as problem:  # damaged files end in whatever pyiceberg and fastavro run into
        raise MappingError(f"{folder}: its Iceberg metadata cannot be read: {_first_line(problem)}") from None
    if any(task.delete_files for task in tasks):
        raise MappingError(
            f"{folder}: an Iceberg table with files of deleted rows, which its Parquet files do not show; rewrite its "
            "data files (rewrite_data_files), or export it"
        )
    return sorted(found)


def _scan(folder: Path, metadata: Path, homes: Sequence[Path] | None) -> "DataScan":
    """The current version of an Iceberg table.

    Its metadata name files, addresses, and even the class that reads them (``py-io-impl``). They may be somebody
    else's, so none of that is followed: files of this machine alone are opened, and those in ``homes``.
    """
    from pyiceberg.catalog.noop import NoopCatalog
    from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
    from pyiceberg.serializers import FromInputFile
    from pyiceberg.table import StaticTable

    class LocalFileIO(PyArrowFileIO):
        def new_input(self, location: str) -> PyArrowFile:
            """A file to read, once it is known to be one of ours."""
            path = _local(location, folder)
            _check(path, folder, homes)
            return super().new_input(str(path.absolute()))

    reader, name = LocalFileIO(), str(metadata)
    table = FromInputFile.table_metadata(reader.new_input(name))
    return StaticTable(("table", name), table, name, reader, NoopCatalog("table")).scan()


def _check(path: Path, folder: Path, homes: Sequence[Path] | None) -> None:
    """:raises MappingError: for a file of a table's log that lies outside, once links are followed."""
    target = path.resolve()
    if homes is not None and not any(target.is_relative_to(home) for home in homes):
        raise MappingError(
            f"{folder}: its log leads to {target}, outside the mapping's folder; copy it there, or, if you trust the "
            "mapping, say `allow_outside`"
        )


def _local(uri: str, folder: Path) -> Path:
    """The path of a file on this machine.

    :raises MappingError: for a file anywhere else.
    """
    found = urlsplit(uri)
    if found.scheme == "file":
        return Path(unquote(found.path))
    if "://" in uri:
        raise MappingError(
            f"{folder}: its files lie at {found.scheme}://{found.netloc}, not here; copy the table whole"
        )
    return Path(uri)


def _first_line(problem: Exception) -> str:
    """What follows the first line of an error is a backtrace of Rust, or quotes the file."""
    return (str(problem).splitlines() or [type(problem).__name__])[0]
