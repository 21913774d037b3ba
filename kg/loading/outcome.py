"""What a load tells of the rows and cells that it could not take: files beside the rejects, notices, limits."""

from pathlib import Path

import polars as pl

from kg.counting import by_number
from kg.errors import LimitError
from kg.notices import Notices
from kg.privacy.person_ids import People
from kg.staging.contradictions import write_contradictions
from kg.staging.report import FileReport, LoadReport
from kg.validation.rejects import COLUMNS, RejectedFile, new_rejects_folder, write_rejects
from kg.values.formula import escaped_formulas


class ReportFolder:
    """The folder of one load's reports, made when the first of them is written."""

    def __init__(self, rejects: Path, kept: int) -> None:
        """Prepare.

        :param rejects: the folder in which it will be.
        :param kept: how many such folders stay there.
        """
        self._rejects, self._kept = rejects, kept
        self._home: Path | None = None

    @property
    def home(self) -> Path:
        """The folder, which is there from now on."""
        self._home = self._home or new_rejects_folder(self._rejects, self._kept)
        return self._home


def tell_left_out(file: FileReport, notices: Notices) -> None:
    """Tell the cells that could not be read, by column and reason, with the line of the first."""
    cells = file.left_out.sort("line", maintain_order=True)
    for (column, reason), found in cells.group_by("field", "reason", maintain_order=True):
        sentence = f"{{n}} [cell|cells] of {column!r} could not be read and [was|were] left out"
        sentence += ", the [row|rows] loaded without [it|them]"
        notices.add(file.place, f"{sentence}; line {found.item(0, 'line')}: {reason}", found.height)


def write_bad_rows(report: LoadReport, folder: ReportFolder, people: People) -> None:
    """Write the rejects, and the cells that were left out beside them, where there are any."""
    bad = [RejectedFile(f.path, f.place, f.source, f.rejects) for f in report.files if f.rejected]
    report.rejects_file = write_rejects(folder.home, bad, people) if bad else None
    frames = [f.left_out.with_columns(pl.lit(f.place).alias("file")) for f in report.files if f.left_out_frames]
    if frames:
        report.left_out_file = folder.home / "left_out.csv"
        escaped_formulas(pl.concat(frames).select(COLUMNS)).write_csv(report.left_out_file)


def write_contradicted(report: LoadReport, rows: pl.DataFrame, folder: ReportFolder) -> None:
    """Write the rows that others contradict beside the rejects, where there are any."""
    if not rows.is_empty():
        places = [file.place for file in report.files]
        report.contradictions_file = write_contradictions(folder.home, rows, places)


def check_limits(report: LoadReport, max_rejects: int | None) -> None:
    """Stop a load that is not good enough.

    :raises LimitError: for more rejected rows and cells left out than allowed, for a file of which not one row could
        be loaded, and for a column whose decimal mark nobody told.
    """
    where = f"nothing was written; see {report.rejects_file or report.left_out_file}"
    if max_rejects is not None and report.rejected + report.left_out > max_rejects:
        cells = f" and {report.left_out:,} [cell|cells] could not be read" if report.left_out else ""
        raise LimitError(
            by_number(
                f"{report.rejected:,} [row was|rows were] rejected{cells}, {max_rejects:,} [is|are] allowed; {where}"
            )
        )
    for file in report.files:
        cell = file.unread_column()
        if cell is not None:
            raise LimitError(
                f"{file.place}: not one cell of {cell['field']!r} could be read; line {cell['line']}: "
                f"{cell['reason']}: {cell['value']}; {cell['hint']}; {where}"
            )
        if file.rejected and not file.loaded:
            first = file.rejects.sort("line").row(0, named=True)
            none = by_number(f"none of its {file.rows:,} [row|rows]")
            place = first["field"] if first["line"] is None else f"line {first['line']}"
            raise LimitError(
                f"{file.place}: {none} could be loaded; {place}: {first['reason']}; {first['hint']}; {where}"
            )
