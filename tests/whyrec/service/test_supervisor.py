"""The workers of the service: forked, replaced when they die or hang, ended with the program, and told when they cannot
start.
"""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import copytree

import httpx
import pytest

import whyrec
from tests.whyrec.service.real_server import serving
from whyrec.service import supervisor
from whyrec.service.access import Tokens
from whyrec.service.server import MOST_FILES

pytestmark = pytest.mark.skipif(not supervisor.POSSIBLE, reason="workers are forked on Linux alone")
SECONDS = 240.0
PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from whyrec.service import supervisor
supervisor.IMPORTED, supervisor.TICK_SECONDS, supervisor.HUNG_SECONDS = (), 0.1, 1.0
here = Path(sys.argv[1])

def finish(*_):
    time.sleep(0.3)
    (here / f"finished {os.getpid()}").touch()
    os._exit(0)

def start(slot):
    signal.signal(signal.SIGTERM, finish)
    (here / f"{os.getpid()}").touch()
    return lambda: time.sleep(600)

supervisor.Supervisor(start, 2, grace=10).run()
"""


@contextmanager
def supervised(here: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Two workers that note their start, and their end when they are told to."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, str(here)], start_new_session=True) as program:
        try:
            yield program
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)


def started(here: Path, count: int) -> set[int]:
    """The workers that have started so far, once there are so many."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = {int(one.name) for one in here.iterdir() if one.name.isdigit()}
        if len(found) >= count:
            return found
        time.sleep(0.05)
    raise TimeoutError(f"{count} workers")


def ended(process: int) -> bool:
    """Whether a process is gone, in time."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        with suppress(OSError):
            if (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.05)
                continue
        return True
    return False


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dies", "hangs"])
def test_a_worker_that_dies_or_hangs_is_replaced(tmp_path: Path, how: signal.Signals) -> None:
    with supervised(tmp_path):
        first = started(tmp_path, 2)
        os.kill(min(first), how)
        assert len(started(tmp_path, 3) - first) == 1 and ended(min(first))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_workers_finish_before_the_program_ends(tmp_path: Path, how: signal.Signals) -> None:
    with supervised(tmp_path) as program:
        workers = started(tmp_path, 2)
        program.send_signal(how)
        assert program.wait(SECONDS) == 0
        assert {one.name for one in tmp_path.glob("finished *")} == {f"finished {one}" for one in workers}


def test_a_program_that_is_stopped_for_a_while_goes_on(tmp_path: Path) -> None:
    with supervised(tmp_path) as program:
        first = started(tmp_path, 2)
        for _ in range(3):
            program.send_signal(signal.SIGSTOP)
            time.sleep(0.5)  # longer than it waits for a signal
            program.send_signal(signal.SIGCONT)
            time.sleep(0.2)
        os.kill(min(first), signal.SIGKILL)
        assert len(started(tmp_path, 3)) == 3 and program.poll() is None


def test_no_worker_outlives_a_program_that_is_killed(tmp_path: Path) -> None:
    with supervised(tmp_path) as program:
        workers = started(tmp_path, 2)
        program.kill()
        assert all(ended(one) for one in workers)


def test_workers_that_fail_together_end_the_program_once(tmp_path: Path) -> None:
    """Both have said why before the first of them is buried."""
    fails = """
def start(slot):
    time.sleep(0.2)
    raise WorkspaceError("no\\nsuch thing")
"""
    program = PROGRAM[: PROGRAM.index("def finish")] + "from kg.errors import WorkspaceError\n" + fails
    program += "supervisor.AGAIN_SECONDS = 0.5\n"
    program += "told = supervisor.signal.sigtimedwait\n"
    program += "supervisor.signal.sigtimedwait = lambda *one: (time.sleep(1), told(*one))[1]\n"
    program += "supervisor.Supervisor(start, 2, grace=10).run()\n"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 1 and done.stderr.count("WorkspaceError: no such thing") == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_cannot_be_served_is_told_and_the_program_ends(tmp_path: Path, workers: str) -> None:
    empty = tmp_path / "empty"
    subprocess.run([sys.executable, "-m", "cli", "init", str(empty), "--example", "--quiet"], check=True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = [_served(empty, port + more, workers) for more in (0, 1)]
    assert (found[0].returncode, found[1].returncode) == (2, 1)
    assert f"nobody can listen at 127.0.0.1, port {port}" in found[0].stderr
    assert found[1].stderr.startswith("Error: ") and "the store is empty" in found[1].stderr


def _served(folder: Path, port: int, workers: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", "-w", str(folder), "serve", "--port", str(port), "--workers", workers]
    return subprocess.run(
        [*command, *(more or ["--quiet"])], capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_mistake_is_one_however_many_workers_there_are(tmp_path: Path, workers: str) -> None:
    """Nobody is told where the console is who is then told that there is none."""
    folder, copied = tmp_path / "shop", tmp_path / "copied"
    whyrec.create(folder, example=True).load()
    Tokens(folder)
    copytree(folder, copied)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for second, told in ((folder, "is named twice"), (copied, "need keys of their own")):
        found = _served(folder, port, workers, "-w", str(folder), "-w", str(second))
        assert (found.returncode, found.stdout) == (2, "") and told in found.stderr
    for candidate, told in (("", "is missing"), (".", "is this workspace itself")):
        (folder / "whyrec.toml").write_text(
            f'schema = "schema.toml"\nstore = "graph.lbug"\n[experiment]\nname = "x"\ncandidate = "{candidate}"\n',
            encoding="utf-8",
        )
        found = _served(folder, port, workers)
        assert found.returncode == 2 and f"[experiment] candidate {told}: name the workspace" in found.stderr


def test_who_comes_while_workers_finish_is_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    whyrec.create(folder, example=True).load()
    with serving(folder, workers=2) as served, served.client(folder) as client, ThreadPoolExecutor(1) as threads:
        assert client.get("/api/v1/health/ready").status_code == 200
        slow = threads.submit(served.client(folder).get, "/api/v1/why-not?user=u0002&item=p0042")
        while not client.get("/api/v1/users/u0002/looks").json():
            assert not slow.done()
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert not slow.done()
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{served.port}/api/v1/health/live", timeout=2)
        assert slow.result().status_code == 200
        assert served.process.wait(timeout=60) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_as_many_files_are_open_as_may_be(tmp_path: Path, workers: int) -> None:
    """Two generations of a small shop are 966 of them: of the 1,024 that shells allow 58 were left to clients."""
    folder = tmp_path / "shop"
    whyrec.create(folder, example=True).load()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with serving(folder, workers=workers, files=1_024) as served, served.client(folder) as client:
        assert client.get("/api/v1/health/ready").status_code == 200
        assert resource.prlimit(served.process.pid, resource.RLIMIT_NOFILE) == (min(hard, MOST_FILES), hard)
