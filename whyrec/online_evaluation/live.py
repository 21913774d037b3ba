"""Live figures of one workspace: attribution, drift, the experiment, and what another model would have brought."""

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from kg.errors import UnknownEntityError, UsageError
from kg.instant import DAY
from kg.schema import Schema
from recommender.results.document import Result
from whyrec.events.signals import SIGNALS
from whyrec.online_evaluation.attribution import Attribution, attribution
from whyrec.online_evaluation.drift import Drifted, Window, drift
from whyrec.online_evaluation.experiment import Experiment, ExperimentReport, report
from whyrec.online_evaluation.exploration import named
from whyrec.online_evaluation.off_policy import Estimate, Records, estimates
from whyrec.online_evaluation.traffic import ShownList, Traffic, traffic

if TYPE_CHECKING:
    from whyrec.answering.lists import Lists

FEWEST_RECORDS = 100
"""Drawn lists before anything is said of another model."""


class DriftReport(Result):
    """Each figure before and now, and whether any is an alarm; none where there were too few people."""

    hours: int
    reference_days: int
    alarm: bool
    figures: list[dict[str, Any]]


class OffPolicyReport(Result):
    """What the last slot of lists brings, and what it would with another model."""

    goal: str
    records: int
    now: float
    estimates: dict[str, dict[str, float]]


class Live:
    """Figures of the traffic of one workspace.

    :param engine: of the workspace.
    :param now: milliseconds since 1970; the clock's where absent.
    """

    def __init__(self, engine: "Lists", now: int | None = None) -> None:
        self._engine, self._folder = engine, engine.workspace.folder
        self._now = int(time.time() * 1000) if now is None else now

    def attribution(self, days: int = 30) -> Attribution:
        """What came of what was shown in some days."""
        return attribution(self._traffic(days * DAY), days, self._engine.snapshot.k)

    def drift(self, hours: int = 24, reference_days: int = 14) -> DriftReport:
        """The last hours beside the days before them."""
        split = self._now - hours * DAY // 24
        found = traffic(self._folder, split - reference_days * DAY, self._now)
        windows = [_window(found, at, until) for at, until in ((0, split), (split, self._now))]
        figures = drift(*windows)
        alarm = any(one.alarm for one in figures)
        return DriftReport(
            hours=hours, reference_days=reference_days, alarm=alarm, figures=[_rounded(one) for one in figures]
        )

    def experiment(self, days: int = 90) -> ExperimentReport | None:
        """What the experiment of the configuration says; ``None`` where there is none."""
        experiment = experiment_of(self._engine)
        if experiment is None:
            return None
        stopped = experiment.name in self._engine.decisions.stopped
        return report(experiment, self._traffic(days * DAY), self._now, self._engine.snapshot.k, stopped)

    def off_policy(self, other: "Lists", goal: str, days: int = 30) -> OffPolicyReport:
        """What another model would bring in the slot that is drawn by lot: it takes what it ranks best of the pool.

        :param other: an engine over the same people and items.
        :param goal: the relation that counts.
        :raises UsageError: for another goal than people reach, and where fewer than ``FEWEST_RECORDS`` lists with a
            draw are kept.
        """
        checked_goal(self._engine.workspace.schema, goal)
        lists = {one.user: one for one in reversed(self._traffic(days * DAY).lists) if one.draw}
        if len(lists) < FEWEST_RECORDS:
            raise UsageError(f"[serve] explore: {FEWEST_RECORDS} people with a drawn list are needed; set it and wait")
        records = _records(list(lists.values()), goal, other)
        found = {name: _estimate(one) for name, one in estimates(records).items()}
        return OffPolicyReport(
            goal=goal, records=len(lists), now=round(float(records.rewards.mean()), 4), estimates=found
        )

    def _traffic(self, milliseconds: int) -> Traffic:
        return traffic(self._folder, self._now - milliseconds, self._now)


def experiment_of(engine: "Lists") -> Experiment | None:
    """The experiment of the configuration; ``None`` where it names none.

    :raises UsageError: where its goal is nothing that people do.
    """
    told = engine.workspace.settings.experiment
    if not told.name:
        return None
    return Experiment(told.name, checked_goal(engine.workspace.schema, told.goal, "[experiment] goal"), told.share)


def checked_goal(schema: Schema, goal: str, said: str = "`goal`") -> str:
    """A goal: what people do with items, or a signal.

    :param said: where it was named.
    :raises UsageError: for anything else, which nobody would ever reach.
    """
    able = [*schema.interactions, *SIGNALS]
    if goal not in able:
        raise UsageError(f"{said} {goal!r}: expected one of {', '.join(able)}")
    return goal


def _window(found: Traffic, at: int, until: int) -> Window:
    first = {one.user: one for one in reversed(found.lists) if at <= one.at < until and one.items}
    events = {(user, relation) for moment, user, relation in found.events if at <= moment < until}
    return Window(
        personal=[one.personal for one in first.values()],
        scores=[one.score or 0.0 for one in first.values()],
        items=[tuple(f"{item.type}:{item.id}" for item in one.items) for one in first.values()],
        events=Counter(relation for _, relation in events),
    )


def _records(lists: list[ShownList], goal: str, other: "Lists") -> Records:
    """One record per person; expected rewards are the mean of the other half of people, for each kind of item shown."""
    rewards = np.array([float(goal in one.did.get(len(one.items) - 1, ())) for one in lists])
    draws = [one.draw or {} for one in lists]
    half = np.arange(len(lists)) % 2 == 0
    q = np.where(half, rewards[~half].mean(), rewards[half].mean())
    same = [_choice(other, one.user, draw) == draw["shown"] for one, draw in zip(lists, draws, strict=True)]
    propensities = np.array([draw["propensity"] for draw in draws])
    return Records(rewards, propensities, np.array(same), q, q)


def _choice(other: "Lists", user: str, draw: dict[str, Any]) -> str:
    """What a model ranks best of the items that might have been shown; the usual one to whom it does not know."""
    able = {draw["usual"], *draw["pool"]}
    try:
        ranked = other.recommend(user, n=1_000, told=False).items
    except UnknownEntityError:
        return str(draw["usual"])
    names = (name for one in ranked for name in (named(one), one.id))  # an earlier version kept ids alone
    return next((name for name in names if name in able), draw["usual"])


def _estimate(one: Estimate) -> dict[str, float]:
    return {name: round(value, 4) for name, value in vars(one).items()}


def _rounded(one: Drifted) -> dict[str, Any]:
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in vars(one).items()}
