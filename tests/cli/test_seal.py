"""``whyrec seal`` and ``unseal``: what they say they did is what was done."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from subprocess import PIPE, Popen

import pyrage
import pytest

from tests.cli.conftest import Whyrec
from whyrec.events.log import EventLog


def test_a_new_key_seals_nothing_by_itself(whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "w"
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    assert whyrec("init", folder).exit_code == 0
    told = whyrec("-w", folder, "seal", "--rotate")
    assert told.exit_code == 0 and not (folder / "sealed.age").exists()
    said = " ".join(told.stdout.split())
    assert "is sealed with the new key now" not in said and "Nothing is sealed now" in said and "seal" in said
    assert whyrec("-w", folder, "seal").exit_code == 0 and (folder / "sealed.age").is_file()
    monkeypatch.setenv("WHYREC_SEAL_KEY_OLD", os.environ["WHYREC_SEAL_KEY"])
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    told = whyrec("-w", folder, "seal", "--rotate")
    assert told.exit_code == 0 and "is sealed with the new key now" in " ".join(told.stdout.split())


def test_whoever_lacks_the_key_is_not_told_to_make_another(
    whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "w"
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    assert whyrec("init", folder, "--encrypt").exit_code == 0 and whyrec("-w", folder, "seal").exit_code == 0
    monkeypatch.delenv("WHYREC_SEAL_KEY")
    told = whyrec("-w", folder, "unseal")
    assert told.exit_code == 2 and "what is sealed already opens with its own key alone" in told.stderr


def test_what_is_left_unencrypted_is_named(whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "w"
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    assert whyrec("init", folder, "--encrypt").exit_code == 0
    (folder / "users.csv").write_text("user_id\nann\n")
    told = whyrec("-w", folder, "seal", folder / "copy.age")
    assert told.exit_code == 0 and "Not encrypted" not in told.stdout
    (folder / "copy.age").unlink()
    said = " ".join(whyrec("-w", folder, "seal").stdout.split())
    assert "Not encrypted" in said and ": users.csv. Where they name people" in said
    (folder / "users.csv").unlink()
    assert whyrec("-w", folder, "unseal").exit_code == 0 and "Not encrypted" not in whyrec("-w", folder, "seal").stdout


def test_who_was_forgotten_does_not_come_back_with_a_copy(
    whyrec: Whyrec, example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, copy = tmp_path / "w", tmp_path / "copy.age"
    shutil.copytree(example, folder)
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    assert whyrec("-w", folder, "seal", "--rotate").exit_code == 0
    assert whyrec("-w", folder, "seal", copy).exit_code == 0
    assert f"{copy}: encrypted, and not looked into" in whyrec("-w", folder, "export-person", "u0042").stdout
    forgotten = whyrec("-w", folder, "forget", "u0042")
    assert forgotten.exit_code == 0
    assert f"1 encrypted file could not be searched: {copy}" in " ".join(forgotten.stderr.split())
    told = whyrec("-w", folder, "unseal", copy)
    assert told.exit_code == 0 and "was erased from it again" in " ".join(told.stdout.split())
    assert whyrec("-w", folder, "recommend", "u0042").exit_code == 1
    assert whyrec("-w", folder, "recommend", "u0043").exit_code == 0
    own = [path for path in folder.rglob("*") if path.is_file() and path.name != "users.csv"]
    assert not any(b"u0042" in path.read_bytes() for path in own)


def test_a_copy_takes_no_other_files_place(whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "w"
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    assert whyrec("init", folder, "--encrypt").exit_code == 0
    for name in ("users.csv", "whyrec.toml"):
        before = (folder / name).read_bytes() if (folder / name).exists() else b"user_id\nann\n"
        (folder / name).write_bytes(before)
        refused = whyrec("-w", folder, "seal", folder / name)
        assert refused.exit_code == 2 and "name another file" in refused.stderr and "--force" not in refused.stderr
        assert (folder / name).read_bytes() == before
    assert [whyrec("-w", folder, "seal", tmp_path / "copy.age").exit_code for _ in range(2)] == [0, 0]


WRITING = """
import sys, time
from pathlib import Path
from whyrec.events.event_table import Event
from whyrec.events.log import EventLog

log = EventLog(Path(sys.argv[1]) / "service")
for number in range(10**6):
    log.append([Event(f"e{number}", "User", "ann", "view", "Product", "p1", None, None)])
    print(number, flush=True)
"""


@pytest.fixture
def written(whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Path, Popen[str]]]:
    """An encrypted workspace, and another process that writes one event after the other, told by its number."""
    folder = tmp_path / "w"
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    assert whyrec("init", folder, "--encrypt").exit_code == 0
    with Popen([sys.executable, "-c", WRITING, str(folder)], stdout=PIPE, text=True) as process:
        try:
            yield folder, process
        finally:
            process.kill()


def test_no_event_that_was_acknowledged_is_lost_to_a_seal(
    whyrec: Whyrec, written: tuple[Path, "Popen[str]"], tmp_path: Path
) -> None:
    folder, process = written
    assert process.stdout is not None
    for at in range(3):
        for _ in range(200):
            last = int(process.stdout.readline())
        told = whyrec("-w", folder, "seal")
        assert told.exit_code == 1 and "another process has it open; stop the service" in " ".join(told.stderr.split())
        copy = tmp_path / f"{at}.age"
        assert whyrec("-w", folder, "seal", copy).exit_code == 0
        told = whyrec("-w", folder, "unseal", copy)
        assert told.exit_code == 1 and "stop the service" in " ".join(told.stderr.split())
        restored = tmp_path / f"restored{at}"
        assert whyrec("init", restored, "--encrypt").exit_code == 0
        assert whyrec("-w", restored, "unseal", copy).exit_code == 0
        with closing(EventLog(restored / "service")) as log:
            keys = {event.key for _, event in log.pending()} | {e.key for e in log.of("ann", "User")}
            assert {f"e{number}" for number in range(last + 1)} <= keys
    process.kill()
    process.wait()
    assert whyrec("-w", folder, "seal").exit_code == 0


@pytest.mark.parametrize("command", [("serve",), ("mcp",), ("experiment", "list")])
def test_a_sealed_workspace_is_told_of_before_anything_is_made_in_it(
    whyrec: Whyrec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    folder = tmp_path / "w"
    monkeypatch.setenv("WHYREC_SEAL_KEY", str(pyrage.x25519.Identity.generate()))
    assert whyrec("init", folder, "--encrypt").exit_code == 0 and whyrec("-w", folder, "seal").exit_code == 0
    before = sorted(folder.iterdir())
    told = whyrec("-w", folder, *command)
    assert told.exit_code == 1 and "is sealed; `whyrec" in " ".join(told.stderr.split()) and not told.stdout
    assert sorted(folder.iterdir()) == before
    again = whyrec("-w", folder, "seal")
    assert again.exit_code == 0 and "Is sealed already" in again.stdout
    assert whyrec("-w", folder, "seal", tmp_path / "copy.age").exit_code == 1
