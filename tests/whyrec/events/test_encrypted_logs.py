"""Logs of a workspace with a key: nothing in them is readable, whoever has the key reads all, keys change."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from subprocess import PIPE

import keyring
import pyrage
import pytest
from keyring.backend import KeyringBackend

import whyrec
from kg.errors import WorkspaceError
from kg.privacy.sealing import seal, unseal
from kg.workspace.creation import create_workspace
from kg.workspace.workspace import Workspace
from whyrec.events.answers import Answer
from whyrec.events.event_table import Erased, Event
from whyrec.events.log import EventLog
from whyrec.privacy.seal_rotation import rotate_seal

EVENT = Event("e1", "User", "ann@example.org", "purchased", "Product", "lipstick")
HOLDS = """
import sys
from pathlib import Path
from whyrec.events.log import EventLog
log = EventLog(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
"""
ANSWER = Answer("a1", 1, "ann@example.org", "admin", "recommend", b"1", b"a lipstick for ann")


def key(monkeypatch: pytest.MonkeyPatch, variable: str = "WHYREC_SEAL_KEY") -> str:
    """A new secret key, in the environment."""
    made = str(pyrage.x25519.Identity.generate())
    monkeypatch.setenv(variable, made)
    return made


def fill(workspace: Path) -> None:
    """As the service does it."""
    with closing(EventLog(workspace / "service", Workspace(workspace).settings.privacy.seal_to)) as log:
        log.append([EVENT])
        log.answers.remember([ANSWER])


def read(workspace: Path) -> tuple[list[Event], list[bytes]]:
    with closing(EventLog(workspace / "service")) as log:
        events, answers = log.about(EVENT.user, "User")
        return [event for _, event in events], [one.body for one in answers]


def readable(workspace: Path) -> list[str]:
    """Files of the logs in which a name or an item can be read."""
    found = []
    for path in (workspace / "service").iterdir():
        content = path.read_bytes()
        found += [path.name for word in (b"ann@example", b"lipstick", b"purchased", b"SQLite") if word in content]
    return sorted(set(found))


def test_nothing_is_readable_and_another_key_opens_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = key(monkeypatch)
    folder = tmp_path / "w"
    whyrec.create(folder, encrypt=True)
    fill(folder)
    assert readable(folder) == [] and read(folder) == ([EVENT], [ANSWER.body])
    assert all(path.stat().st_mode & 0o077 == 0 for path in (folder / "service").iterdir())
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(folder / "service" / "events.db").execute("SELECT * FROM event")
    for wrong in ("", str(pyrage.x25519.Identity.generate())):
        monkeypatch.setenv("WHYREC_SEAL_KEY", wrong)
        with pytest.raises(WorkspaceError, match=r"logs of .* are encrypted.*WHYREC_SEAL_KEY"):
            read(folder)
    monkeypatch.setenv("WHYREC_SEAL_KEY", first)
    with closing(EventLog(folder / "service")) as log:
        assert log.forget(EVENT.user, ["User"]) == Erased(1, 1)
    assert read(folder) == ([], [])


@pytest.mark.parametrize("at_rest", [False, True])
def test_keys_change_and_the_old_one_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_rest: bool
) -> None:
    first = key(monkeypatch)
    folder = tmp_path / "w"
    whyrec.create(folder, encrypt=True)
    fill(folder)
    if at_rest:
        seal(Workspace(folder))
    monkeypatch.setenv("WHYREC_SEAL_KEY_OLD", first)
    key(monkeypatch)
    rotate_seal(Workspace(folder))
    monkeypatch.delenv("WHYREC_SEAL_KEY_OLD")
    assert not (folder / ".rotating").exists()
    if at_rest:
        unseal(Workspace(folder))
    assert read(folder) == ([EVENT], [ANSWER.body]) and readable(folder) == []
    monkeypatch.setenv("WHYREC_SEAL_KEY", first)
    with pytest.raises(WorkspaceError, match="encrypted"):
        read(folder)


def test_logs_that_were_plain_are_encrypted_with_the_first_key_but_not_under_a_running_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    create_workspace(folder)
    fill(folder)
    assert readable(folder)
    key(monkeypatch)
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, str(folder / "service")], stdin=PIPE, stdout=PIPE)
    assert holder.stdout is not None and holder.stdout.readline()
    with pytest.raises(WorkspaceError, match="stop the service"):
        rotate_seal(Workspace(folder))
    holder.communicate()
    rotate_seal(Workspace(folder))
    assert read(folder) == ([EVENT], [ANSWER.body]) and readable(folder) == []


class Drawer(KeyringBackend):  # type: ignore[misc]  # the package has no types
    """A keyring in memory."""

    priority = -1
    kept: dict[tuple[str, str], str] = {}  # noqa: RUF012  # one drawer

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


def test_the_key_may_lie_in_the_keyring_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(Drawer())
    try:
        keyring.set_password("whyrec", "WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
        monkeypatch.delenv("WHYREC_SEAL_KEY", raising=False)
        whyrec.create(tmp_path / "w", encrypt=True)
        fill(tmp_path / "w")
        assert read(tmp_path / "w") == ([EVENT], [ANSWER.body])
    finally:
        keyring.set_keyring(before)
        Drawer.kept.clear()
