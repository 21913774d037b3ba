"""One load at a time in a workspace: the second waits, then says who holds it; the dead hold nothing."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kg.errors import StoreLockedError
from kg.workspace import lock as module
from kg.workspace.lock import LOCK, workspace_lock

HOLD = (
    "import sys; from pathlib import Path; from kg.workspace.lock import workspace_lock\n"
    "with workspace_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
)


@contextmanager
def holder(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process


def test_the_second_says_who_holds_it_and_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with (
            pytest.raises(StoreLockedError, match=rf"process {process.pid}, since 20\d\d-.* UTC"),
            workspace_lock(tmp_path, 0.2),
        ):
            pytest.fail("two hold the lock")
        process.kill()
        process.wait()
        assert (tmp_path / LOCK).exists()
        with workspace_lock(tmp_path, 0.0):
            assert (tmp_path / LOCK).read_text().startswith("process ")
    assert not (tmp_path / LOCK).exists()


def test_the_second_waits_until_the_first_has_ended(tmp_path: Path) -> None:
    told: list[str] = []
    with holder(tmp_path) as process:

        def end(text: str) -> None:
            told.append(text)
            assert process.stdin is not None
            process.stdin.close()

        with workspace_lock(tmp_path, 60.0, end):
            assert len(told) == 1 and f"process {process.pid}" in told[0]
        assert process.wait() == 0


def test_only_a_load_is_kept_out(example: Path, whyrec: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.2)
    with holder(example) as process:
        refused = whyrec("-w", example, "load")
        assert refused.exit_code == 1 and f"process {process.pid}" in refused.stderr
        assert f"process {process.pid}" in whyrec("-w", example, "status").stdout
        for command in (("recommend", "u0001"), ("load", "--dry-run")):
            assert whyrec("-w", example, *command).exit_code == 0
        assert process.stdin is not None
        process.stdin.close()
