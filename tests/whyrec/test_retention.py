"""Retention: what is older than it may be goes, what nobody has taken over stays, and status proves it."""

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyrage
import pytest

import whyrec
from kg.errors import WorkspaceError
from kg.privacy.sealing import seal
from kg.workspace.creation import create_workspace
from kg.workspace.workspace import Workspace
from whyrec.events.answers import Answer, Look
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
from whyrec.privacy.retention import retain, retention_status
from whyrec.service.live.watch import look


def test_what_is_old_goes_and_status_proves_it(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    create_workspace(folder)
    (folder / "whyrec.toml").write_text('schema = "schema.toml"\n[retention]\ndays = 30\n')
    now = datetime.now(UTC)
    for age in (1, 29, 31, 400):
        (folder / "rejects" / f"{now - timedelta(days=age):%Y%m%dT%H%M%SZ}-1").mkdir(parents=True)
    (folder / "rejects" / "mine").mkdir()
    with closing(EventLog(folder / "service")) as log:
        log.append([Event(key, "User", "u1", "purchased", "Product", "p1") for key in ("a", "b")])
        log.taken_over(1)
        log.answers.looked([Look(int(now.timestamp() * 1000), "u1", "me", "why")])
        log.answers.remember([Answer("x", int(now.timestamp() * 1000), "u1", "me", "recommend", b"1", b"")])
    workspace, later = Workspace(folder), now + timedelta(days=0)
    assert retention_status(workspace, later).rejects.overdue == 2
    assert retain(workspace, later) == 2 and retention_status(workspace, later).rejects.overdue == 0
    assert {path.name[:4] for path in (folder / "rejects").iterdir()} >= {"mine"}
    later = now + timedelta(days=31)
    assert retention_status(workspace, later).overdue == ["rejects", "events", "answers", "looks"]
    assert retain(workspace, later) == 4  # two loads, the event that was taken over, the answer
    told = retention_status(workspace, later)
    assert (told.rejects.kept, told.events.kept, told.events.overdue, told.answers.kept) == (0, "<5", "<5", 0)
    assert told.events.oldest_days is None  # when one person did something
    assert told.looks.kept == 0 and told.overdue == ["events"]  # the one that a load is still to take over


def test_what_no_load_ever_takes_over_goes_too(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "w")
    (workspace.folder / "whyrec.toml").write_text('schema = "schema.toml"\n[retention]\ndays = 30\n')
    with closing(EventLog(workspace.folder / "service")) as log:
        log.append([Event(one, "User", "u1", one, "Product", "p1") for one in ("click", "hide", "purchased")])
    later = datetime.now(UTC) + timedelta(days=31)
    assert retain(Workspace(workspace.folder), later) == 2
    with closing(EventLog(workspace.folder / "service")) as log:
        assert [one.relation for one in log.of("u1", "User")] == ["purchased"]


def test_status_says_what_is_overdue_and_each_command_that_writes_removes_it(demo: Path, tmp_path: Path) -> None:
    engine = whyrec.open(shutil.copytree(demo, tmp_path / "w"))
    with (engine.workspace.folder / "whyrec.toml").open("a") as file:
        file.write("[retention]\ndays = 30\n")
    engine = whyrec.open(engine.workspace.folder)
    watch = partial(look, engine, "w")  # of a service
    commands: tuple[Callable[[], object], ...] = (engine.refresh, engine.load_events, watch)
    for carried_out in commands:
        old = engine.workspace.rejects / "20200101T000000Z-1"
        old.mkdir(parents=True)
        told = engine.status()
        assert told.retention is not None and told.retention.overdue == ["rejects"]
        assert told.next.startswith("kept for longer than 30 days: rejects; ") and "load --events" in told.next
        carried_out()
        assert not old.exists() and not engine.status().retention.overdue  # type: ignore[union-attr]


@pytest.mark.parametrize("days", ["true", "0", "-1", "36501", "99999999999", "1.5"])
def test_days_are_a_number_of_days(tmp_path: Path, days: str) -> None:
    workspace = create_workspace(tmp_path / "w")
    text = f'schema = "schema.toml"\n[retention]\ndays = {days}\n'
    (workspace.folder / "whyrec.toml").write_text(text)
    with pytest.raises(WorkspaceError, match=r"retention\.days"):
        retain(Workspace(workspace.folder))
    (workspace.folder / "whyrec.toml").write_text(text.replace(days, "36500"))
    assert retain(Workspace(workspace.folder)) == 0


def test_truth_is_no_number_of_people(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "w")
    (workspace.folder / "whyrec.toml").write_text('schema = "schema.toml"\n[privacy]\nk = true\n')  # would be k = 1
    with pytest.raises(WorkspaceError, match=r"privacy\.k: expected a number"):
        _ = Workspace(workspace.folder).settings


def test_earlier_snapshots_are_told_of(demo: Path, tmp_path: Path) -> None:
    engine = whyrec.open(shutil.copytree(demo, tmp_path / "w"))
    assert retention_status(engine.workspace).snapshots.kept == 0
    engine.train(embeddings=False)
    told = retention_status(engine.workspace, datetime.now(UTC) + timedelta(days=9))
    assert told.snapshots.kept == 1 and told.snapshots.oldest_days is not None and told.snapshots.oldest_days > 8


def test_what_experiments_gave_each_person_goes_and_their_figures_stay(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "w")
    (workspace.folder / "whyrec.toml").write_text('schema = "schema.toml"\n[retention]\ndays = 30\n')
    for name, data in (("people", ""), ("files", '[data]\ntriples = "facts.tsv"\n')):
        for run in ("a", ".b"):  # of which one was killed while it was kept
            folder = workspace.folder / "experiments" / name / "runs" / run
            folder.mkdir(parents=True)
            (folder / "values.npy").write_bytes(b"")
            (folder / "run.json").write_text("{}")
        (workspace.folder / "experiments" / name / "experiment.toml").write_text(data)
    workspace, now = Workspace(workspace.folder), datetime.now(UTC)
    assert retention_status(workspace, now).runs.kept == 2 and retain(workspace, now + timedelta(days=29)) == 0
    later = now + timedelta(days=31)
    told = retention_status(workspace, later)
    assert told.overdue == ["people's figures of experiments"] and told.runs.oldest_days == pytest.approx(31, abs=0.1)
    assert retain(workspace, later) == 2 and not retention_status(workspace, later).overdue
    left = {str(path.relative_to(workspace.folder / "experiments")) for path in workspace.folder.rglob("values.npy")}
    assert left == {"files/runs/a/values.npy", "files/runs/.b/values.npy"}  # of triples of somebody's own
    assert len(list(workspace.folder.rglob("run.json"))) == 4


def test_what_grew_too_old_while_it_was_sealed_goes_when_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    engine = whyrec.create(tmp_path / "w", encrypt=True)
    with (tmp_path / "w" / "whyrec.toml").open("a") as file:
        file.write("\n[retention]\ndays = 30\n")
    old = engine.workspace.rejects / "20200101T000000Z-1"
    old.mkdir(parents=True)
    (old / "rejects.csv").write_text("file,line\n")
    (engine.workspace.rejects / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-1").mkdir()
    seal(Workspace(tmp_path / "w"), tmp_path / "copy.age")
    seal(Workspace(tmp_path / "w"))
    for sealed in (None, tmp_path / "copy.age"):
        assert "rejects" in whyrec.open(tmp_path / "w").unseal(sealed).unsealed
        assert not old.exists() and len(list(engine.workspace.rejects.iterdir())) == 1


def test_without_days_nothing_goes(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "w")
    old = workspace.rejects / "20200101T000000Z-1"
    old.mkdir(parents=True)
    assert retain(workspace) == 0 and old.exists() and retention_status(workspace).rejects.overdue == 0
