"""``whyrec load``: files → store → snapshot."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from kg.errors import UsageError
from kg.implicit_mapping import sources_for_paths
from kg.load import LoadOptions, load
from kg.load_report import LoadReport
from kg.mapping import Source, read_mapping
from kg.workspace import Workspace

app = typer.Typer(add_completion=False)
COUNTS = ("created", "updated", "unchanged")


@app.command("load")
def load_command(
    ctx: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="Files named after a type or a relation.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="Mapping file; without it the workspace's mapping.toml.")] = None,
    triples: Annotated[bool, typer.Option("--triples", help="The files hold head, relation and tail.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change and write nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Write nothing if any row is bad.")] = False,
    max_rejects: Annotated[int | None, typer.Option(min=0, help="Write nothing if more rows are bad.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish an interrupted load; the same as loading again.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Load files into the store; bad rows go to a rejects file, a second load changes nothing.

    Examples: whyrec load · whyrec load --mapping shop.toml --dry-run · whyrec load Product.csv purchased.csv
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    sources, base = _sources(workspace, paths or [], mapping, triples)
    options = LoadOptions(workspace.rejects, workspace.staging, dry_run, 0 if strict else max_rejects)
    with _Bars(output) as bars:
        report = load(workspace.open_store, workspace.schema, sources, base, options, bars)
    output.notices(report.notices)
    snapshot = None if dry_run else _snapshot(workspace, output)
    document = report.to_json() | {"snapshot": snapshot}
    if not output.document(document):
        _show(output, report, document, workspace)


def _sources(workspace: Workspace, paths: list[Path], mapping: Path | None, triples: bool) -> tuple[list[Source], Path]:
    if paths and mapping:
        raise UsageError("give files or a mapping, not both: a mapping names its files itself")
    if triples and not paths:
        raise UsageError("--triples goes with files")
    if paths:
        return sources_for_paths(paths, workspace.schema, triples), Path()
    chosen = mapping or workspace.mapping
    return read_mapping(chosen, workspace.schema), chosen.parent


def _snapshot(workspace: Workspace, output: Output) -> str:
    """Take the snapshot of what is in the store now, where the current one shows something else."""
    store = workspace.open_store(read_only=True)
    try:
        with output.progress() as progress:
            task = progress.add_task("Snapshot", total=None, note="")
            return workspace.refresh(store, lambda name, rows: progress.update(task, note=f"{name}: {rows:,}"))[0].hash
    finally:
        store.close()


def _show(output: Output, report: LoadReport, document: dict[str, Any], workspace: Workspace) -> None:
    columns = ("file", "rows", "loaded", "rejected", "filtered")
    rows = [[file["file"], *(f"{file[name]:,}" for name in columns[1:])] for file in document["files"]]
    output.table("Files", columns, rows, right=" ".join(columns[1:]))
    changes = {**report.entities, **report.triples}
    cells = [[name, *(f"{counts[kind]:,}" for kind in COUNTS)] for name, counts in changes.items()]
    output.table("Would change" if report.dry_run else "Store", ("what", *COUNTS), cells, right=" ".join(COUNTS))
    if report.rejected:
        output.line(f"{report.rejected:,} rows were rejected: {report.rejects_file}", style="yellow")
    total = sum(file.rows for file in report.files)
    speed = f"{total:,} rows in {report.seconds:.1f} s ({total / max(report.seconds, 1e-9):,.0f} rows/s)"
    if report.dry_run:
        output.line(f"Dry run: nothing was written; {speed}.")
    elif not any(counts["created"] + counts["updated"] for counts in changes.values()):
        output.line(f"Nothing changed: the store held all of this already; {speed}.")
    else:
        output.line(f"Loaded {speed}. Next: whyrec -w {workspace.folder} train, or recommend USER at once.")


class _Bars:
    """A bar per file on stderr, with rows per second."""

    def __init__(self, output: Output) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[note]}"))
        hidden = output.quiet or not output.errors.is_terminal
        self._progress = Progress(*columns, TimeElapsedColumn(), console=output.errors, disable=hidden)
        self._task, self._rows = TaskID(0), 0

    def __enter__(self) -> "_Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def start(self, file: str, total_bytes: int) -> None:
        """A file begins."""
        self._task, self._rows = self._progress.add_task(file, total=total_bytes, note=""), 0

    def advance(self, rows: int, bytes_read: int) -> None:
        """Rows and bytes were read."""
        self._rows += rows
        task = self._progress.tasks[self._task]
        speed = f"{self._rows / task.elapsed:,.0f} rows/s" if task.elapsed else ""
        self._progress.update(self._task, advance=bytes_read, note=f"{self._rows:,} rows, {speed}")

    def finish(self) -> None:
        """The file is done."""
        self._progress.update(self._task, completed=self._progress.tasks[self._task].total)
