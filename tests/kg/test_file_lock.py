"""A lock between processes: one inside at a time, a text for who waits, and nothing left behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from kg.file_lock import FileLock

ROUNDS, PROCESSES = 60, 3
CROWD = """
import os, sys
from pathlib import Path
from kg.file_lock import FileLock
lock, inside, rounds = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
while rounds:
    held = FileLock.try_acquire(lock, str(os.getpid()))
    if held:
        os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails where somebody else is inside
        assert lock.read_text() == str(os.getpid())
        inside.unlink()
        held.release()
        rounds -= 1
"""
HOLDER = "import sys; from pathlib import Path; from kg.file_lock import FileLock\n" + (
    "held = FileLock.try_acquire(Path(sys.argv[1]), 'process 7'); print('held', flush=True); sys.stdin.read()"
)


def test_only_one_process_is_inside_though_each_removes_the_file(tmp_path: Path) -> None:
    program = [sys.executable, "-c", CROWD, str(tmp_path / "lock"), str(tmp_path / "inside"), str(ROUNDS)]
    crowd = [subprocess.Popen(program, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    assert [(one.communicate()[1], one.returncode) for one in crowd] == [("", 0)] * PROCESSES
    assert list(tmp_path.iterdir()) == []


def test_who_waits_reads_who_holds_it_and_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        assert FileLock.is_held(path) and FileLock.try_acquire(path, "me") is None
        assert path.read_text() == "process 7"
        holder.kill()
    assert not FileLock.is_held(path) and path.exists()
    lock = FileLock.try_acquire(path)
    assert lock is not None and FileLock.is_held(path) and FileLock.try_acquire(path) is None
    lock.release()
    assert not path.exists() and not FileLock.is_held(path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="there is no such folder"):
        FileLock.try_acquire(tmp_path / "nowhere" / "lock")
