"""A workspace: the folder that holds configuration, embedded store, snapshot, model and rejects."""

from __future__ import annotations

import shlex
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.errors import SnapshotError, WorkspaceError
from kg.file_link import remove_folder
from kg.progress import Progress, no_progress
from kg.schema import Schema, read_schema
from kg.snapshot.snapshot import Snapshot, current_snapshot
from kg.stores.revision import is_between_states
from kg.stores.url import is_neo4j
from kg.workspace.forgotten_digests import shows_forgotten
from kg.workspace.generations import KERNELS, MODEL, NAMES, PARTS, SNAPSHOT, Generations
from kg.workspace.settings import Settings, read_settings

if TYPE_CHECKING:  # polars comes with the store, and answering needs neither
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from kg.snapshot.writing.earlier_parts import EarlierParts
    from kg.stores.store import Store

CONFIGURATION = "whyrec.toml"
SEALED = "sealed.age"
"""The workspace's own data, encrypted; where it is there, the workspace is sealed."""
ADOPTION, EXPERIMENTS = "adoption.toml", "experiments"


class Workspace:
    """An existing workspace.

    :raises WorkspaceError: where the folder has no configuration, saying how to make one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / CONFIGURATION).is_file():
            raise WorkspaceError(
                f"{folder}: no workspace here ({CONFIGURATION} is missing); make one with "
                f"`whyrec init {folder} --example`, or name another with `workspace` or WHYREC_WORKSPACE"
            )
        self.generations = Generations(folder)
        self._generation: Path | None = None
        self.training = folder / "training"
        self.rejects, self.staging, self.mapping = folder / "rejects", folder / "staging", folder / "mapping.toml"
        self.history = folder / "history"
        self.columns, self.unfinished = folder / "columns.json", folder / "load.unfinished"

    def at(self, generation: Path) -> Self:
        """The same workspace, of one generation, whatever becomes current."""
        held = copy(self)
        held._generation = generation
        return held

    def held(self) -> Self:
        """The same workspace, of the generation that is current now."""
        return self.at(self.generation)

    @property
    def generation(self) -> Path:
        """The folder that answers come from."""
        return self._generation or self.generations.current

    @property
    def snapshots(self) -> Path:
        """The folder of the snapshot."""
        return self.generation / SNAPSHOT

    @property
    def kernels(self) -> Path:
        """The folder of the kernels."""
        return self.generation / KERNELS

    @property
    def model(self) -> Path:
        """The folder of the model."""
        return self.generation / MODEL

    @property
    def names(self) -> Path:
        """The folder of the indexed names."""
        return self.generation / NAMES

    @property
    def made(self) -> tuple[Path, ...]:
        """The folders of what is made from the graph, and can be made again."""
        return self.generations.folder, self.training, self.history, *(self.folder / part for part in PARTS)

    @cached_property
    def settings(self) -> Settings:
        """The settings, environment included."""
        return read_settings(self.folder / CONFIGURATION)

    @cached_property
    def schema(self) -> Schema:
        """The schema the settings name."""
        return read_schema(self.folder / self.settings.schema_file)

    def open_store(self, *, read_only: bool = False) -> Store:
        """Open the store the settings name."""
        self.check_open()
        if self.settings.adoption is not None:
            return self._adopted_store(read_only)
        from kg.stores.opening import open_store

        return open_store(self.settings.store, self.schema, folder=self.folder, read_only=read_only)

    def _adopted_store(self, read_only: bool) -> Store:
        from kg.adoption.adopted_store import AdoptedStore, never_written
        from kg.adoption.adoption import read_adoption

        if not read_only:
            raise never_written(self.settings.store)
        adoption = read_adoption(self.folder / (self.settings.adoption or ""))
        return AdoptedStore(self.settings.store, self.schema, adoption)

    def lock(self, waiting: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
        """Keep other loads out of the workspace; see :func:`kg.workspace.lock.workspace_lock`."""
        from kg.workspace.lock import workspace_lock

        return workspace_lock(self.folder, waiting=waiting)

    def running_load(self) -> str | None:
        """The process that loads into the workspace now, and since when; ``None`` where none does."""
        from kg.workspace.lock import running_load

        return running_load(self.folder)

    def snapshot(self) -> Snapshot:
        """The current snapshot.

        :raises SnapshotError: where nothing was loaded yet.
        """
        self.check_open()
        return current_snapshot(self.snapshots, self.schema, self.settings.privacy.k)

    def check_open(self) -> None:
        """Refuse a sealed workspace.

        :raises WorkspaceError: then, saying how to open it.
        """
        check_open(self.folder)

    def refresh(
        self,
        store: Store,
        progress: Progress = no_progress,
        anew: bool = False,
        prepare: Callable[[Self], None] | None = None,
        keep: Sequence[str] = (MODEL,),
        earlier: EarlierParts | None = None,
    ) -> tuple[Snapshot, bool]:
        """The snapshot of what the store holds now, and whether it had to be taken: then in a generation of its own.

        :param anew: read all of the store, whatever revision and fingerprint say.
        :param prepare: makes what else the generation is to hold before it is the current one; the store is closed.
        :param keep: what the next generation takes over from this one.
        :param earlier: what of the snapshot there is already.
        :raises SnapshotError: where the store is empty, or between two states.
        """
        from kg.snapshot.building import take_snapshot  # polars and Arrow, which answering does not need
        from kg.snapshot.partner_sums import Beside, read_partners
        from kg.workspace.flagged import read_flagged
        from kg.workspace.suppression import Suppression

        revision = _whole_revision(store)
        suppression = Suppression.open(self.folder, store)
        suppression.keep_shared()  # it may be damaged or gone where nothing else has changed
        if not anew and self.is_current(revision, store.fingerprint()) and self._is_whole():
            self.unfinished.unlink(missing_ok=True)
            return self.snapshot(), False
        forgotten, outdated = suppression.among if suppression else None, self._shows_forgotten()
        if outdated:  # by another workspace of the store: what was learned goes, as where they were forgotten
            keep, earlier = (), None
        with self.generations.building(keep) as folder:
            draft = self.at(folder)
            flagged = read_flagged(self.folder) if self.settings.anomalies.leave_out else {}
            beside, k = Beside(forgotten, flagged, read_partners(self.folder)), self.settings.privacy.k
            take_snapshot(store, self.schema, draft.snapshots, progress, k, beside, earlier).check()
            if prepare is not None:
                store.close()
                prepare(draft)
        if outdated:
            self.drop_earlier()
        self.unfinished.unlink(missing_ok=True)
        return self.snapshot(), True

    def drop_earlier(self) -> None:
        """Remove what was learned and kept before the current generation: what was erased must not live on there."""
        self.generations.drop_earlier()
        for folder in (self.training, self.staging, self.history):
            remove_folder(folder)

    def _shows_forgotten(self) -> bool:
        """Whether the snapshot shows somebody who was forgotten."""
        try:
            return shows_forgotten(self.folder, self.snapshot())
        except SnapshotError:
            return False

    def unfinished_notices(self) -> list[str]:
        """What to say beside answers while a load is under way, after one was cut off, or where the store is gone;
        mostly nothing."""
        if not self.unfinished.exists():
            url = self.settings.store
            if is_neo4j(url) or (self.folder / url).exists():
                return []
            return [f"{url}: the store is not there any more; this answers from what was last read from it"]
        running = self.running_load()
        if running is not None:
            return [f"a load is running ({running}); this answers from the graph before it"]
        program = f"whyrec -w {shlex.quote(str(self.folder))} load"
        return [
            f"a load was cut off; this answers from the graph before it; the same load again, or `{program} --resume`"
        ]

    def _is_whole(self) -> bool:
        try:
            self.snapshot().check()
        except SnapshotError:
            return False
        return True

    def is_current(self, revision: str | None, fingerprint: str | None = None) -> bool:
        """Whether the current snapshot shows the store at that revision and, where it is given, that fingerprint."""
        try:
            manifest = self.snapshot().manifest
        except SnapshotError:
            return False
        same = fingerprint is None or manifest.fingerprint in ("", fingerprint)
        return manifest.revision == revision and same


def _whole_revision(store: Store) -> str:
    """The revision of a store that is in one state.

    :raises SnapshotError: where it is empty, or between two.
    """
    revision = store.revision()
    if revision is None:
        raise SnapshotError(f"{store.url}: the store is empty; run `whyrec load`")
    if is_between_states(revision):
        raise SnapshotError(
            f"{store.url}: the graph is between two states: a load was cut off, or is under way; run it again "
            "(`whyrec load --resume` where the mapping is the same), or wait till it has ended"
        )
    return revision


def check_open(folder: Path) -> None:
    """Refuse a folder that is a sealed workspace.

    :raises WorkspaceError: then, saying how to open it.
    """
    if (folder / SEALED).exists():
        program = f"whyrec -w {shlex.quote(str(folder))} unseal"
        raise WorkspaceError(f"{folder}: is sealed; `{program}` opens it with the key in WHYREC_SEAL_KEY")
