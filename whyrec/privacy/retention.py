"""Retention: how long rejected rows, earlier snapshots, what runs of experiments gave each person, events, kept answers
and looks at people stay, carried out by what the engine does, and proved."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

from kg.k_anonymity import floored_count
from kg.privacy.retention import drop_old_rejects, rejects_by_age
from kg.workspace.run_values import run_values
from kg.workspace.workspace import Workspace
from whyrec.answering.history import drop_periods, replaced_at
from whyrec.events.log import EventLog
from whyrec.reports import KeptData, RetentionStatus


def retain(workspace: Workspace, now: datetime | None = None) -> int:
    """Remove what is older than the configuration allows; says how much.

    Events that a load is still to take over stay: they would be lost.
    """
    days = workspace.settings.retention.days
    if days is None:
        return 0
    moment = now or datetime.now(UTC)
    gone = drop_old_rejects(workspace, days, moment) + drop_periods(workspace, moment - timedelta(days=days))
    for path, ended in run_values(workspace.folder).items():
        if moment - ended > timedelta(days=days):
            path.unlink(missing_ok=True)
            gone += 1
    folder = workspace.folder / "service"
    if folder.is_dir():
        before = int((moment - timedelta(days=days)).timestamp() * 1000)
        with closing(EventLog(folder)) as log:
            gone += log.answers.drop(before) + log.drop_events(before, workspace.schema.relation)
    return gone


def retention_status(workspace: Workspace, now: datetime | None = None) -> RetentionStatus:
    """What is kept, and how long."""
    moment, days = now or datetime.now(UTC), workspace.settings.retention.days
    rejects = [(moment - began) / timedelta(days=1) for began in rejects_by_age(workspace).values()]
    events, answers, looks = list[float](), list[float](), list[float]()
    folder = workspace.folder / "service"
    if folder.is_dir():
        with closing(EventLog(folder)) as log:
            kept = (*log.ages(), log.answers.look_ages())
            events, answers, looks = ([(moment.timestamp() - at / 1000) / 86400 for at in ages] for ages in kept)
    k = workspace.settings.privacy.k
    earlier = [(moment - at) / timedelta(days=1) for at in replaced_at(workspace)]
    runs = [(moment - at) / timedelta(days=1) for at in run_values(workspace.folder).values()]
    return RetentionStatus(
        days=days,
        rejects=_folders(rejects, days),
        events=_kept(events, days, k),
        answers=_kept(answers, days, k),
        looks=_kept(looks, days, k),
        snapshots=_folders(earlier, days),
        runs=_folders(runs, days),
    )


def _folders(ages: list[float], days: int | None) -> KeptData:
    """Of loads and runs, each of many people."""
    return KeptData(kept=len(ages), oldest_days=round(max(ages), 2) if ages else None, overdue=_overdue(ages, days))


def _kept(ages: list[float], days: int | None, k: int) -> KeptData:
    """Of what people did, or were answered: no age, which would be one person's."""
    overdue = floored_count(_overdue(ages, days), k)
    return KeptData(kept=floored_count(len(ages), k), oldest_days=None, overdue=overdue)


def _overdue(ages: list[float], days: int | None) -> int:
    return 0 if days is None else sum(age > days for age in ages)
