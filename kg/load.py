"""Files → checked rows → store.

All rows are read, checked and staged on disk first; relation rows then look for their ends in this load and in the
store; then the limits are checked; only then is anything written, and only what differs. So a load either stops
before its first write or writes all of it, and repeating it writes nothing.
"""

import time
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from kg.cycle import describe_cycles
from kg.difference import Difference, entity_difference, triple_difference
from kg.errors import LimitError
from kg.load_report import FileReport, LoadReport
from kg.mapping import Source
from kg.notices import Notices
from kg.readers import open_reader
from kg.rejects import RejectedFile, write_rejects
from kg.resolution import Graph, NothingStored, StoredGraph
from kg.schema import Schema
from kg.staging import Staging
from kg.stores.store import Store
from kg.text import LabelMatcher, text_triples
from kg.validation import RowChecker


class StoreOpener(Protocol):
    """Opens the store that a load writes to."""

    def __call__(self, *, read_only: bool) -> Store | None:
        """Open it, read-only for a dry run; ``None`` where a dry run finds no store yet."""
        ...


class LoadProgress(Protocol):
    """Is told how far a load has come."""

    def start(self, file: str, total_bytes: int) -> None:
        """The reading of a file begins."""
        ...

    def advance(self, rows: int, bytes_read: int) -> None:
        """So many more rows and bytes of that file have been read and checked."""
        ...

    def finish(self) -> None:
        """That file is done."""
        ...


class NoProgress:
    """Tells nobody."""

    def start(self, file: str, total_bytes: int) -> None:
        """Do nothing."""

    def advance(self, rows: int, bytes_read: int) -> None:
        """Do nothing."""

    def finish(self) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class LoadOptions:
    """How to load."""

    rejects: Path
    """Folder in which a load with rejects makes a folder of its own."""
    staging: Path
    """Folder for good rows while the load goes on; empty again afterwards."""
    dry_run: bool = False
    """Report what would change and write nothing to the store."""
    max_rejects: int | None = None
    """Rejected rows above which nothing is written; 0 is strict, ``None`` no limit."""


def load(
    open_store: StoreOpener,
    schema: Schema,
    sources: Sequence[Source],
    base: Path,
    options: LoadOptions,
    progress: LoadProgress | None = None,
) -> LoadReport:
    """Load the files of ``sources`` into a store.

    :param base: the folder that file names are relative to, that of the mapping.
    :raises MappingError: for a file that is not there, or a mapping that does not fit.
    :raises ReadError: for a file that cannot be read as a whole.
    :raises LimitError: where rejects exceed ``options.max_rejects``, or of some file not one row could be loaded. The
        rejects file is there by then; nothing has been written to the store.
    :raises StoreError: where the store fails.
    """
    started = time.monotonic()
    store = open_store(read_only=options.dry_run)
    try:
        with Staging(options.staging) as staging:
            loading = _Load(store or NothingStored(schema), schema, staging, base, progress or NoProgress())
            report = loading.read(sources)
            report.dry_run = options.dry_run
            loading.resolve(report)
            report.rejects_file = _write_rejects(report, options.rejects)
            _check_limits(report, options.max_rejects)
            changes = loading.compare(report)
            if store is not None and not options.dry_run:
                _write(store, *changes)
    finally:
        if store is not None:
            store.close()
    report.seconds = time.monotonic() - started
    return report


class _Load:
    """The steps of one load."""

    def __init__(
        self, store: StoredGraph, schema: Schema, staging: Staging, base: Path, progress: LoadProgress
    ) -> None:
        self._store, self._schema, self._staging, self._base = store, schema, staging, base
        self._progress = progress
        self._notices = Notices()
        self._graph = Graph(staging, schema, store)
        self._sources: list[Source] = []
        self._found: dict[str, list[pl.DataFrame]] = defaultdict(list)

    def read(self, sources: Sequence[Source]) -> LoadReport:
        """Read, check and stage all rows of all files."""
        self._sources = list(sources)
        planned = [(index, source, path) for index, source in enumerate(sources) for path in source.files(self._base)]
        files: list[FileReport] = []
        for index, source, path in planned:
            file = FileReport(path, _place(path, self._base), source)
            self._read_file(file, index, len(files))
            files.append(file)
        return LoadReport(files)

    def _read_file(self, file: FileReport, index: int, number: int) -> None:
        checker = RowChecker(file.source, self._schema, index, file.place, self._notices)
        reader = open_reader(file.path, file.place, file.source, checker.wanted, self._notices)
        self._progress.start(file.place, reader.size)
        position = 0
        for batch in reader.batches():
            checked = checker.check(batch, number)
            self._staging.add(checked.tables)
            file.rows += batch.rows
            file.loaded += checked.good
            file.filtered += checked.filtered
            if checked.rejects.height:
                file.reject_frames.append(checked.rejects)
            self._progress.advance(batch.rows, reader.position - position)
            position = reader.position
        file.check()
        self._progress.finish()

    def resolve(self, report: LoadReport) -> None:
        """Settle what depends on other rows: ends of relation rows, labels in text."""
        for relation in self._relations("row"):
            rows, rejects = self._graph.rows(relation)
            self._found[relation].append(rows)
            for (number,), part in rejects.group_by("file", maintain_order=True):
                _reject_late(report.files[int(str(number))], part.drop("file"))
        for name in self._staging.names("text"):
            self._find_labels(name)

    def _find_labels(self, table: str) -> None:
        _, index, number = table.split(".")
        text = self._sources[int(index)].text[int(number)]
        texts = self._staging.scan(table)
        matcher = LabelMatcher(self._graph.labels(self._schema.relation[text.relation].tail), text)
        if texts is not None:
            self._found[text.relation].append(text_triples(texts.collect(), matcher, text.weight))
        for alias in matcher.unknown_aliases:
            self._notices.add(text.relation, f"alias {alias!r} stands for no known entity")

    def compare(self, report: LoadReport) -> tuple[dict[str, Difference], dict[str, Difference]]:
        """What changes, per entity type and per relation; fills the counts of the report."""
        entities, triples = {}, {}
        for name in self._graph.entity_types():
            merged = self._graph.entities(name)
            sentence = "{n} ids about which rows contradict each other; the largest value was taken"
            self._notices.add(name, sentence, merged.contradictions)
            entities[name] = entity_difference(self._schema, name, merged.frame, self._graph.stored(name))
        for name in self._relations("row", "triple", "text"):
            stored = self._store.read_triples(name)
            new = self._graph.triples(name, self._found[name])
            triples[name] = triple_difference(new, stored)
            self._report_cycles(name, pl.concat([stored.select("head", "tail"), new.select("head", "tail")]))
        report.entities = {name: difference.counts for name, difference in entities.items()}
        report.triples = {name: difference.counts for name, difference in triples.items()}
        report.notices = self._notices.render()
        return entities, triples

    def _report_cycles(self, relation: str, triples: pl.DataFrame) -> None:
        ends = self._schema.relation[relation]
        if ends.head == ends.tail and not self._schema.entity[ends.head].sensitive:
            sentence = describe_cycles(triples)
            if sentence is not None:
                self._notices.add(relation, sentence)

    def _relations(self, *kinds: str) -> list[str]:
        """Relations with staged tables of these kinds, in the order of the schema."""
        names = {name.split(".")[1] for kind in kinds if kind != "text" for name in self._staging.names(kind)}
        if "text" in kinds:
            names |= set(self._found)
        return [name for name in self._schema.relation if name in names]


def _reject_late(file: FileReport, rejects: pl.DataFrame) -> None:
    """Turn rows that were good by themselves into rejects."""
    columns = {"head": file.source.head or "", "tail": file.source.tail or ""}
    file.reject_frames.append(rejects.with_columns(pl.col("field").replace(columns)))
    file.loaded -= rejects.height
    file.check()


def _write_rejects(report: LoadReport, folder: Path) -> Path | None:
    bad = [RejectedFile(f.path, f.place, f.source, f.rejects) for f in report.files if f.rejected]
    return write_rejects(folder, bad) if bad else None


def _check_limits(report: LoadReport, max_rejects: int | None) -> None:
    where = f"nothing was written; see {report.rejects_file}"
    if max_rejects is not None and report.rejected > max_rejects:
        raise LimitError(f"{report.rejected:,} rows were rejected, {max_rejects:,} are allowed; {where}")
    for file in report.files:
        if file.rejected and not file.loaded:
            first = file.rejects.sort("line").row(0, named=True)
            raise LimitError(
                f"{file.place}: none of its {file.rows:,} rows could be loaded; "
                f"line {first['line']}: {first['reason']}; {where}"
            )


def _write(store: Store, entities: dict[str, Difference], triples: dict[str, Difference]) -> None:
    """Write what differs, entities first; nothing at all, not even a new revision, where nothing does."""
    if not any(d.created.height or d.updated.height for d in (*entities.values(), *triples.values())):
        return
    store.set_revision(f"loading-{uuid.uuid4()}")
    for name, difference in entities.items():
        if difference.created.height:
            store.create_entities(name, difference.created)
        if difference.updated.height:
            store.update_entities(name, difference.updated)
    for name, difference in triples.items():
        if difference.created.height:
            store.create_triples(name, difference.created)
        if difference.updated.height:
            store.update_triples(name, difference.updated)
    store.set_revision(str(uuid.uuid4()))


def _place(path: Path, base: Path) -> str:
    path, base = path.absolute(), base.absolute()
    return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
