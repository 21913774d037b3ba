"""Files → checked rows → store.

All rows are read, checked and staged on disk first; relation rows then look for their ends in this load and in the
store; then the limits are checked; only then is anything written, and only what differs. So a load either stops
before its first write or writes all of it, and repeating it writes nothing. A load that is cut off while it writes is
finished by the same load: what it wrote no longer differs.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from kg.counting import by_number
from kg.errors import UsageError
from kg.loading.changes import Changes
from kg.loading.column_drift import remember_columns, tell_column_drift
from kg.loading.comparison import Comparison
from kg.loading.delete_limit import DeleteLimit
from kg.loading.limits import check_damage, check_deletes
from kg.loading.options import LoadOptions, StoreOpener
from kg.loading.outcome import ReportFolder, check_limits, tell_left_out, write_bad_rows, write_contradicted
from kg.loading.replacement import Replacement
from kg.loading.writing import load_key, write_changes
from kg.mapping.file_pattern import files_of
from kg.mapping.mapping import RdfSource
from kg.mapping.remote import is_address, without_password
from kg.mapping.source import Source
from kg.mapping.standard_input import place_of
from kg.money import read_rates
from kg.notices import Notices
from kg.privacy.person_ids import People, SourcePeople
from kg.progress import Progress, no_progress
from kg.readers.joining import open_joined
from kg.schema import Schema
from kg.staging.progress import StageProgress
from kg.staging.report import FileReport, LoadReport
from kg.staging.resolution import Graph
from kg.staging.stored_graph import NothingStored, StoredGraph
from kg.staging.tables import Staging
from kg.staging.unknown_ends import tell_new_items
from kg.stores.store import Store
from kg.text.label_matching import LabelMatcher, text_triples
from kg.text.similarity import similar_triples
from kg.validation.row_checker import CellMeaning, RowChecker

if TYPE_CHECKING:
    from kg.rdf.loading import RdfLoading

FEW = 10_000
"""New triples of a relation that the report of a load still holds."""


def load(
    open_store: StoreOpener,
    schema: Schema,
    sources: Sequence[Source],
    base: Path,
    options: LoadOptions,
    progress: Progress = no_progress,
) -> LoadReport:
    """Load the files of ``sources`` into a store.

    :param base: the folder that file names are relative to, that of the mapping.
    :raises MappingError: for a file that is not there, or a mapping that does not fit.
    :raises ReadError: for a file that cannot be read as a whole.
    :raises LimitError: where rejects exceed ``options.max_rejects``, of some file not one row could be loaded, or too
        much would be deleted. The rejects file is there by then; nothing has been written to the store.
    :raises StoreError: where the store fails, with what is safe by then.
    """
    started, people = time.monotonic(), options.people or People(schema)
    store = open_store(read_only=options.dry_run)
    try:
        with Staging(options.staging) as staging:
            replacement = Replacement(sources, options.mode, schema)
            loading = _Load(store or NothingStored(schema), people, staging, replacement, progress)
            report = loading.read(sources, base, options)
            report.dry_run = options.dry_run
            loading.resolve(report)
            columns = tell_column_drift(report.files, loading.notices, options.columns)
            folder = ReportFolder(options.rejects, options.rejects_kept)
            write_bad_rows(report, folder, people)
            check_limits(report, options.max_rejects)
            changes, comparison = loading.compare(report)
            replacement.check(report, comparison.vanished, options.max_rejects, options.allow_empty)
            most = DeleteLimit.parse("all") if options.allow_empty else options.max_deletes
            check_deletes(report, changes, comparison, most)
            write_contradicted(report, comparison.contradictions, folder)
            if store is not None and not options.dry_run:
                _write(store, changes, report, options, progress)
                remember_columns(options.columns, columns)
    finally:
        if store is not None:
            store.close()
    report.seconds = time.monotonic() - started
    return report


class _Load:
    """The steps of one load."""

    def __init__(
        self,
        store: StoredGraph,
        people: People,
        staging: Staging,
        replacement: Replacement,
        progress: Progress,
    ) -> None:
        self._store, self._people, self._schema, self._staging = store, people, people.schema, staging
        self._replacement, self._progress = replacement, progress
        self.notices = Notices()
        self._graph = Graph(staging, self._schema, store, replacement.entities)
        self._sources: list[Source] = []
        self._around: tuple[Path, bool, tuple[str, ...]] = (Path(), False, ())
        """The folder of the mapping, whether files may lie elsewhere, and where."""
        self._rdf: RdfLoading | None = None
        self._found: dict[str, list[pl.DataFrame]] = defaultdict(list)

    def read(self, sources: Sequence[Source], base: Path, options: LoadOptions) -> LoadReport:
        """Read, check and stage all rows of all files."""
        self._around = (base, options.allow_outside, options.places)
        self._sources = [self._with_items(source, sources) for source in sources]
        planned = [
            (index, source, path)
            for index, source in enumerate(self._sources)
            for path in source.files(base, options.allow_outside, options.places, options.staging)
        ]
        files: list[FileReport] = []
        for index, source, path in planned:
            place = options.called.get(path) or place_of(path, base)
            place = without_password(source.file) if is_address(source.file) else place
            file = FileReport(path, place, source)
            if isinstance(source, RdfSource):
                self._read_rdf(file, source, len(files))
            else:
                self._read_file(file, index, len(files))
            files.append(file)
        if self._rdf is not None:
            known = Graph(self._staging, self._schema, self._store, self._replacement.entities)
            self._rdf.finish(files, known)
        return LoadReport(files)

    def _with_items(self, source: Source, sources: Sequence[Source]) -> Source:
        """A log of events by itself: where nothing else says which items there are, it does."""
        relation = self._schema.relation.get(source.relation or "")
        if relation is None or not source.creates_people or source.create_ends is not None or not relation.interaction:
            return source
        told = any(other.entity == relation.tail or isinstance(other, RdfSource) for other in sources)
        if told or self._graph.stored.count(relation.tail):
            return source
        sentence = f"no {relation.tail} is known yet, so those that the rows name were created; load their file too"
        self.notices.add(source.relation or "", sentence)
        return source.model_copy(update={"create_ends": True})

    def _read_rdf(self, file: FileReport, source: RdfSource, number: int) -> None:
        if self._replacement.covers(source):
            raise UsageError(f"{file.place}: mode replace does not go with RDF; delete with another source, or merge")
        if self._rdf is None:
            from kg.ontology.plan import make_plan
            from kg.rdf.loading import RdfLoading  # rdflib takes .3 s to import, and tables need none of it

            plan = make_plan(source.vocabulary, self._schema)
            self._rdf = RdfLoading(plan, self._staging, self._people, self.notices)
        self._rdf.read(file, number, self._progress)

    def _read_file(self, file: FileReport, index: int, number: int) -> None:
        erases = file.source.null_erases or self._replacement.covers(file.source)
        told = file.source.rates
        rates = {} if told is None else read_rates(files_of(told, *self._around)[0])
        checker = RowChecker(file.source, self._people, index, file.place, self.notices, CellMeaning(erases, rates))
        reader = open_joined(file.path, file.place, file.source, checker.wanted, self.notices, *self._around)
        progress, position = StageProgress(self._progress, file.place, reader.size), 0
        for batch in reader.batches():
            checked = checker.check(batch, number)
            self._staging.add(checked.tables)
            file.rows += batch.rows
            file.loaded += checked.good
            file.filtered += checked.filtered
            file.read.update(checked.read)
            if checked.left_out.height:
                file.left_out_frames.append(checked.left_out)
            if checked.rejects.height:
                file.reject_frames.append(checked.rejects)
                check_damage(file)
            progress.advance(batch.rows, reader.position - position)
            position = reader.position
        self._replacement.one_per_row -= checker.several  # cells may hold lists where the mapping says nothing of them
        file.check()
        tell_left_out(file, self.notices)
        progress.finish()

    def resolve(self, report: LoadReport) -> None:
        """Settle what depends on other rows: ends of relation rows, labels in text, likeness."""
        self._graph.netted |= {s.relation for s in self._sources if s.returns and s.relation}
        creating = {name: self._creating(name, report.files) for name in self._relations("row", "once")}
        for relation in sorted(creating, key=lambda name: not creating[name]):  # others may name whom these create
            for rejects in self._graph.settle_rows(relation, creating[relation]):
                for (number,), part in rejects.group_by("file", maintain_order=True):
                    file = report.files[int(str(number))]
                    people = self._people.of(file.source, file.place, self.notices)
                    _reject_late(file, part.drop("file"), people)
                    if file.source.creates_people and file.source.create_ends is None:
                        tell_new_items(self.notices, relation, self._schema, part)
        for number, count in self._graph.told_again.items():
            file = report.files[number]
            file.loaded, file.filtered = file.loaded - count, file.filtered + count
            self.notices.add(
                file.place, f"{{n}} [row tells|rows tell] again what {file.source.once!r} told before", count
            )
        for name in self._staging.names("text"):
            self._find_labels(name)
        for name in self._staging.names("similar"):
            self._compare_texts(name)

    def _creating(self, relation: str, files: Sequence[FileReport]) -> set[int]:
        """Numbers of the files whose rows create heads of a relation."""
        about = self._schema.relation[relation]
        return {number for number, file in enumerate(files) if "head" in file.source.created_ends(about)}

    def _find_labels(self, table: str) -> None:
        _, index, number = table.split(".")
        text = self._sources[int(index)].text[int(number)]
        texts = self._staging.scan(table)
        matcher = LabelMatcher(self._graph.labels(self._schema.relation[text.relation].tail), text)
        if texts is not None:
            self._found[text.relation].append(text_triples(texts.collect(), matcher, text.weight))
        for alias in matcher.unknown_aliases:
            self.notices.add(text.relation, f"alias {alias!r} stands for no known entity")

    def _compare_texts(self, table: str) -> None:
        _, index, number = table.split(".")
        similar, texts = self._sources[int(index)].similar[int(number)], self._staging.scan(table)
        if texts is not None:
            self._found[similar.relation].append(similar_triples(texts.collect(), similar))

    def compare(self, report: LoadReport) -> tuple[Changes, Comparison]:
        """What changes, per entity type and per relation; fills the counts of the report."""
        mutual = {similar.relation for source in self._sources for similar in source.similar}
        comparison = Comparison(self._graph, self._schema, self._replacement, mutual, self.notices, report.dry_run)
        entities = {name: comparison.entities(name) for name in self._graph.entity_types()}
        gone = {name: change.deleted.whole() for name, change in entities.items() if change.deleted.height}
        self._replacement.cover(self._graph, report.files)
        spoken = {*self._relations("known", "triple", "text"), *self._replacement.relations()}
        triples = {}
        for name, ends in self._schema.relation.items():
            if name in spoken or ends.head in gone or ends.tail in gone:
                change = comparison.triples(name, self._found[name], gone)
                if name in spoken or change.deleted.height:
                    triples[name] = change
        report.entities = {name: change.counts for name, change in entities.items()}
        report.triples = {name: change.counts for name, change in triples.items()}
        report.contradictions = comparison.contradicted
        report.duplicates = {name: count for name, count in comparison.duplicates.items() if count}
        report.notices = self.notices.render()
        return Changes(entities, triples), comparison

    def _relations(self, *kinds: str) -> list[str]:
        """Relations with staged tables of these kinds, in the order of the schema."""
        names = {name.split(".")[1] for kind in kinds if kind != "text" for name in self._staging.names(kind)}
        if "text" in kinds:
            names |= set(self._found)
        return [name for name in self._schema.relation if name in names]


def _reject_late(file: FileReport, rejects: pl.DataFrame, people: SourcePeople) -> None:
    """Turn rows that were good by themselves into rejects."""
    columns = {"head": file.source.head or "", "tail": file.source.tail or ""}
    file.reject_frames.append(people.masked(rejects.with_columns(pl.col("field").replace(columns)), late=True))
    file.loaded -= rejects.height
    file.check()


def _write(store: Store, changes: Changes, report: LoadReport, options: LoadOptions, progress: Progress) -> None:
    """Write what differs, marked from the first write on."""
    if options.unfinished is not None:
        options.unfinished.touch()
    files = sorted(str(file.path.resolve()) for file in report.files)
    if write_changes(store, changes, progress, load_key(files), options.resume):
        report.unfinished = True
        report.notices.append(
            "an earlier load of other files was cut off, and what it had begun is not finished by this one: run it "
            "again, or, if the graph is right as it is now, this one with `resume`"
        )
    few = {name: one for name, one in changes.triples.items() if 0 < one.created.height <= FEW}
    report.created = {name: one.created.whole() for name, one in few.items() if not one.updated.height}
    if store.repeated:
        report.notices.append(
            by_number(
                f"{store.repeated:,} [write was|writes were] repeated, since the server did not confirm [it|them]; "
                "what was kept the first time is there once"
            )
        )
