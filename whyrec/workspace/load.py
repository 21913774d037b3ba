"""Load: files → checked rows → store → snapshot."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from kg.errors import SnapshotError, UsageError
from kg.formats.by_file_name import sources_for_paths
from kg.formats.knowledge import knowledge_sources
from kg.loading.delete_limit import DeleteLimit
from kg.loading.load import load
from kg.loading.options import LoadOptions
from kg.mapping.file_format import RDF_FORMATS, format_of_name
from kg.mapping.file_pattern import files_of
from kg.mapping.mapping import RdfSource, rdf_mapping, read_mapping
from kg.mapping.source import Mode, Source
from kg.mapping.standard_input import STANDARD_INPUT, kept_input
from kg.ontology.rdf_mapping import absolute_base
from kg.privacy.budget.ledger import PrivacyLedger
from kg.privacy.erasure.coming_back import CAME_BACK, erase_again
from kg.privacy.person_ids import People, sensitive_types
from kg.privacy.pseudonym import is_pseudonymised, pseudonyms_for_load, remember_pseudonyms
from kg.progress import WAITING, Progress
from kg.snapshot.snapshot import Manifest, Snapshot, part_of
from kg.snapshot.writing.earlier_parts import EarlierParts
from kg.staging.report import LoadReport as Report
from kg.stores.store import Store
from kg.stores.url import is_neo4j
from kg.workspace.permissions import private_files
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace
from whyrec.answering.opening import FORGOTTEN_ELSEWHERE, refreshed
from whyrec.reports import LoadReport

TAKEN_OVER = "something else had written to the store; answers come from that now, too"


class HowToLoad(TypedDict, total=False):
    """How to load; the fields of :class:`Loading` by name."""

    input_name: str | None
    knowledge: str | None
    triples: bool
    rdf: bool
    base: str | None
    dry_run: bool
    max_rejects: int | None
    mode: Mode | None
    allow_empty: bool
    max_deletes: str | None
    resume: bool
    allow_outside: bool
    pseudonymise: bool


@dataclass(frozen=True)
class Loading:
    """What to load, and how."""

    paths: tuple[Path, ...] = ()
    """Files named after a type or a relation, or RDF; none: those that the mapping names."""
    mapping: Path | None = None
    """A mapping file; the workspace's ``mapping.toml`` where absent."""
    input_name: str | None = None
    """The file name that standard input (``-`` among the paths) stands for."""
    knowledge: str | None = None
    """Name of a layer of knowledge, ``cosing``, that the files are of."""
    triples: bool = False
    """Whether the files hold head, relation and tail."""
    rdf: bool = False
    """Whether all files have to be RDF; the mapping says what its terms mean."""
    base: str | None = None
    """What relative IRIs in RDF are resolved against."""
    dry_run: bool = False
    """Say what would change and write nothing."""
    max_rejects: int | None = None
    """Bad rows above which nothing is written; 0 is strict, ``None`` no limit."""
    mode: Mode | None = None
    """``replace`` deletes from the store what vanished from the files, ``merge`` nothing; ``None``: as sources say."""
    allow_empty: bool = False
    """With ``replace``: whether an empty file may delete all that it covers."""
    max_deletes: str | None = None
    """With ``replace``: most of a type or relation to delete: ``5%``, a number or ``all``; as the workspace says."""
    resume: bool = False
    """Finish a load that was cut off, even if that one read other files."""
    allow_outside: bool = False
    """Whether the mapping may name files outside its own folder; what is given by name always may."""
    pseudonymise: bool | None = False
    """Replace ids of people by a hash with the key in WHYREC_PSEUDONYM_KEY; ``None``: they are the workspace's own, as
    those of the log of events are."""


@private_files()
def load_files(
    workspace: Workspace, asked: Loading, progress: Progress, called: Mapping[Path, str] | None = None
) -> LoadReport:
    """Load files into the store, and take the snapshot of what is there then.

    :param called: what reports call files that were made for this load and go with it; their columns are not
        remembered.
    """
    sources, folder = _rdf_sources(workspace, asked) if asked.rdf else _sources(workspace, asked)
    with nullcontext() if asked.dry_run else workspace.lock(_waiting(progress)):
        store = workspace.open_store(read_only=asked.dry_run)
        try:
            people = _people(workspace, store, asked.pseudonymise)
            if people.pseudonyms and not asked.dry_run:
                remember_pseudonyms(workspace.folder, people.pseudonyms)
            shown, had_model = None if asked.dry_run else _shown(workspace), workspace.held().model.is_dir()
            before = None if asked.dry_run else _current(workspace, store)
            back = before is None and not asked.dry_run and erase_again(workspace, store)
            options = _options(workspace, asked, people, called or {})
            report = load(lambda **_: store, workspace.schema, sources, folder, options, progress)
        finally:
            store.close()
        earlier = None if before is None else _earlier(before, report)
        taken = None if asked.dry_run or report.unfinished else _snapshot(workspace, progress, earlier)
    if not asked.dry_run:
        PrivacyLedger(workspace.folder, workspace.settings.privacy).begin()
    if back:
        report.notices.append(CAME_BACK)
    if had_model and not workspace.held().model.is_dir():
        report.notices.append(FORGOTTEN_ELSEWHERE)
    if shown is not None and taken is not None and _others_wrote(shown, taken):
        report.notices.append(TAKEN_OVER)
    return LoadReport.model_validate({**report.to_json(), "snapshot": taken and taken.hash})


def _options(workspace: Workspace, asked: Loading, people: People, called: Mapping[Path, str]) -> LoadOptions:
    return LoadOptions(
        workspace.rejects,
        workspace.staging,
        asked.dry_run,
        asked.max_rejects,
        asked.mode,
        asked.allow_empty,
        DeleteLimit.parse(asked.max_deletes or workspace.settings.load.max_deletes),
        asked.resume,
        workspace.settings.load.rejects_kept,
        workspace.unfinished,
        allow_outside=asked.allow_outside or bool(asked.paths),  # what is given by name is meant
        places=(*workspace.settings.load.allow_urls, *workspace.settings.load.allow_folders),
        columns=None if called else workspace.columns,
        called=called,
        people=people,
    )


def _current(workspace: Workspace, store: Store) -> Snapshot | None:
    """The snapshot, where it shows what the store holds; none of a server, to which others may write meanwhile."""
    if is_neo4j(workspace.settings.store):
        return None
    held = workspace.held()
    return held.snapshot() if held.is_current(store.revision(), store.fingerprint()) else None


def _shown(workspace: Workspace) -> Manifest | None:
    """What the snapshot shows that answers come from; ``None`` where there is none."""
    try:
        return workspace.held().snapshot().manifest
    except SnapshotError:
        return None


def _others_wrote(shown: Manifest, taken: Manifest) -> bool:
    """Whether the graph is another than was shown although no load wrote to it."""
    unwritten = shown.revision == taken.revision and shown.canonical == taken.canonical
    return unwritten and shown.hash != taken.hash and shown.fingerprint != taken.fingerprint


def _earlier(snapshot: Snapshot, report: Report) -> EarlierParts | None:
    """What of a snapshot a load left alone, or only added to; ``None`` where it deleted anything: other things go with
    that."""
    if any(counts["deleted"] for told in (report.entities, report.triples) for counts in told.values()):
        return None
    entities, triples = (
        {name for name, counts in told.items() if counts["created"] or counts["updated"]}
        for told in (report.entities, report.triples)
    )
    unwritten = {part_of("entity", name) for name in snapshot.schema.entity if name not in entities}
    unwritten |= {part_of("relation", name) for name in snapshot.schema.relation if name not in triples}
    return EarlierParts(snapshot, frozenset(unwritten), report.created)


def _snapshot(workspace: Workspace, progress: Progress, earlier: EarlierParts | None) -> Manifest | None:
    """The snapshot of what the store holds now; ``None`` where it holds nothing."""
    store = workspace.open_store(read_only=True)
    try:
        empty = store.revision() is None
        return None if empty else refreshed(workspace, progress, earlier=earlier, store=store)[0].manifest
    finally:
        store.close()


def _waiting(progress: Progress) -> Callable[[str], None]:
    return lambda text: progress(WAITING, 0, None, text)


def _sources(workspace: Workspace, asked: Loading) -> tuple[list[Source], Path]:
    """The sources, and the folder that their file names are relative to."""
    paths = asked.paths
    if paths and asked.mapping:
        raise UsageError("give files or a mapping, not both: a mapping names its files itself")
    if asked.triples and not paths:
        raise UsageError("`triples` goes with files")
    if asked.knowledge is not None:
        return knowledge_sources(asked.knowledge, paths, workspace.schema), Path()
    if paths:
        paths = _named(paths, asked.input_name)
        is_rdf = any(path.is_dir() or format_of_name(path) in RDF_FORMATS for path in paths)
        told = rdf_mapping(workspace.mapping, workspace.schema) if is_rdf else None
        return sources_for_paths(paths, workspace.schema, asked.triples, told), Path()
    chosen = asked.mapping or workspace.mapping
    if asked.resume and asked.mapping is None and not chosen.exists():
        raise UsageError(f"{chosen}: no such file; name the files of the load that was cut off, as it did")
    return read_mapping(chosen, workspace.schema), chosen.parent


def _named(paths: tuple[Path, ...], input_name: str | None) -> tuple[Path, ...]:
    """The files that are given: patterns that no shell has resolved, and standard input under a name.

    :raises UsageError: for a pattern that nothing fits, and standard input without a name.
    """
    found: list[Path] = []
    for path in paths:
        if str(path) == STANDARD_INPUT:
            if input_name is None:
                raise UsageError("standard input has no name; give it one, such as `purchased.csv`, with `input_name`")
            found.append(kept_input(input_name))
        elif not path.exists() and any(mark in str(path) for mark in "*?["):
            found += files_of(str(path), Path(), allow_outside=True)
        else:
            found.append(path)
    return tuple(found)


def _rdf_sources(workspace: Workspace, asked: Loading) -> tuple[list[Source], Path]:
    if asked.mapping is not None and not asked.mapping.is_file():
        raise UsageError(f"{asked.mapping}: no such file")
    told = rdf_mapping(asked.mapping or workspace.mapping, workspace.schema)
    found = sources_for_paths(asked.paths, workspace.schema, rdf=told)
    return [_rdf(source, asked.base) for source in found], Path()


def _rdf(source: Source, base: str | None) -> Source:
    """The source with the base; one of rows is refused."""
    if not isinstance(source, RdfSource):
        raise UsageError(f"{source.file}: no RDF; use `whyrec load` for it, or name it .ttl, .nt or .jsonld")
    if base is None:
        return source
    vocabulary = source.vocabulary.model_copy(update={"base": absolute_base(base)})
    return source.model_copy(update={"vocabulary": vocabulary})


def _people(workspace: Workspace, store: Store, pseudonymise: bool | None) -> People:
    """What the load does with ids of people."""
    raw: list[str] = []
    if pseudonymise and not is_pseudonymised(workspace.folder):
        counts = store.count_entities()
        raw = [name for name in sensitive_types(workspace.schema) if counts[name]]
    suppression = Suppression.open(workspace.folder, store)
    return People(workspace.schema, pseudonyms_for_load(workspace.folder, pseudonymise, raw), suppression)
