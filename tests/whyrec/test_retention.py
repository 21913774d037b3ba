"""Retention: what is older than it may be goes, what nobody has taken over stays, and status proves it."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kg.workspace.creation import create_workspace
from kg.workspace.workspace import Workspace
from whyrec.events.answers import Answer
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog
from whyrec.privacy.retention import retain, retention_status


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
        log.answers.remember([Answer("x", int(now.timestamp() * 1000), "u1", "me", "recommend", b"1", b"")])
    workspace, later = Workspace(folder), now + timedelta(days=0)
    assert retention_status(workspace, later).rejects.overdue == 2
    assert retain(workspace, later) == 2 and retention_status(workspace, later).rejects.overdue == 0
    assert {path.name[:4] for path in (folder / "rejects").iterdir()} >= {"mine"}
    later = now + timedelta(days=31)
    assert retain(workspace, later) == 4  # two loads, the event that was taken over, the answer
    told = retention_status(workspace, later)
    assert (told.rejects.kept, told.events.kept, told.events.overdue, told.answers.kept) == (0, "<5", "<5", 0)
    assert told.events.oldest_days is None  # when one person did something


def test_without_days_nothing_goes(tmp_path: Path) -> None:
    workspace = create_workspace(tmp_path / "w")
    old = workspace.rejects / "20200101T000000Z-1"
    old.mkdir(parents=True)
    assert retain(workspace) == 0 and old.exists() and retention_status(workspace).rejects.overdue == 0
