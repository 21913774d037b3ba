"""Erasure: forget a person, in the store first and then in every file of the workspace, and prove it.

Each step may be repeated, and the order is such that an interruption anywhere is made good by the same command: the
suppression list comes first, so that no load brings the person back; what was learned goes before the snapshot is
taken anew; the search of all files comes last.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from kg.counting import by_number
from kg.file_link import remove_folder
from kg.file_lock import FileLock, clear_abandoned
from kg.mapping.standard_input import clear_inputs
from kg.privacy.erasure.identification import Identified, KnownElsewhere, identify
from kg.privacy.erasure.person_files import is_typed, names_person
from kg.privacy.erasure.redaction import Outcome, Person, Redactor
from kg.privacy.erasure.report import Erasure
from kg.privacy.erasure.traces import Traces
from kg.privacy.erasure.verification import Verification
from kg.privacy.erasure.workspace_files import WorkspaceFiles
from kg.progress import Progress, no_progress
from kg.stores.revision import FORGETTING, UNFINISHED, is_between_states, unfinished_key
from kg.stores.store import Store
from kg.workspace.lock import workspace_lock
from kg.workspace.outputs import PARTS_LOCK, cut_off_outputs
from kg.workspace.run_values import run_values
from kg.workspace.scratch import clear_scratch
from kg.workspace.suppression import Suppression
from kg.workspace.workspace import Workspace


@dataclass(frozen=True)
class Elsewhere:
    """What else than the store, and the files that a workspace is known to have, keeps people.

    ``known``: whom of some people it knows; ``erase``: erases a person from it, once everybody can know that she was
    forgotten; gets each id that she may be kept by, and her types.
    """

    known: KnownElsewhere = lambda _: []
    erase: Callable[[str, Sequence[str]], object] = lambda *_: None


NOWHERE = Elsewhere()


def forget(
    workspace: Workspace, user: str, progress: Progress = no_progress, elsewhere: Elsewhere = NOWHERE
) -> Erasure:
    """Erase a person.

    :param user: the id, or ``Type:id`` where several types of people share ids.
    :raises UnknownEntityError: where neither the store, nor the suppression list, nor a file of whyrec's, nor anything
        else knows the id; nothing was changed then.
    :raises UsageError: where several people have the id; likewise.
    :raises StoreError: where the store fails or somebody else writes to it; nothing was done then, or running the
        command again goes on.
    """
    with workspace_lock(workspace.folder):
        return _Eraser(workspace, user, progress, elsewhere).run()


class _Eraser:
    def __init__(self, workspace: Workspace, user: str, progress: Progress, elsewhere: Elsewhere) -> None:
        self._workspace, self._user, self._progress, self._elsewhere = workspace, user, progress, elsewhere
        self._files = WorkspaceFiles(workspace)
        self._erasure = Erasure(user)
        self._steps = 0

    def run(self) -> Erasure:
        """All steps, in their order."""
        self._tell("Looking for the person")
        clear_abandoned(self._workspace.staging)  # a load that was killed may have had the person, and is begun anew
        clear_inputs()
        self._notice_others(clear_scratch(self._workspace.folder))
        suppression = Suppression.open(self._workspace.folder)
        whom = identify(self._workspace, self._user, self._files, suppression, self._elsewhere.known)
        self._erasure.person = whom.id
        self._tell("Store")
        self._erase_from_store(whom, suppression)
        self._tell("Files")
        self._rewrite_files(whom.person)
        self._remove_files(whom)
        self._remove_run_values()
        for one in {whom.id, whom.raw or whom.id}:
            self._elsewhere.erase(one, whom.types)
        self._tell("Searching all files")
        Verification(self._workspace, self._files, whom, self._erasure).run()
        return self._erasure

    def _tell(self, step: str) -> None:
        self._steps += 1
        self._progress("Forgetting", self._steps, None, step)

    def _notice_others(self, busy: list[str]) -> None:
        if busy:
            self._erasure.notices.append(
                f"another command works in this workspace ({', '.join(busy)}) with what it took before, which goes at "
                "its end"
            )

    def _erase_from_store(self, whom: Identified, suppression: Suppression) -> None:
        erasure, workspace = self._erasure, self._workspace
        store = workspace.open_store()
        try:
            suppression.add(((name, whom.id) for name in whom.types), store)
            before = store.count_entities(), store.count_triples()
            mark = store.revision()
            there = [name for name in whom.types if whom.id in store.read_entities(name).get_column("id")]
            if there:
                store.set_revision(f"{FORGETTING}{uuid.uuid4()}")
                for name in there:
                    store.delete_entities(name, pl.DataFrame({"id": [whom.id]}))
            after = store.count_entities(), store.count_triples()
            erasure.entities = sum(before[0].values()) - sum(after[0].values())
            erasure.triples = {name: n - after[1][name] for name, n in before[1].items() if n > after[1][name]}
            store.compact()
            if there or (mark or "").startswith(FORGETTING):
                cut_off = unfinished_key(mark)
                unfinished = "" if cut_off is None else f"{UNFINISHED}{cut_off}-"
                store.set_revision(f"{unfinished}{uuid.uuid4()}")
        finally:
            store.close()
        store = workspace.open_store(read_only=True)  # as it lies there now, which is what its fingerprint tells
        try:
            self._retake_snapshot(store)
        finally:
            store.close()

    def _retake_snapshot(self, store: Store) -> None:
        """Remove what was learned with the person, then the snapshots that show them."""
        workspace, revision = self._workspace, store.revision()
        if not workspace.is_current(revision):
            if workspace.model.exists():
                self._erasure.notices.append(
                    "the model was trained with this person and is removed; run `whyrec train` to make one without"
                )
            remove_folder(workspace.training)  # which ends a training that is under way
        if revision is None or is_between_states(revision):  # a snapshot of half a graph is refused
            for folder in workspace.made:
                remove_folder(folder)
        else:
            self._tell("Snapshot")
            workspace.refresh(store, keep=())
        workspace.drop_earlier()

    def _rewrite_files(self, person: Person) -> None:
        redactor = Redactor(person)
        for path in list(self._files.rewritable()):
            outcome = redactor.redact(path)
            if outcome is Outcome.REWRITTEN:
                self._erasure.files_rewritten.append(self._files.shown(path))
            if outcome is Outcome.UNDECIDED:
                self._erasure.undecided.append(self._files.shown(path))

    def _remove_files(self, whom: Identified) -> None:
        """Pages about the person, exports that hold her, and what was written of lists that were cut off."""
        for path in cut_off_outputs(self._workspace.folder):
            shown = self._files.shown(path)
            if FileLock.is_held(path / PARTS_LOCK):
                self._notice_others([shown])
                continue
            if path.is_dir():
                remove_folder(path)
            else:
                path.unlink()
            self._erasure.files_removed.append(shown)
        for path in list(self._files.removable()):
            if names_person(path, whom.person):
                path.unlink()
                self._erasure.files_removed.append(self._files.shown(path))
            elif not whom.person.unmistakable and Traces(whom.id).in_file(path) and not is_typed(path):
                self._erasure.undecided.append(self._files.shown(path))

    def _remove_run_values(self) -> None:
        """What runs of experiments gave each person: nobody can tell which row is hers."""
        values = run_values(self._workspace.folder)
        for path in values:
            path.unlink()
        if values:
            runs = by_number(f"{len(values)} [run|runs]")
            self._erasure.notices.append(
                f"what {runs} of experiments gave each person is removed, since no row says whose it is; "
                "`whyrec experiment run` makes it anew"
            )
