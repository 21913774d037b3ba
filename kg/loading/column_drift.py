"""Schema drift: columns that a file has won or lost since it was loaded last, or beside the other files of its pattern.

A renamed column is no error by itself where nothing requires it, and a new one may be what an analyst waits for; so
both are told. The columns are remembered per source in a file of the workspace.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kg.document import parsed_json
from kg.notices import Notices
from kg.readers.columns import folded_name
from kg.staging.report import FileReport

SHOWN = 10
Remembered = dict[str, list[str]]


def tell_column_drift(files: Sequence[FileReport], notices: Notices, memory: Path | None) -> Remembered:
    """Add a notice per source whose columns have changed; what to remember after the load.

    :param memory: the file that :func:`remember_columns` wrote.
    """
    before, now = read_columns(memory), dict[str, list[str]]()
    for name, places in _by_source(files, notices.columns_found).items():
        everything = list(dict.fromkeys(column for columns in places.values() for column in columns))
        for place, columns in places.items():
            lacking = [column for column in everything if column not in columns]
            if lacking:
                notices.add(place, f"lacks the columns {_listed(lacking)}, which other files of {name!r} have")
        if name in before:
            gone, new = _without(before[name], everything), _without(everything, before[name])
            if gone:
                notices.add(name, f"the columns {_listed(gone)} are gone since the last load")
            if new:
                notices.add(name, f"the columns {_listed(new)} are new since the last load")
        now[name] = everything
    return {**before, **now}


def read_columns(memory: Path | None) -> Remembered:
    """What was remembered; nothing where the file is missing or is not what was written."""
    if memory is None:
        return {}
    with suppress(OSError, ValueError, AttributeError, TypeError):
        found = parsed_json(memory.read_text(encoding="utf-8"))
        return {str(name): [str(column) for column in columns] for name, columns in found.items()}
    return {}


def remember_columns(memory: Path | None, columns: Remembered) -> None:
    """Keep the columns for the next load; a folder that cannot be written only costs the notice."""
    if memory is not None:
        with suppress(OSError):
            pending = memory.with_name(f".{memory.name}")
            pending.write_text(json.dumps(columns, ensure_ascii=False, indent=1), encoding="utf-8")
            pending.replace(memory)


def _by_source(files: Sequence[FileReport], found: Mapping[str, list[str]]) -> dict[str, dict[str, list[str]]]:
    """File or pattern of a source → file → its columns, sorted."""
    sources: dict[str, dict[str, list[str]]] = {}
    for file in files:
        if file.place in found:
            sources.setdefault(file.source.file, {})[file.place] = sorted(found[file.place])
    return sources


def _without(columns: Sequence[str], others: Sequence[str]) -> list[str]:
    """Columns that are none of others; one that is only spelt otherwise is the same, as it is for whoever reads it."""
    known = set(map(folded_name, others))
    return [column for column in columns if folded_name(column) not in known]


def _listed(columns: Sequence[str]) -> str:
    shown = ", ".join(repr(column) for column in columns[:SHOWN])
    return shown if len(columns) <= SHOWN else f"{shown} and {len(columns) - SHOWN} more"
