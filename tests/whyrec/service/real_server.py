"""``whyrec serve`` as a process of its own, as operators start it."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from whyrec.service.access import Tokens


@dataclass(frozen=True)
class Served:
    """A service that runs; ``told``: the lines that it printed."""

    process: subprocess.Popen[str]
    port: int
    told: list[str]

    def client(self, folder: Path) -> httpx.Client:
        """Asks as the admin of a workspace."""
        headers = {"Authorization": f"Bearer {Tokens(folder)._admin}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", headers=headers, timeout=120)


LIMITED = """
import os, resource, sys
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(int(sys.argv[1]), hard), hard))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@contextmanager
def serving(
    *folders: Path, workers: int = 1, options: tuple[str, ...] = (), files: int | None = None
) -> Iterator[Served]:
    """The service over some workspaces, until it is told to end.

    :param files: how many it may have open unless it asks for more; as many as this process where absent.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = [part for folder in folders for part in ("--workspace", str(folder))]
    limited = () if files is None else ("-c", LIMITED, str(files))
    command = [sys.executable, *limited, "-m", "cli", "serve", *places]
    command += ["--port", str(port), "--workers", str(workers), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Served(process, port, [process.stdout.readline() for _ in range(2 + len(folders))])
        finally:
            process.terminate()
