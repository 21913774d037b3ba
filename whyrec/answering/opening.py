"""What answers come from: the snapshot of a workspace, the kernels its model needs, the recommender over both."""

from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from kg.errors import SnapshotError
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.permissions import private_files
from kg.workspace.workspace import Workspace
from recommender.learning.model import build_used, kernels_of, open_model
from recommender.serving.recommender import Recommender
from whyrec.options import rules_of

if TYPE_CHECKING:
    from recommender.marketing.crowd import Crowd
    from recommender.rules.rule_set import Rules
    from recommender.search.find import Finder
    from recommender.search.names import Names
    from recommender.search.question_answering.ask import Asker
    from recommender.serving.similar_items import SimilarItems

ATTEMPTS = 3
"""How often a snapshot is opened that somebody replaces meanwhile."""
CROWDS = 4
"""Crowds that are kept with their lists; those of a large shop take some 200 MB each."""


class Opened:
    """One snapshot and the model that fits it; what is made of them is made once and never changes.

    :param lasting: map all files now, so that no later load, of this process or another, takes them away; a program
        that answers once can do without.
    :raises SnapshotError: where nothing was loaded yet.
    """

    def __init__(self, workspace: Workspace, progress: Progress, *, lasting: bool) -> None:
        self.workspace, self._progress, self._lasting = workspace, progress, lasting
        self.snapshot, self.notices = current_snapshot(workspace, progress)
        if lasting:
            self.snapshot.check()
        self._lock = Lock()
        self._recommender: Recommender | None = None
        self._similar: dict[str, SimilarItems] = {}
        self._crowds: dict[Rules, Crowd] = {}

    @property
    def recommender(self) -> Recommender:
        """Answers with the model; the first one after a load makes the kernels, once.

        :raises ModelError: where the model is damaged.
        """
        if self._recommender is None:
            with self._lock:
                if self._recommender is None:
                    self._recommender = self._open()
        return self._recommender

    @cached_property
    def names(self) -> "Names":
        """The names of the entities, indexed; made at the first search of a snapshot."""
        from recommender.search.names import open_names  # lists and accounts of known ids need none

        with private_files():
            return open_names(self.workspace.folder / "names", self.snapshot)

    @cached_property
    def finder(self) -> "Finder":
        """Finds entities by their names."""
        from recommender.search.find import Finder

        return Finder(self.snapshot, self.names)

    @cached_property
    def asker(self) -> "Asker":
        """Answers questions."""
        from recommender.rules.price import rates_of
        from recommender.search.question_answering.ask import Asker

        return Asker(self.recommender, self.names, rates_of(rules_of(self.workspace, {}).rates))

    def crowd(self, rules: "Rules") -> "Crowd":
        """Everybody, or a sample, under rules, with their lists; kept for the next question about groups."""
        from recommender.marketing.crowd import Crowd  # lists of one person need none

        recommender = self.recommender
        with self._lock:
            if rules not in self._crowds:
                while len(self._crowds) >= CROWDS:
                    self._crowds.pop(next(iter(self._crowds)))
                self._crowds[rules] = Crowd(recommender, rules)
            return self._crowds[rules]

    def similar_items(self, lang: str) -> "SimilarItems":
        """Finds similar items, and tells of them in a language."""
        if lang not in self._similar:
            from recommender.serving.similar_items import SimilarItems  # lists and accounts need none

            with self._lock:
                self._similar.setdefault(lang, SimilarItems(self.snapshot, lang))
        return self._similar[lang]

    @private_files()
    def _open(self) -> Recommender:
        workspace = self.workspace
        recommender = Recommender(open_model(workspace.model, self.snapshot, workspace.kernels, self._progress))
        if self._lasting:
            scorer = recommender.scorer
            for path in scorer.metapaths:
                if scorer.blend.uses(path):
                    scorer.kernels.kernel(path.tail)
        return recommender


def opened(workspace: Workspace, progress: Progress, *, lasting: bool) -> Opened:
    """What answers come from now; opened again where somebody replaces the snapshot at that very moment.

    :raises SnapshotError: where nothing was loaded yet, or the snapshot is damaged.
    """
    return _again(lambda: Opened(workspace, progress, lasting=lasting), workspace)


def _again(make: Callable[[], Opened], workspace: Workspace) -> Opened:
    for _ in range(ATTEMPTS - 1):
        before = _current(workspace)
        try:
            return make()
        except SnapshotError:
            if _current(workspace) == before:
                raise
    return make()


def _current(workspace: Workspace) -> bytes | None:
    try:
        return (workspace.snapshots / "current").read_bytes()
    except OSError:
        return None


def current_snapshot(workspace: Workspace, progress: Progress) -> tuple[Snapshot, list[str]]:
    """The snapshot that was taken last; taken from the store, with a notice, where there is none yet."""
    try:
        return workspace.snapshot(), workspace.unfinished_notices()
    except SnapshotError as problem:
        if (workspace.snapshots / "current").exists():
            raise
        return refreshed(workspace, progress)[0], [f"{problem}; looking into the store"]


@private_files()
def refreshed(workspace: Workspace, progress: Progress) -> tuple[Snapshot, bool]:
    """The snapshot of what the store holds now, and whether it had to be taken.

    :raises SnapshotError: where the store is empty.
    """
    store = workspace.open_store(read_only=True)
    try:
        return workspace.refresh(store, progress)
    finally:
        store.close()


@private_files()
def build_kernels(workspace: Workspace, snapshot: Snapshot, progress: Progress) -> int:
    """Make the kernels that the model of the workspace needs and that are not on disk; returns how many were made."""
    return build_used(*kernels_of(workspace.model, snapshot, workspace.kernels), progress)
