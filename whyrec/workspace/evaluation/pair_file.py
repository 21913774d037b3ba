"""The file of pairs that an evaluation tests on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.counting import by_number
from kg.errors import KGError, UsageError
from kg.mapping.file_format import format_of_name

if TYPE_CHECKING:
    from kg.mapping.source import Source
    from kg.readers.opening import Reader

OPINIONS = ("rating", "ratings", "score", "stars", "label", "weight", "value")
"""Columns that may say that a person did not like an item."""
DELIMITERS = ";\t|"
"""What may part the columns of a CSV file where no comma does."""
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class PairFile:
    """The pairs of user and item that a file names, each once, sorted; ``notes``: what else it holds, or lost;
    ``asked``: user → the earliest time of her pairs, in milliseconds since 1970 UTC, of those with a time."""

    pairs: Pairs
    notes: tuple[str, ...]
    asked: Mapping[str, int]


def read_pairs(path: Path) -> PairFile:
    """The pairs of user and item in a file that ``load`` can read.

    :raises UsageError: where the file cannot be read, does not name its columns ``user_id`` and ``item_id``, or
        ``head`` and ``tail``, or has no row that names both.
    """
    from kg.notices import Notices  # only a test file is read
    from kg.validation.cell_reader import CellReader
    from kg.validation.row_set import RowSet
    from kg.values.whole_ids import WholeIds

    found, reasons, lines, rows, notices = dict[tuple[str, str], None](), Counter[str](), list[int](), 0, Notices()
    asked = dict[str, int]()
    try:
        (reader, source, columns), whole = _opened(path), WholeIds()
        for batch in reader.batches():
            checked = RowSet(batch, source, path.name, notices, whole)
            cells = CellReader(checked, source, path.name, notices)
            ids = [cells.identifiers(str(source.head), "user"), cells.identifiers(str(source.tail), "item")]
            pairs = [pair for pair in zip(*ids, strict=True) if None not in pair]
            found |= dict.fromkeys(pairs)
            if source.timestamp is not None:
                for user, moment in zip(ids[0], cells.timestamps(source.timestamp), strict=True):
                    if user is not None and moment is not None:
                        asked[user] = min(moment, asked.get(user, moment))
            rows += len(pairs)
            reasons.update(checked.rejects.get_column("reason"))
            lines += checked.rejects.get_column("line").to_list()
    except KGError as problem:
        raise UsageError(f"{path}: {str(problem).removeprefix(f'{path.name}: ')}") from None
    notes = (*_lost(reasons, lines), *_repeated(rows - len(found)), *_opinions(columns), *notices.render())
    if not found:
        raise UsageError("; ".join([f"{path}: no row names a user and an item", *_lost(reasons, lines)]))
    return PairFile(sorted(found), notes, asked)


def _opened(path: Path) -> "tuple[Reader, Source, list[str]]":
    """The file, how to read it, and all its columns."""
    from kg.mapping.source import Source
    from kg.notices import Notices
    from kg.readers.opening import open_reader

    how: dict[str, Any] = {"format": None if format_of_name(path) else "tsv"}
    columns = open_reader(
        path, path.name, Source(file=str(path), entity="any", id="any", **how), (), Notices()
    ).columns()
    parted = [one for one in DELIMITERS if len(columns) == 1 and one in columns[0]]
    if parted and (how["format"] or format_of_name(path)) in ("csv", "tsv"):
        how["delimiter"] = parted[0]
        probe = Source(file=str(path), entity="any", id="any", **how)
        columns = open_reader(path, path.name, probe, (), Notices()).columns()
    head, tail = _ends(path, columns)
    moment = next((column for column in columns if _bare(column) == "timestamp"), None)
    source = Source(file=str(path), relation="any", head=head, tail=tail, timestamp=moment, **how)
    wanted = (head, tail, *([moment] if moment else []))
    return open_reader(path, path.name, source, wanted, Notices()), source, columns


def _ends(path: Path, columns: list[str]) -> tuple[str, str]:
    """The columns of user and item; types behind a colon, as RecBole writes them, do not matter."""
    bare = {_bare(column): column for column in columns}
    for head, tail in (("user_id", "item_id"), ("head", "tail"), ("user", "item")):
        if head in bare and tail in bare:
            return bare[head], bare[tail]
    raise UsageError(f"{path}: no column user_id, item_id; found: {', '.join(columns)}")


def _bare(column: str) -> str:
    return column.split(":", maxsplit=1)[0].strip().lower()


def _lost(reasons: Counter[str], lines: Sequence[int]) -> list[str]:
    """Rows that name no pair."""
    if not lines:
        return []
    why = ", ".join(f"{reason} ({count:,})" for reason, count in reasons.most_common(3))
    told = by_number(f"{len(lines):,} [row names|rows name] no pair and [is|are] not tested")
    return [f"{told}: {why}; first in line {min(lines):,}"]


def _repeated(count: int) -> list[str]:
    told = f"{count:,} [row repeats|rows repeat] a pair, which is tested once"
    return [by_number(told)] if count else []


def _opinions(columns: Sequence[str]) -> list[str]:
    """A test pair is one that a person wants, whatever it was rated: that is said where the file may mean otherwise."""
    found = [column for column in columns if _bare(column) in OPINIONS]
    told = "is not looked at: each pair counts as one to recommend; leave out of the file what was not liked"
    return [f"the column {column!r} {told}" for column in found]
