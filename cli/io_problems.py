"""What the operating system refused, whoever tells it: Python, polars or NumPy."""

import os
import re

OS_ERROR = re.compile(r"\(os error (\d+)\)")
"""How polars ends what the system told it, under errors of several kinds."""
SHORT_WRITE = re.compile(
    r"\d+ requested and \d+ written|Not enough free space to write \d+ bytes(?: after offset \d+)?"
)
"""How NumPy says that a file could not take all, and, of 16 MiB and more, that it could not: it does not know why."""


def io_problem(problem: BaseException) -> str | None:
    """A sentence without full stop; ``None`` for what the system has nothing to do with.

    Of the text of an error only what the system said is taken: the rest may hold the id of a person.
    """
    if isinstance(problem, OSError) and problem.strerror:
        where = f"{problem.filename}: " if problem.filename else "cannot read or write: "
        return f"{where}{problem.strerror}"
    if (told := OS_ERROR.search(str(problem))) is not None:
        return f"cannot read or write: {os.strerror(int(told[1]))}"
    if isinstance(problem, OSError) and SHORT_WRITE.fullmatch(str(problem)):
        return "cannot write: the disk is full, or files may not be so large"
    return None
