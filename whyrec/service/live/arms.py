"""Arms: which model answers whom while an experiment runs, and what is drawn by lot for a list."""

import random
from pathlib import Path
from typing import Any

from kg.errors import UsageError, WhyrecError
from recommender.results.recommendation import RankedItem, Recommendation
from recommender.rules.rule_set import Rules
from whyrec.engine import Engine
from whyrec.online_evaluation.experiment import CANDIDATE
from whyrec.online_evaluation.exploration import AMONG, drawn, may_explore
from whyrec.online_evaluation.live import experiment_of

EXPLORED = ("explored", "")
"""The ground of an item that chance put there."""


class _Candidate(Engine):
    """Another model under the rules of the shop, whatever its own workspace says."""

    def __init__(self, folder: Path, shop: Engine) -> None:
        super().__init__(folder)
        self._shop = shop

    def _house_rules(self) -> Rules:
        return self._shop._house_rules()

    def _published_rules(self) -> Rules | None:
        return self._shop._published_rules()


class Arms:
    """The models of one workspace and its experiment.

    :raises WorkspaceError: where the candidate of the configuration is no workspace.
    :raises UsageError: where the goal of the configuration is nothing that people do, or both arms would be one.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self.experiment = engine, experiment_of(engine)
        told = engine.workspace.settings.experiment
        there = engine.workspace.folder / told.candidate
        if self.experiment and there.resolve() == engine.workspace.folder.resolve():
            what = "is this workspace itself" if told.candidate else "is missing"
            raise UsageError(f"[experiment] candidate {what}: name the workspace of the other model in whyrec.toml")
        self.candidate = _Candidate(there, engine) if self.experiment and told.candidate else None
        self._mark = self.candidate.workspace.generations.mark if self.candidate else None
        self._lot = random.Random()

    def refresh(self) -> None:
        """Answer from what another process loaded or trained for the candidate; a damaged one is not taken."""
        if self.candidate is None or self._mark == (mark := self.candidate.workspace.generations.mark):
            return
        self._mark = mark
        try:
            self.candidate.reload()
        except WhyrecError:  # half written: the old one answers, the next look tries again
            self._mark = None

    @property
    def number(self) -> int:
        """What is another one whenever the candidate is another model."""
        return 0 if self.candidate is None else self.candidate.opened.number

    def of(self, user: str | None) -> tuple[Engine, str]:
        """The model for somebody, and her arm; no arm where no experiment runs, it was stopped, or the candidate does
        not know whom the shop knows: of both arms such people are left out."""
        if self.experiment is None or self.candidate is None or user is None:
            return self._engine, ""
        if self.experiment.name in self._engine.decisions.stopped:
            return self._engine, ""
        if _knows(self._engine, user) and not _knows(self.candidate, user):
            return self._engine, ""
        arm = self.experiment.arm(user)
        return (self.candidate if arm == CANDIDATE else self._engine), arm

    def explored(
        self, engine: Engine, whom: tuple[str | None, tuple[str, ...]], found: Recommendation, options: dict[str, Any]
    ) -> tuple[Recommendation, str]:
        """A list whose last item may have been drawn by lot, and the draw as JSON, empty where there was none.

        :param whom: the user, and anchors on top of what the graph knows.
        """
        epsilon = self._engine.workspace.settings.serve.explore
        if not epsilon or not may_explore(options):
            return found, ""
        longer = {**options, "n": found.n + AMONG, "told": False}
        behind = engine.recommend(whom[0], anchors=whom[1], **longer)
        got = drawn(found, behind, epsilon, lambda item: self._is_new(engine, item), self._lot)
        if got is None:
            return found, ""
        item, draw = got
        if draw.shown != draw.usual:
            told = {key: value for key, value in options.items() if key not in ("n", "told")}
            reason = engine.why(whom[0], f"{item.type}:{item.id}", anchors=whom[1], **told).groups[0].text
            told_item = item.model_copy(update={"reason": reason if options.get("told", True) else ""})
            grounds = [*found.grounds[:-1], EXPLORED] if found.grounds else []
            found = found.model_copy(update={"items": [*found.items[:-1], told_item]}).on_grounds(grounds)
        return found, draw.to_json()

    @staticmethod
    def _is_new(engine: Engine, item: RankedItem) -> bool:
        """Whether fewer than k people used an item."""
        idx, catalogue = engine.snapshot.vocabulary.get(item.type, item.id), engine.recommender.catalogue
        return idx is not None and bool(catalogue.people[catalogue.position(item.type, idx)] < engine.snapshot.k)


def _knows(engine: Engine, user: str) -> bool:
    """Whether the graph of a model has somebody."""
    vocabulary = engine.snapshot.vocabulary
    return any(vocabulary.get(name, user) is not None for name in engine.snapshot.schema.user_types)
