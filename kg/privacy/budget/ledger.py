"""The ledger of private releases: a day has a budget, which workspaces of the same people have together.

Each release is booked in the workspace, and wherever else those look who tell of the same people: with the store where
several workspaces read one, in the file that ``[privacy] ledger`` names, in the workspace that this one is a copy of
and in its copies. The sum is of all that is booked in any of these. Nobody sees that the same files were loaded into
two stores, or that a copy was carried to another machine: there ``[privacy] ledger`` is named in both, or each has a
budget of its own.

It keeps whoever means well from spending too much. Who may write in the folder can take all of it away, as they can
read everybody's rows.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from kg.errors import LimitError, UsageError, WorkspaceError
from kg.privacy.budget.places import NAME, SPARE, FilePlace, Place, StorePlace, beside_store, locked, siblings
from kg.privacy.budget.release import BEGUN, Release, joined, release_of
from kg.stores.url import is_neo4j
from kg.workspace.settings import LEAST_EPSILON, MOST_EPSILON, PrivacySettings
from kg.workspace.workspace import Workspace

if TYPE_CHECKING:  # polars, which answering does not need
    from kg.stores.store import Store


class PrivacyLedger:
    """What was released of the people of a workspace, and what that cost; a day has a budget.

    :param folder: of the workspace.
    :param shared: where else it is booked.
    """

    def __init__(self, folder: Path, settings: PrivacySettings, shared: Sequence[Place] = ()) -> None:
        self.path, self.settings, self._shared = folder / NAME, settings, tuple(shared)

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """The ledger of a workspace.

        :raises WorkspaceError: where ``[privacy] ledger`` names a file that cannot be.
        """
        settings, folder = workspace.settings.privacy, workspace.folder
        found = list[Place]()
        if settings.ledger:
            named = (folder / settings.ledger).resolve()
            if named.is_dir() or not named.parent.is_dir():
                raise WorkspaceError(
                    f"[privacy] ledger {settings.ledger!r}: {named} can be no file; name one in a folder that is there"
                )
            found.append(FilePlace(named))
        url = workspace.settings.store
        if is_neo4j(url):
            if workspace.settings.adoption is None:  # whoever adopts a graph never writes to it
                found.append(StorePlace(url, partial(_opened, workspace)))
        else:
            found.append(FilePlace(beside_store(folder / url)))
        own = (folder / NAME).resolve()
        return cls(folder, settings, [one for one in found if not (isinstance(one, FilePlace) and one.path == own)])

    @property
    def shared(self) -> list[str]:
        """Where else than in the workspace it is booked, as a person reads it; who books there, too, pays from the same
        budget."""
        return [one.shown for one in self._places()[len(self._own) :] if Path(one.shown).name != SPARE]

    def begin(self) -> None:
        """Begin the ledger where there is none, so that copies of the workspace are known for what they are.

        :raises WorkspaceError: where it cannot be written.
        """
        if any(place.path.exists() for place in self._own):
            return
        begun = Release.now(BEGUN, (0.0, 0.0), str(self.path.parent.resolve()))
        for place in self._own:
            place.book([], begun)

    def releases(self, day: str | None = None) -> list[Release]:
        """All releases, or those of one day (``2026-01-31``), the oldest first.

        :raises WorkspaceError: where the ledger is damaged: then nobody knows what is left.
        :raises StoreError: where it is with the store, and that cannot be reached.
        """
        found = [release_of(line) for line in joined([place.read() for place in self._places()])]
        return [one for one in found if one.what != BEGUN and (day is None or one.at.startswith(day))]

    def spent(self, day: str | None = None) -> tuple[float, float]:
        """ε and δ that a day has cost; today where absent, with what a clock that was ahead has booked since."""
        return _cost(_since_today(self.releases()) if day is None else self.releases(day))

    def charge(self, what: str, epsilon: float, delta: float) -> Release:
        """Pay for a release before it is made: whoever is cut off afterwards has paid all the same.

        :raises UsageError: where ε is below 1e-6 or above 1e6.
        :raises LimitError: where the day's budget does not reach, saying what is left and until when.
        :raises WorkspaceError: where the ledger is damaged, or cannot be written.
        :raises StoreError: where it is with the store, and that cannot be reached.
        """
        if not LEAST_EPSILON <= epsilon <= MOST_EPSILON:
            raise UsageError(f"epsilon {epsilon:g}: expected a number from {LEAST_EPSILON:f} to {MOST_EPSILON:,.0f}")
        with locked([one for one in self._places() if isinstance(one, FilePlace) and one.path.name != SPARE]):
            release = None
            while release is None:  # somebody at another machine was faster: the sum is made anew
                release = self._booked(what, epsilon, delta)
        return release

    @property
    def _own(self) -> tuple[FilePlace, FilePlace]:
        return FilePlace(self.path), FilePlace(self.path.with_name(SPARE))

    def _places(self) -> list[Place]:
        """Where it is booked: in the workspace, and then elsewhere."""
        own = self._own
        there = siblings(self.path, joined([one.read() for one in own]))
        return [*own, *self._shared, *(one for one in there if one not in self._shared)]

    def _booked(self, what: str, epsilon: float, delta: float) -> Release | None:
        """Pay, unless somebody else did meanwhile."""
        parts = [(place, place.read()) for place in self._places()]
        lines = joined([lines for _, lines in parts])
        self._check(_cost(_since_today(map(release_of, lines))), epsilon, delta)
        release = Release.now(what, (epsilon, delta), str(self.path.parent.resolve()))
        for place, known in sorted(parts, key=lambda one: isinstance(one[0], FilePlace)):  # the server decides
            if not place.book(known, release):
                return None
        return release

    def _check(self, cost: tuple[float, float], epsilon: float, delta: float) -> None:
        """:raises LimitError: where the budget does not reach."""
        (spent, lost), most, at_risk = cost, self.settings.epsilon_per_day, self.settings.delta_per_day
        if spent + epsilon > most * (1 + 1e-12) or lost + delta > at_risk * (1 + 1e-12):
            raise LimitError(
                f"the privacy budget of today does not reach: ε {epsilon:g} and δ {delta:g} were asked for, "
                f"{max(most - spent, 0):g} of {most:g} and {max(at_risk - lost, 0):g} of {at_risk:g} are left; ask "
                "for less, wait until tomorrow (UTC), or raise epsilon_per_day in [privacy], which protects less"
            )


def _opened(workspace: Workspace, read_only: bool) -> "Store":
    return workspace.open_store(read_only=read_only)


def _since_today(releases: Iterable[Release]) -> list[Release]:
    today = datetime.now(UTC).date().isoformat()
    return [one for one in releases if one.at >= today]


def _cost(releases: Iterable[Release]) -> tuple[float, float]:
    found = list(releases)
    return math.fsum(one.epsilon for one in found), math.fsum(one.delta for one in found)
