"""A service in processes of its own, for the benchmarks of ``whyrec serve``."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from whyrec.service.access import Tokens

READY_SECONDS = 120


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def start(
    folder: Path, port: int, workers: int, checkout: Path | None = None, prepare: bool = False
) -> subprocess.Popen[bytes]:
    """``whyrec serve``, the leader of a process group, ready to answer.

    :param checkout: whose code is run; that which is installed where absent.
    :param prepare: whether lists are made before anybody asks, and shared among workers.
    :raises TimeoutError: where it is not ready in time.
    """
    command = [sys.executable, "-m", "cli", "-w", str(folder), "serve", "--port", str(port), "--workers", str(workers)]
    told = os.environ if prepare else {**os.environ, "WHYREC_SERVE__PREPARE_MB": "0"}
    process = subprocess.Popen([*command, "--quiet"], start_new_session=True, cwd=checkout, env=told)
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/api/v1/health/ready", timeout=5).status_code == 200:
                return process
        except httpx.HTTPError:
            time.sleep(0.05)
    kill(process)
    raise TimeoutError(f"not ready after {READY_SECONDS} s")


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End the service and its workers at once, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def processor_seconds(group: int) -> float:
    """Processor seconds, of user and system, that the living processes of a group have taken so far."""
    ticks = 0
    for place in Path("/proc").iterdir():
        with suppress(OSError):  # it may end while it is looked at
            if place.name.isdigit() and os.getpgid(int(place.name)) == group:
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(
    folder: Path, workers: int = 2, checkout: Path | None = None, prepare: bool = False
) -> Iterator[tuple[str, dict[str, str], int]]:
    """URL, headers with the admin's token, and the process of a service that ends with the block."""
    port = free_port()
    process = start(folder.resolve(), port, workers, checkout, prepare)
    try:
        yield f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {Tokens(folder)._admin}"}, process.pid
    finally:
        kill(process)
