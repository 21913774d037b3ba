"""Limits that a load keeps by itself: damaged files, and deletions that look like half an export."""

from kg.errors import LimitError
from kg.loading.changes import Changes
from kg.loading.comparison import Comparison
from kg.loading.delete_limit import DeleteLimit
from kg.staging.report import FileReport, LoadReport

MOST_REJECTS = 1_000_000
"""Bad rows of one file above which it is taken for damaged."""


def check_damage(file: FileReport) -> None:
    """Give up a file that is nothing but bad rows; they are all kept in memory until they are written.

    :raises LimitError: then.
    """
    if file.rejected > MOST_REJECTS:
        first = file.rejects.sort("line").row(0, named=True)
        raise LimitError(
            f"{file.place}: more than {MOST_REJECTS:,} rows are bad, the first in line {first['line']}: "
            f"{first['reason']}; nothing was written; mend the export, or split the file"
        )


def check_deletes(report: LoadReport, changes: Changes, comparison: Comparison, limit: DeleteLimit) -> None:
    """Refuse to delete too much; a dry run tells what a load would refuse.

    :raises LimitError: naming what is over the limit.
    """
    differences = {n: d for n, d in {**changes.entities, **changes.triples}.items() if n not in comparison.by_rows}
    found = [limit.exceeded(name, d.deleted.height, comparison.stored.get(name, 0)) for name, d in differences.items()]
    broken = [sentence for sentence in found if sentence]
    if not report.dry_run:
        limit.check(broken)
    elif broken:
        report.notices.append(f"a load would stop, since it may delete {limit} at most: {', '.join(broken)}")
