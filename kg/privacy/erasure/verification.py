"""The proof of an erasure: every file of the workspace, the store and the snapshot are searched for the person."""

from pathlib import Path

from kg.counting import by_number
from kg.errors import ReadError
from kg.mapping.file_format import COMPRESSIONS, SUFFIXES
from kg.privacy.erasure.identification import Identified
from kg.privacy.erasure.person_files import files_naming
from kg.privacy.erasure.report import Erasure
from kg.privacy.erasure.traces import Traces
from kg.privacy.erasure.workspace_files import WorkspaceFiles
from kg.privacy.seal_key import LOG_KEY
from kg.stores.url import is_neo4j
from kg.workspace.forgotten_digests import IN_STORE
from kg.workspace.forgotten_digests import NAME as FORGOTTEN
from kg.workspace.generations import SNAPSHOT
from kg.workspace.run_values import is_record
from kg.workspace.workspace import Workspace

_TABLES = (*COMPRESSIONS, *SUFFIXES, ".txt", ".dat", ".db", ".sqlite", ".sqlite3")
"""Files that may be copies of what was loaded or exported."""
_FOREIGN = "[file that is not whyrec's holds|files that are not whyrec's hold]"
_SEALED = "encrypted [file|files]"
_OWN = "[file of whyrec's holds|files of whyrec's hold]"


class Verification:
    """Searches for somebody who was erased."""

    def __init__(self, workspace: Workspace, files: WorkspaceFiles, whom: Identified, erasure: Erasure) -> None:
        self._workspace, self._files, self._whom, self._erasure = workspace, files, whom, erasure
        self._unclear: list[str] = []

    def run(self) -> None:
        """Search everything, and note in the report what was found."""
        erasure, traces, types = self._erasure, Traces(self._whom.id), self._whom.types
        others = self._search_snapshot(traces, types)
        self._search_store(types)
        written = {path.resolve() for path in (*self._files.rewritable(), *self._files.removable())}
        raw, person = self._whom.raw, self._whom.person
        sources, known = files_naming(self._workspace, person, raw)
        for path in self._files.all():
            erasure.searched_files += 1
            own = self._files.is_own(path) or path.resolve() in written
            try:
                if own:
                    hit = self._in_own(path, traces, others)
                else:
                    words = [traces, *([Traces(raw)] if raw is not None else [])] if person.unmistakable else []
                    hit = path.resolve() in sources or any(one.in_file(path) for one in words)
                    if not hit and path.resolve() not in known:
                        self._look_into(path)
            except ReadError as problem:
                erasure.notices.append(f"could not be searched: {problem}")
                continue
            if hit:
                (erasure.found if own else erasure.source_files).append(self._files.shown(path))
        for folder in self._files.linked():
            erasure.notices.append(f"{self._files.shown(folder)}: a linked folder of somebody else's, not searched")
        self._notice()

    def _look_into(self, path: Path) -> None:
        """Note a file of data that holds the id as a word, of which nobody can tell what it stands for there."""
        folder = self._workspace.folder
        hashed = path.name in (FORGOTTEN, IN_STORE) and path.parent == folder
        if (
            not hashed
            and not is_record(folder, path)
            and path.suffix.lower() in _TABLES
            and Traces(self._whom.id).in_file(path)
        ):
            self._unclear.append(self._files.shown(path))

    def _search_store(self, types: list[str]) -> None:
        store = self._workspace.open_store(read_only=True)
        try:
            for name in types:
                if self._whom.id in store.read_entities(name).get_column("id"):
                    self._erasure.found.append(f"{store.url}: {name}")
        finally:
            store.close()

    def _search_snapshot(self, traces: Traces, types: list[str]) -> list[str]:
        """Search the arrays of the snapshot; the strings in it that only contain the id, such as longer ids."""
        schema, kept = self._workspace.schema, self._workspace.generations.all()
        own = [f"{name}.id" for name in types]
        foreign = [f"{name}.id" for name in schema.entity if name not in types]
        longer: set[str] = set()
        for folder in sorted(path for one in kept for path in (one / SNAPSHOT).glob("*") if path.is_dir()):
            if traces.in_snapshot(folder, own, foreign, words=self._whom.person.unmistakable):
                self._erasure.found.append(self._files.shown(folder))
            longer.update(traces.longer_in(folder))
        return sorted(longer)

    def _in_own(self, path: Path, traces: Traces, others: list[str]) -> bool:
        binary = self._files.is_own(path) and not path.is_relative_to(self._workspace.rejects)
        if binary:
            return traces.in_raw_file(path, others)
        return self._whom.person.unmistakable and traces.in_file(path)

    def _notice(self) -> None:
        erasure = self._erasure
        if erasure.source_files:
            erasure.notices.append(
                f"{_files(len(erasure.source_files), _FOREIGN)} "
                "the id still: "
                f"{', '.join(erasure.source_files)}; they were not touched. A load of them leaves this person out, but "
                "only you can take the rows out of the files"
            )
        if self._unclear:
            erasure.notices.append(
                f"{_files(len(self._unclear), _FOREIGN)} "
                f"{self._whom.id!r}, of this person or of "
                f"something else: {', '.join(self._unclear)}; look into them"
            )
        if erasure.undecided:
            erasure.notices.append(
                f"{_files(len(erasure.undecided), _OWN)} {self._whom.id!r} where nobody can tell whether it "
                f"is this person, so nothing was taken out of them: {', '.join(erasure.undecided)}; look at them and "
                "delete what is not needed any more"
            )
        sealed = [self._files.shown(path) for path in self._files.sealed() if path.name != LOG_KEY]
        if sealed:
            erasure.notices.append(
                f"{_files(len(sealed), _SEALED)} could not be searched: {', '.join(sealed)}; a sealed copy that was "
                "made before holds the person still: delete it, or unseal it into this workspace alone, where the "
                "person is forgotten in it too"
            )
        if is_neo4j(self._workspace.settings.store):
            erasure.notices.append(
                "the Neo4j server keeps what it deletes in transaction logs and backups for a while; how long is "
                "decided by its administrator (db.tx_log.rotation.retention_policy)"
            )
        if not self._whom.person.unmistakable:
            erasure.notices.append(
                "the id is short, only digits, or the id of something else too, so it is met by chance: only columns "
                "that hold people were looked at, and of the store and the snapshot the entries, not the bytes"
            )


def _files(count: int, which: str) -> str:
    return by_number(f"{count} {which}")
