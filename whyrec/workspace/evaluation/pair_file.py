"""The file of pairs that an evaluation tests on."""

from pathlib import Path

from kg.errors import KGError, UsageError
from kg.mapping.file_format import format_of_name


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """The pairs of user and item in a file that ``load`` can read, each once.

    :raises UsageError: where the file cannot be read, or does not name its columns ``user_id`` and ``item_id``, or
        ``head`` and ``tail``.
    """
    from kg.mapping.source import Source  # only a test file is read
    from kg.notices import Notices
    from kg.readers.opening import open_reader
    from kg.validation.cell_reader import CellReader
    from kg.validation.row_set import RowSet

    found: dict[tuple[str, str], None] = {}
    try:
        probe = Source(file=str(path), entity="any", id="any", format=None if format_of_name(path) else "tsv")
        columns = open_reader(path, path.name, probe, (), Notices()).columns()
        head, tail = _ends(path, columns)
        source = Source(file=str(path), relation="any", head=head, tail=tail, format=probe.format)
        for batch in open_reader(path, path.name, source, (head, tail), Notices()).batches():
            cells = CellReader(RowSet(batch, source, path.name, Notices()), source, path.name, Notices())
            ids = [cells.identifiers(head, "user"), cells.identifiers(tail, "item")]
            found |= dict.fromkeys(pair for pair in zip(*ids, strict=True) if None not in pair)
    except KGError as problem:
        raise UsageError(f"{path}: {problem}") from None
    return sorted(found)


def _ends(path: Path, columns: list[str]) -> tuple[str, str]:
    """The columns of user and item; types behind a colon, as RecBole writes them, do not matter."""
    bare = {column.split(":")[0].strip().lower(): column for column in columns}
    for head, tail in (("user_id", "item_id"), ("head", "tail"), ("user", "item")):
        if head in bare and tail in bare:
            return bare[head], bare[tail]
    raise UsageError(f"{path}: no column user_id, item_id; found: {', '.join(columns)}")
