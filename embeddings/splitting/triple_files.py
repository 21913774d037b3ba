"""Files of triples, a line each: head, relation, tail and, where wanted, a timestamp, parted by tabs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from embeddings.splitting.config import TripleSource
from kg.counting import by_number
from kg.errors import ReadError
from kg.instant import NO_TIME

if TYPE_CHECKING:  # a leaderboard needs no polars
    import polars as pl

TRAIN, VALIDATION, TEST = 0, 1, 2
COLUMNS = ("head", "relation", "tail")
HEADERS = (
    COLUMNS,
    ("h", "r", "t"),
    ("subject", "predicate", "object"),
    ("s", "p", "o"),
    ("source", "relation", "target"),
    ("from", "relation", "to"),
    ("head_id", "relation_id", "tail_id"),
)
"""First lines that name columns, whatever their case."""


def read_triples(data: TripleSource, base: Path) -> tuple["pl.DataFrame", tuple[str, ...]]:
    """Columns head, relation, tail, time, part; each triple once, in the part that it comes in first of test,
    validation, train; and what a reader should know of the files.

    Names are trimmed and put into Unicode NFC, as ``load`` does: ``e1`` and ``e1`` with a blank are no two entities.

    :raises ReadError: for a file that cannot be read, or a line that is no triple.
    """
    import polars as pl

    parts = ((TEST, data.test), (VALIDATION, data.validation), (TRAIN, data.triples))
    notes: list[str] = []
    frames = [_frame(base / file, part, notes) for part, files in parts for file in files]
    whole = pl.concat(frames)
    found = whole.unique(COLUMNS, keep="first", maintain_order=True)
    if repeated := whole.height - found.height:
        notes.append(by_number(f"{repeated:,} [line repeats|lines repeat] a triple, which counts once"))
    tested, rest = (
        whole.filter(one).select(COLUMNS).unique() for one in (pl.col("part") > TRAIN, pl.col("part") == TRAIN)
    )
    if shared := tested.join(rest, on=COLUMNS, how="semi").height:
        told = "[triple|triples] of the test and validation files [stands|stand] in the training files too"
        notes.append(by_number(f"{shared:,} {told}, and [was|were] taken out of these"))
    return found, tuple(notes)


def _frame(path: Path, part: int, notes: list[str]) -> "pl.DataFrame":
    """The columns head, relation, tail, time, part of one file."""
    import polars as pl

    try:
        found = pl.read_csv(path, separator="\t", has_header=False, quote_char=None, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as problem:
        text = str(problem).partition("\n")[0]
        raise ReadError(f"{path}: cannot be read as lines of head, relation and tail, parted by tabs: {text}") from None
    if found.width not in (3, 4):
        raise ReadError(
            f"{path}: {found.width} columns; head, relation, tail and, where wanted, a timestamp are expected, "
            "parted by tabs"
        )
    found = found.rename(dict(zip(found.columns, COLUMNS, strict=False)))
    first = tuple((cell or "").strip().lower() for cell in found.row(0)[:3]) if found.height else ()
    header = int(first in HEADERS)
    if header:
        notes.append(f"{path.name}: the first line names the columns and is no triple")
    found = _trimmed(path, found.slice(header), notes)
    bad = found.select(pl.any_horizontal(pl.col(COLUMNS).is_null() | (pl.col(COLUMNS) == "")))
    _refuse(path, bad.to_series(), "head, relation or tail is missing", header)
    empty = pl.repeat(NO_TIME, found.height, eager=True)
    times = _times(path, found.to_series(3), header) if found.width == 4 else empty
    return found.select(*COLUMNS, times.alias("time"), pl.lit(part, dtype=pl.Int64).alias("part"))


def _trimmed(path: Path, found: "pl.DataFrame", notes: list[str]) -> "pl.DataFrame":
    """Names as a load keeps them."""
    from kg.values.cells import identifiers, trimmed

    names = {name: identifiers(trimmed(found.get_column(name), ())) for name in COLUMNS}
    changed = sum(int(found.get_column(name).ne_missing(cells).sum()) for name, cells in names.items())
    if changed:
        told = by_number(f"{changed:,} [cell was|cells were] trimmed or put into Unicode form NFC")
        notes.append(f"{path.name}: {told}")
    return found.with_columns(**names)


def _times(path: Path, cells: "pl.Series", header: int) -> "pl.Series":
    from kg.values.timestamp import parse_timestamps

    cells = cells.str.strip_chars()
    parsed = parse_timestamps(cells).values
    _refuse(path, parsed.is_null() & cells.is_not_null(), "the fourth column is no timestamp", header)
    return parsed.fill_null(NO_TIME)


def _refuse(path: Path, bad: "pl.Series", why: str, header: int) -> None:
    """:param header: lines before the first triple."""
    lines: Any = bad.arg_true()
    if len(lines):
        raise ReadError(f"{path}:{lines[0] + 1 + header}: {why} ({len(lines):,} such lines); mend the file")
