"""``whyrec load``: files → store → snapshot."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskID, TimeElapsedColumn

from cli.options import DebugOption, JsonOption, QuietOption, workspace_of
from cli.output import Output
from cli.progress import Bars
from cli.terminal import DataColumn
from kg.errors import UsageError
from kg.formats.by_file_name import sources_for_paths
from kg.loading.delete_limit import DeleteLimit
from kg.loading.load import LoadOptions, load
from kg.mapping.source import RDF_FORMATS, Mode, Source, format_of_name, rdf_mapping, read_mapping
from kg.privacy.person_ids import People, sensitive_types
from kg.privacy.pseudonym import is_pseudonymised, pseudonyms_for_load, remember_pseudonyms
from kg.privacy.suppression import Suppression
from kg.staging.report import LoadReport
from kg.workspace.workspace import Workspace
from whyrec.opening import refreshed

app = typer.Typer(add_completion=False)
COUNTS = ("created", "updated", "unchanged", "deleted")


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
    mode: Annotated[
        Mode | None,
        typer.Option(help="replace: delete from the store what vanished from the files; merge: delete nothing."),
    ] = None,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="With replace: an empty file may delete all that it covers.")
    ] = False,
    max_deletes: Annotated[
        str | None,
        typer.Option(metavar="N", help="With replace: most of a type or relation to delete; 5%, or a number, or all."),
    ] = None,
    allow_outside: Annotated[
        bool, typer.Option("--allow-outside", help="The mapping may name files outside its own folder.")
    ] = False,
    pseudonymise: Annotated[
        bool,
        typer.Option("--pseudonymise", help="Replace ids of people by a hash with the key WHYREC_PSEUDONYM_KEY."),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Finish a load that was cut off; the same files again do so too.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Load files into the store; bad rows go to a rejects file, a second load changes nothing.

    Examples: whyrec load · whyrec load --mapping shop.toml --dry-run · whyrec load Product.csv purchased.csv ·
    whyrec load --mode replace --dry-run
    """
    output, workspace = Output(as_json, quiet), workspace_of(ctx)
    sources, base = _sources(workspace, paths or [], mapping, triples)
    limit = 0 if strict else max_rejects
    people = people_of(workspace, pseudonymise)
    options = LoadOptions(
        workspace.rejects,
        workspace.staging,
        dry_run,
        limit,
        mode,
        allow_empty,
        DeleteLimit.parse(max_deletes or workspace.settings.load.max_deletes),
        resume,
        workspace.settings.load.rejects_kept,
        workspace.unfinished,
        allow_outside=allow_outside or bool(paths),  # what is given by name is meant
        columns=workspace.columns,
        people=people,
    )
    load_and_show(output, workspace, sources, base, options)


def load_and_show(
    output: Output, workspace: Workspace, sources: list[Source], base: Path, options: LoadOptions
) -> None:
    """Load, take the snapshot, and say what happened."""
    dry_run, people = options.dry_run, options.people or People(workspace.schema)
    with nullcontext() if dry_run else workspace.lock(lambda text: output.notices([text])):
        if people.pseudonyms and not dry_run:
            remember_pseudonyms(workspace.folder, people.pseudonyms)
        with _Bars(output) as bars:
            report = load(workspace.open_store, workspace.schema, sources, base, options, bars)
        output.notices(report.notices)
        snapshot = None if dry_run or report.unfinished else _snapshot(workspace, output)
    document = report.to_json() | {"snapshot": snapshot}
    if not output.document(document):
        _show(output, report, document, workspace)


def _sources(workspace: Workspace, paths: list[Path], mapping: Path | None, triples: bool) -> tuple[list[Source], Path]:
    if paths and mapping:
        raise UsageError("give files or a mapping, not both: a mapping names its files itself")
    if triples and not paths:
        raise UsageError("--triples goes with files")
    if paths:
        is_rdf = any(path.is_dir() or format_of_name(path) in RDF_FORMATS for path in paths)
        rdf = rdf_mapping(workspace.mapping, workspace.schema) if is_rdf else None
        return sources_for_paths(paths, workspace.schema, triples, rdf), Path()
    chosen = mapping or workspace.mapping
    return read_mapping(chosen, workspace.schema), chosen.parent


def people_of(workspace: Workspace, pseudonymise: bool) -> People:
    """What the load does with ids of people."""
    raw: list[str] = []
    if pseudonymise and not is_pseudonymised(workspace.folder):
        store = workspace.open_store(read_only=True)
        try:
            counts = store.count_entities()
        finally:
            store.close()
        raw = [name for name in sensitive_types(workspace.schema) if counts[name]]
    pseudonyms = pseudonyms_for_load(workspace.folder, pseudonymise, raw)
    return People(workspace.schema, pseudonyms, Suppression.open(workspace.folder))


def _snapshot(workspace: Workspace, output: Output) -> str:
    """Take the snapshot of what is in the store now, where the current one shows something else."""
    with Bars(output) as bars:
        return refreshed(workspace, bars)[0].hash


def _show(output: Output, report: LoadReport, document: dict[str, Any], workspace: Workspace) -> None:
    columns = ("file", "rows", "loaded", "rejected", "filtered")
    rows = [[file["file"], *(f"{file[name]:,}" for name in columns[1:])] for file in document["files"]]
    output.table("Files", columns, rows, right=" ".join(columns[1:]))
    changes = {**report.entities, **report.triples}
    cells = [[name, *(f"{counts[kind]:,}" for kind in COUNTS)] for name, counts in changes.items()]
    output.table("Would change" if report.dry_run else "Store", ("what", *COUNTS), cells, right=" ".join(COUNTS))
    if report.rejected:
        output.line(f"{report.rejected:,} rows were rejected: {report.rejects_file}", style="yellow")
    if report.contradictions:
        text = f"{report.contradictions:,} entities and triples are contradicted: {report.contradictions_file}"
        output.line(text, style="yellow")
    total = sum(file.rows for file in report.files)
    speed = f"{total:,} rows in {report.seconds:.1f} s ({total / max(report.seconds, 1e-9):,.0f} rows/s)"
    if report.dry_run:
        output.line(f"Dry run: nothing was written; {speed}.")
    elif not any(sum(counts.values()) - counts["unchanged"] for counts in changes.values()):
        output.line(f"Nothing changed: the store held all of this already; {speed}.")
    else:
        output.line(f"Loaded {speed}. Next: whyrec -w {workspace.folder} train, or recommend USER at once.")


class _Bars:
    """A bar per file and one for the writing on stderr, with rows per second."""

    def __init__(self, output: Output) -> None:
        columns = (DataColumn("{task.description}"), BarColumn(), DataColumn("{task.fields[note]}"))
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
        self._move(rows, bytes_read)

    def start_writing(self, rows: int) -> None:
        """The writing begins."""
        self._task, self._rows = self._progress.add_task("Writing", total=rows, note=""), 0

    def written(self, name: str, rows: int) -> None:
        """Rows were written."""
        self._progress.update(self._task, description=f"Writing {name}")
        self._move(rows, rows)

    def finish(self) -> None:
        """The file, or the writing, is done."""
        self._progress.update(self._task, completed=self._progress.tasks[self._task].total)

    def _move(self, rows: int, advance: int) -> None:
        self._rows += rows
        task = self._progress.tasks[self._task]
        speed = f", {self._rows / task.elapsed:,.0f} rows/s" if task.elapsed else ""
        self._progress.update(self._task, advance=advance, note=f"{self._rows:,} rows{speed}")
