"""What answers come from: the snapshot of a workspace, the kernels its model needs, the recommender over both."""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

from kg.errors import SnapshotError
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.flagged import read_flagged
from kg.workspace.permissions import private_files
from kg.workspace.workspace import Workspace
from recommender.catalogue.flagged_accounts import flag
from recommender.learning.model import build_used, kernels_of, open_model
from recommender.scoring.scorer import Scorer
from whyrec.options import rules_of

FORGOTTEN_ELSEWHERE = (
    "somebody was forgotten in another workspace of this store: the model that was trained with them and earlier "
    "snapshots are removed; run `whyrec train` to make one without"
)

if TYPE_CHECKING:
    from kg.snapshot.writing.earlier_parts import EarlierParts
    from kg.stores.store import Store
    from recommender.marketing.crowd import Crowd
    from recommender.rules.rule_set import Rules
    from recommender.search.find import Finder
    from recommender.search.names import Names
    from recommender.search.question_answering.ask import Asker
    from recommender.serving.recommender import Recommender
    from recommender.serving.similar_items import SimilarItems

ATTEMPTS = 3
"""How often a snapshot is opened that somebody replaces meanwhile."""
CROWDS = 4
"""Crowds that are kept with their lists; those of a large shop take some 200 MB each."""


_NUMBERS = count(1)


class Opened:
    """One snapshot and the model that fits it; what is made of them is made once and never changes.

    ``number``: of all that this process opened; no two have the same.

    :param lasting: map all files now, so that no later load, of this process or another, takes them away; a program
        that answers once can do without.
    :raises SnapshotError: where nothing was loaded yet.
    """

    def __init__(self, workspace: Workspace, progress: Progress, *, lasting: bool) -> None:
        self.number = next(_NUMBERS)
        self._progress, self._lasting = progress, lasting
        self.workspace, self.snapshot, self.notices = current_snapshot(workspace, progress)
        if lasting:
            self.snapshot.check()
        self._lock = Lock()
        self._recommender: Recommender | None = None
        self._similar: dict[str, SimilarItems] = {}
        self._crowds: dict[Rules, Crowd] = {}

    @property
    def recommender(self) -> "Recommender":
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
            return open_names(self.workspace.names, self.snapshot)

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
    def _open(self) -> "Recommender":
        from recommender.serving.recommender import Recommender  # a load answers nobody

        workspace = self.workspace
        if accounts := read_flagged(workspace.folder):
            flag(self.snapshot, accounts, left_out=workspace.settings.anomalies.leave_out)
        recommender = Recommender(open_model(workspace.model, self.snapshot, workspace.kernels, self._progress))
        if self._lasting:
            _open_kernels(recommender.scorer)
        return recommender


def _open_kernels(scorer: Scorer) -> None:
    """Make and map everything that lists of anybody come from."""
    for path in scorer.metapaths:
        if scorer.blend.uses(path):
            scorer.kernels.kernel(path.tail)
    _ = scorer.merged, scorer.anonymous.merged


def opened(workspace: Workspace, progress: Progress, *, lasting: bool) -> Opened:
    """What answers come from now; opened again where somebody replaces the snapshot at that very moment.

    :raises SnapshotError: where nothing was loaded yet, or the snapshot is damaged.
    """
    return _again(lambda: Opened(workspace, progress, lasting=lasting), workspace)


def _again(make: Callable[[], Opened], workspace: Workspace) -> Opened:
    for _ in range(ATTEMPTS - 1):
        before = workspace.generations.mark
        try:
            return make()
        except SnapshotError:
            if workspace.generations.mark == before:
                raise
    return make()


def current_snapshot(workspace: Workspace, progress: Progress) -> tuple[Workspace, Snapshot, list[str]]:
    """The workspace of the current generation and its snapshot; taken from the store, with a notice, where there is
    none yet."""
    held = workspace.held()
    try:
        return held, held.snapshot(), workspace.unfinished_notices()
    except SnapshotError as problem:
        if (held.snapshots / "current").exists():
            raise
        snapshot, _ = refreshed(workspace, progress)
        return workspace.held(), snapshot, [f"{problem}; looking into the store"]


@private_files()
def refreshed(
    workspace: Workspace,
    progress: Progress,
    anew: bool = False,
    earlier: "EarlierParts | None" = None,
    store: "Store | None" = None,
) -> tuple[Snapshot, bool]:
    """The snapshot of what the store holds now, and whether it had to be taken.

    :param anew: read all of the store, whatever its fingerprint says.
    :param earlier: what of the snapshot there is already; all is read where absent.
    :param store: the open store, which is closed then; it is opened where absent.
    :raises SnapshotError: where the store is empty, or between two states.
    """
    before = workspace.held()
    store = store or workspace.open_store(read_only=True)
    try:
        return workspace.refresh(store, progress, anew, partial(_prepare, before, progress), earlier=earlier)
    finally:
        store.close()


def _prepare(before: Workspace, progress: Progress, draft: Workspace) -> None:
    """Make what answers needed before, so that nobody who takes the new generation over waits for it."""
    if before.kernels.is_dir():
        earlier = None
        with suppress(SnapshotError):  # of another schema, or damaged: nothing is taken over
            earlier = before.snapshot(), before.kernels
        _open_kernels(open_model(draft.model, draft.snapshot(), draft.kernels, progress, earlier).scorer)
    if before.names.is_dir():
        from recommender.search.names import open_names  # lists and accounts of known ids need none

        open_names(draft.names, draft.snapshot())


@private_files()
def build_kernels(workspace: Workspace, snapshot: Snapshot, progress: Progress) -> int:
    """Make what the model of the workspace needs and is not on disk; returns how many kernels were made."""
    made = build_used(*kernels_of(workspace.model, snapshot, workspace.kernels), progress)
    _open_kernels(open_model(workspace.model, snapshot, workspace.kernels).scorer)
    return made
