"""Progress bars on stderr, one for each stage that is told of."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TimeElapsedColumn

from cli.output import Output
from cli.terminal import DataColumn
from kg.progress import WAITING


class Bars:
    """A :class:`kg.progress.Progress` that draws; none with --quiet or where stderr is no terminal.

    The screen is not touched before the first stage begins.
    """

    def __init__(self, output: Output) -> None:
        self._shown = not output.quiet and output.errors.is_terminal
        self._output, self._bars = output, dict[str, int]()
        self._progress: Progress | None = None

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        """Move the bar of a stage."""
        if stage == WAITING and note:
            self._output.notices([note])
        if not self._shown or stage == WAITING:
            return
        if self._progress is None:
            columns = (SpinnerColumn("line"), DataColumn("{task.description}"), BarColumn())
            note_column = DataColumn("{task.fields[note]}")
            self._progress = Progress(
                *columns, TaskProgressColumn(), note_column, TimeElapsedColumn(), console=self._output.errors
            )
            self._progress.start()
        if stage not in self._bars:
            self._bars[stage] = self._progress.add_task(stage, total=total, note=note)
        task = self._progress.tasks[self._bars[stage]]
        self._progress.update(task.id, completed=done, total=total, note=note)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
