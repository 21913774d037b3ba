"""Find the columns that a source asks for among those that a file has."""

import unicodedata
from collections.abc import Iterable, Sequence

from kg.document import nearest
from kg.errors import ReadError
from kg.identifier import BLANKS
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.batch import Reject, shortened


def find_columns(
    wanted: Sequence[str],
    found: Sequence[str],
    source: Source,
    place: str,
    notices: Notices,
    own: int | None = None,
) -> dict[str, int | None]:
    """Wanted column → its position in the file, ``None`` for an optional one that is absent.

    A name counts as found when it differs only by surrounding blanks, case or Unicode form; that is a notice.

    :param own: how many of ``found`` are columns of the file itself; those after them are inside of others.
    :raises ReadError: naming the file and what was found, for a name that is there twice and for a missing column.
    """
    _refuse_duplicates(found[:own], place)
    notices.columns(place, found[:own])
    positions: dict[str, int | None] = {}
    missing = []
    for name in wanted:
        same = [i for i, other in enumerate(found) if other == name]
        alike = same or [i for i, other in enumerate(found) if folded_name(other) == folded_name(name)]
        if len(alike) == 1:
            positions[name] = alike[0]
            if not same:
                notices.add(place, f"column {found[alike[0]]!r} was taken for {name!r}")
        elif not alike and name in source.optional_columns:
            positions[name] = None
        else:
            missing.append(name)
    if missing:
        raise ReadError(_missing(missing, found, place))
    if source.reports_unused:
        for i, name in enumerate(found[:own]):
            if i not in positions.values():
                notices.add(place, f"column {name!r} is not used; {nearest(name, list(wanted))}")
    return positions


def header_row(rows: Iterable[Sequence[str]], wanted: Sequence[str], source: Source) -> int:
    """Which of the first rows names the wanted columns: the first, unless only a later one has all of them.

    What people export often has a title, a date or a comment above its table.
    """
    needed = {folded_name(name) for name in wanted if name not in source.optional_columns}
    if needed:
        for number, names in enumerate(rows):
            if needed <= {folded_name(name) for name in names}:
                return number
    return 0


def rows_above(lines: Iterable[tuple[int, str, Sequence[str]]], width: int) -> list[Reject]:
    """The rows that stand above a header, as where a table was sorted with it: they are rejects.

    From the first line on that fills more than half of the columns, as a title does not, they are rows.

    :param lines: number, text and cells of each.
    :param width: how many columns the header has.
    """
    rows: list[Reject] = []
    reason, hint = "above the header", "move the header into the first line, where it was before the table was sorted"
    for number, text, cells in lines:
        if text and (rows or 2 * sum(map(bool, map(str.strip, cells))) > width):
            rows.append(Reject(number, 1, "", shortened(text), reason, hint))
    return rows


def repeated_header(line: int, span: int, names: Sequence[str]) -> Reject:
    """The header among the rows, as files have it that were put together."""
    return Reject(
        line, span, "", shortened(",".join(names)), "the header once more", "leave it out; files were put together"
    )


def _refuse_duplicates(found: Sequence[str], place: str) -> None:
    seen: dict[str, int] = {}
    for number, name in enumerate(found, 1):
        if name.strip(BLANKS) and name in seen:
            raise ReadError(
                f"{place}: duplicate column {name!r} (columns {seen[name]} and {number}); rename one of them"
            )
        seen[name] = number


def _missing(missing: Sequence[str], found: Sequence[str], place: str) -> str:
    names = ", ".join(repr(name) for name in missing)
    shown = ", ".join(repr(name) for name in found[:50])
    message = f"{place}: missing column {names}; found: {shown}"
    if len(found) == 1:
        marks = [mark for mark in (";", "\t", ",", "|") if mark in found[0]]
        if marks:
            return f"{message}; only one column was found: tell delimiter = {marks[0]!r} in the mapping"
    return (
        f"{message}; correct the mapping, or tell columns = [...] where the file has no header, "
        "or optional = [...] where the file may lack them"
    )


def folded_name(name: str) -> str:
    """A column's name without what does not tell it from another: blanks around it, case, Unicode form."""
    return unicodedata.normalize("NFC", " ".join(name.strip(BLANKS).split())).casefold()
