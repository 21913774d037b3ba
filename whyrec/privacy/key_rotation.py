"""Key rotation: the pseudonyms of a workspace, made anew with another key."""

import shutil
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import polars as pl

from kg.errors import UsageError
from kg.formats.by_file_name import sources_for_paths
from kg.k_anonymity import floored_count
from kg.mapping.mapping import read_mapping
from kg.mapping.source import Source
from kg.notices import Notices
from kg.privacy.erasure.workspace_files import WorkspaceFiles
from kg.privacy.person_columns import tokens
from kg.privacy.person_ids import People, sensitive_types
from kg.privacy.pseudonym import KEY_VARIABLE, Pseudonyms, change_key, check_key
from kg.progress import no_progress
from kg.readers.opening import open_reader
from kg.stores.revision import UNFINISHED
from kg.stores.store import Store
from kg.workspace.lock import workspace_lock
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace
from recommender.results.document import Result
from whyrec.answering.opening import refreshed
from whyrec.events.log import EventLog
from whyrec.privacy.forgotten_decisions import rename_in_decisions

OLD_KEY_VARIABLE = f"{KEY_VARIABLE}_OLD"


class RotationReport(Result):
    """The answer of ``rotate-key``."""

    people: dict[str, int]
    """Entity type → people with a new pseudonym."""
    files_removed: list[str]
    """Files of whyrec's that held old ones, and that it can write again."""
    snapshot: str


def rotate_pseudonyms(workspace: Workspace, paths: Sequence[Path] = ()) -> RotationReport:
    """Give everybody a pseudonym of the key in ``WHYREC_PSEUDONYM_KEY`` instead of that in ``…_OLD``.

    Who is who is read from the source files of the mapping, and from others that are named, as a load does. What was
    learned and written with the old pseudonyms is removed. Cut off, the same call goes on.

    :param paths: files that were loaded by their names, without the mapping.
    :raises UsageError: for a missing or wrong key, people who are in no source file, or events that no load took over;
        nothing was changed then.
    :raises StoreError: where the store fails.
    """
    old, new = Pseudonyms.from_environment(OLD_KEY_VARIABLE), Pseudonyms.from_environment()
    check_key(workspace.folder, old, OLD_KEY_VARIABLE)
    _check_events(workspace)
    sources, k = _sources(workspace, paths), workspace.settings.privacy.k
    raw = {name: _raw_ids(workspace, sources, name) for name in sensitive_types(workspace.schema)}
    with workspace_lock(workspace.folder):
        store = workspace.open_store()
        try:
            renamed = {name: _renamed(store, name, ids, (old, new), k) for name, ids in raw.items()}
            store.set_revision(f"{UNFINISHED}{uuid.uuid4()}")
            _rename(workspace, store, renamed)
            suppression = Suppression.open(workspace.folder, store)
            gone = [(n, new.of(n, one)) for n, ids in raw.items() for one in ids if suppression.has(n, old.of(n, one))]
            if gone:
                suppression.add(gone, store)
            store.compact()
            store.set_revision(str(uuid.uuid4()))
            change_key(workspace.folder, new)
            names = {(name, old.of(name, one)): new.of(name, one) for name, ids in raw.items() for one in ids}
            removed = _remove_files(workspace, names)
        finally:
            store.close()
        snapshot, _ = refreshed(workspace, no_progress)
    return RotationReport(
        people={name: found.height for name, found in renamed.items()}, files_removed=removed, snapshot=snapshot.hash
    )


def _check_events(workspace: Workspace) -> None:
    folder = workspace.folder / "service"
    if folder.is_dir():
        with closing(EventLog(folder)) as log:
            if log.counts():
                raise UsageError(
                    "the service holds events under old pseudonyms: take them over with `whyrec load --events` first"
                )


def _sources(workspace: Workspace, paths: Sequence[Path]) -> list[tuple[Source, Path]]:
    """What has the ids of people as they are, and the folder that its file names are relative to."""
    named = [(one, Path()) for one in sources_for_paths(list(paths), workspace.schema)] if paths else []
    if not workspace.mapping.exists():
        if not paths:
            raise UsageError(
                f"{workspace.mapping}: there is none, so nobody knows who is who; name the files that were loaded: "
                "`whyrec rotate-key FILE …`; nothing was changed"
            )
        return named
    folder = workspace.mapping.parent
    mapped = [(one, folder) for one in read_mapping(workspace.mapping, workspace.schema) if isinstance(one, Source)]
    return [*mapped, *named]


def _raw_ids(workspace: Workspace, sources: Sequence[tuple[Source, Path]], entity_type: str) -> list[str]:
    """The ids of a type as the source files have them."""
    found, people = set[str](), People(workspace.schema)
    for source, folder in sources:
        columns = [name for name, told in people.columns(source, [entity_type]).items() if told in (entity_type, None)]
        for path in source.files(folder, allow_outside=True) if columns else ():
            for batch in open_reader(path, path.name, source, columns, Notices()).batches():
                for column in set(columns) & set(batch.frame.columns):
                    cells = batch.frame.get_column(column).drop_nulls().unique().to_list()
                    lists = batch.lists[column].drop_nulls().to_list() if column in batch.lists else []
                    found.update(one for cell in (*cells, *lists) for one in tokens(cell) if one)
    return sorted(found)


def _renamed(
    store: Store, entity_type: str, raw: list[str], keys: tuple[Pseudonyms, Pseudonyms], k: int
) -> pl.DataFrame:
    """Old and new pseudonym of everybody who still has an old one: ``old``, ``new``.

    :raises UsageError: where somebody is in no source file.
    """
    old, new = keys
    table = {old.of(entity_type, one): new.of(entity_type, one) for one in raw}
    ids, done = store.read_entities(entity_type).get_column("id").to_list(), set(table.values())
    unknown = sum(one not in table and one not in done for one in ids)
    if unknown:
        raise UsageError(
            f"{floored_count(unknown, k)} {entity_type} are in no source file of the mapping, so nobody knows their "
            "new pseudonyms; add the files to the mapping, name them to `whyrec rotate-key`, or forget these people; "
            "nothing was changed"
        )
    kept = [one for one in ids if one in table]
    return pl.DataFrame({"old": kept, "new": [table[one] for one in kept]}, schema={"old": pl.String, "new": pl.String})


def _rename(workspace: Workspace, store: Store, renamed: dict[str, pl.DataFrame]) -> None:
    """Everybody anew, then all triples, then the old ones go, and their triples with them."""
    for name, table in renamed.items():
        rows = store.read_entities(name).join(table, left_on="id", right_on="old", how="inner")
        there = store.read_entities(name).get_column("id")
        rows = rows.with_columns(pl.col("new").alias("id")).drop("new")
        store.create_entities(name, rows.filter(~pl.col("id").is_in(there.implode())))
    for relation, ends in workspace.schema.relation.items():
        if ends.head in renamed or ends.tail in renamed:
            triples = store.read_triples(relation)
            moved = triples
            for end, name in (("head", ends.head), ("tail", ends.tail)):
                if name in renamed:
                    table = renamed[name]
                    moved = moved.with_columns(pl.col(end).replace(table["old"], table["new"]))
            changed = moved.filter((moved["head"] != triples["head"]) | (moved["tail"] != triples["tail"])).join(
                triples, on=["head", "tail"], how="anti"
            )
            store.create_triples(relation, changed)
    for name, table in renamed.items():
        store.delete_entities(name, table.select(pl.col("old").alias("id")))


def _remove_files(workspace: Workspace, names: Mapping[tuple[str, str], str]) -> list[str]:
    """What holds old pseudonyms: rejects, lists, pages and exports, answers of the service.

    :param names: type and old pseudonym of somebody → the new one, under which goes on what somebody hid.
    """
    files, removed = WorkspaceFiles(workspace), list[str]()
    for path in {*files.rewritable(), *files.removable()}:
        removed.append(files.shown(path))
        path.unlink(missing_ok=True)
    for learned in (*workspace.made, workspace.staging):
        shutil.rmtree(learned, ignore_errors=True)
    folder = workspace.folder / "service"
    if folder.is_dir():
        with closing(EventLog(folder)) as log:
            log.forget_all(names)
    rename_in_decisions(workspace, names)
    return sorted(removed)
