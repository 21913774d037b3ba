"""Pages of HTML that commands write where the user says."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from cli.output import Output
from kg.errors import UsageError
from kg.workspace.outputs import remember_output
from kg.workspace.workspace import Workspace

Answer = TypeVar("Answer", bound=BaseModel)


def check_page(file: Path, workspace: Workspace, force: bool) -> None:
    """Refuse to write over what is no page of whyrec's.

    :raises UsageError: likewise for a file that is not named like a page.
    """
    from kg.workspace.output_file import PAGE, check_output  # only pages pay for it

    if file.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"--html {file}: a page of HTML is written; name it .html")
    check_output(file, PAGE, workspace, force)


def write_page(file: Path, page: str, workspace: Workspace, option: str = "--html") -> None:
    """Write a page, and remember where.

    :raises UsageError: where it cannot be written.
    """
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"{option} {file}: cannot be written: {problem.strerror or problem}") from None
    remember_output(workspace.folder, file)


def show_answer(output: Output, answer: Answer, page: Path | None, show: Callable[[Output, Answer], None]) -> None:
    """Print an answer: its document with ``--json``, else where its page was written, else itself."""
    if output.document(answer):
        return
    if page is not None:
        output.line(f"The {type(answer).__name__.lower()} as a page: {page}")
    else:
        show(output, answer)
