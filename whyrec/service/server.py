"""The server: workers over the same mapped files, TLS where it is asked for, an end that finishes what is in flight."""

import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from kg.errors import UsageError
from kg.workspace.workspace import Workspace
from whyrec.service.distinct_keys import check_tokens
from whyrec.service.load_balancing import Balanced, Connections
from whyrec.service.supervisor import POSSIBLE, Supervisor
from whyrec.service.tls import checked_pair

if TYPE_CHECKING:
    from fastapi import FastAPI

    from whyrec.service.precomputation.ring_buffer import RingBuffer

FOLDERS = "WHYREC_SERVE_WORKSPACES"
"""How workers that are spawned are told what they serve."""
GRACE_SECONDS, BACKLOG, MOST_FILES = 20, 2_048, 65_536
MEGABYTE = 1_000_000
SWITCH_SECONDS = 0.0005
"""After what time Python's lock goes to another thread of a worker that wants it: those that write events wait for it
beside answers that take milliseconds of work each."""


@dataclass(frozen=True)
class Address:
    """Where to listen; ``certificate`` and ``key``: PEM files for TLS, both or neither."""

    host: str = "127.0.0.1"
    port: int = 8765
    certificate: Path | None = None
    key: Path | None = None

    def checked(self) -> "Address":
        """This address.

        :raises UsageError: where only one of the TLS files is named, one is missing, or the port is none.
        """
        if (self.certificate is None) != (self.key is None):
            raise UsageError("`tls_cert` and `tls_key` go together")
        for name, path in (("tls_cert", self.certificate), ("tls_key", self.key)):
            if path is not None and not path.is_file():
                raise UsageError(f"`{name}` {path}: no such file")
        if not 0 < self.port < 65_536:
            raise UsageError(f"`port` {self.port}: expected 1 to 65535")
        return self

    def notices(self) -> list[str]:
        """What whoever serves here should know.

        :raises UsageError: where the TLS files do not fit.
        """
        if self.certificate is not None and self.key is not None:
            return checked_pair(self.certificate, self.key)
        if self.local:
            return []
        return ["whoever reaches this address can listen in: put TLS before it, or give `tls_cert` and `tls_key`"]

    def bound(self) -> socket.socket:
        """A socket at this address, where whoever comes waits until there are workers.

        It listens at once: of two programs that start together both could have the address till then.

        :raises UsageError: where there can be none.
        """
        try:
            family, kind, _, _, place = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)[0]
            found = socket.socket(family, kind)
            try:
                if os.name == "posix":  # elsewhere two programs would share it
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                found.bind(place)
                found.listen(BACKLOG)
            except OSError:
                found.close()
                raise
        except OSError as problem:
            raise UsageError(f"nobody can listen at {self.host}, port {self.port}: {problem.strerror}") from None
        return found

    @property
    def url(self) -> str:
        """The URL of the console."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether nobody beyond this machine can come here."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def opened(folders: Sequence[Path], memories: "Mapping[Path, RingBuffer] | None" = None) -> "FastAPI":
    """The application of one worker, ready to answer.

    :param memories: what workers share of a workspace.
    :raises WorkspaceError: where a folder is no workspace.
    :raises SnapshotError: where nothing is loaded.
    """
    from whyrec.service.app import create_app  # of use to workers alone

    sys.setswitchinterval(SWITCH_SECONDS)
    app = create_app(folders, memories=memories)
    for shop in app.state.shops:
        shop.ready()
    return app


def worker_app() -> "FastAPI":
    """The application of a worker that uvicorn spawned."""
    return opened([Path(one) for one in os.environ[FOLDERS].split(os.pathsep)])


def serve(
    folders: Sequence[Path], address: Address, workers: int = 1, *, listening: Callable[[], None] = lambda: None
) -> None:
    """Serve until the process is told to end.

    :param listening: called once the address is ours.
    :raises UsageError: for an address that cannot be, or is taken, and where a token would open two workspaces.
    :raises WorkspaceError: where a folder is no workspace, or nothing is loaded.
    """
    folders = [folder.resolve() for folder in folders]
    check_tokens(folders)  # before it is said where whoever comes is answered
    _many_files()
    with tempfile.TemporaryDirectory(prefix="whyrec-metrics-") as figures:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", figures)
        if workers > 1 and not POSSIBLE:
            os.environ[FOLDERS] = os.pathsep.join(map(str, folders))
            name = "whyrec.service.server:worker_app"
            listening()
            uvicorn.run(name, factory=True, host=address.host, port=address.port, workers=workers, **_options(address))
            return
        with address.checked().bound() as bound:
            listening()

            connections, memories = Connections(workers), _memories(folders, workers)

            def start(slot: int = 0) -> Callable[[], None]:
                """Open the workspaces; what serves them, or what prepares lists after the last worker."""
                if slot == workers:
                    return partial(_prepare, folders, memories)
                config = uvicorn.Config(opened(folders, memories), **_options(address))
                try:
                    config.load()
                except OSError as problem:  # the TLS files went, or are others by now
                    raise UsageError(f"`tls_cert`, `tls_key`: {problem}") from None
                server = Balanced(config, connections, slot) if POSSIBLE else uvicorn.Server(config)
                return partial(server.run, [bound])

            if workers > 1:
                # who comes while workers finish is refused at once, and does not wait for nobody
                Supervisor(start, workers + bool(memories), GRACE_SECONDS + 5, ending=bound.close).run()
            else:
                signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn's own handler comes before it
                with suppress(KeyboardInterrupt):
                    start()()


def _memories(folders: Sequence[Path], workers: int) -> "dict[Path, RingBuffer]":
    """The memory that several workers share of each workspace that says how much.

    :raises WorkspaceError: where a folder is no workspace.
    """
    if workers < 2:
        return {}
    from whyrec.service.precomputation.ring_buffer import RingBuffer  # not where nothing can be forked

    wanted = {folder: Workspace(folder).settings.serve.prepare_mb for folder in folders}
    return {folder: RingBuffer(MEGABYTE * size) for folder, size in wanted.items() if size}


def _prepare(folders: Sequence[Path], memories: "Mapping[Path, RingBuffer]") -> None:
    """Make lists before anybody asks, beside workers that open the same workspaces and tell what is wrong with them."""
    from whyrec.service.precomputation.worker import START_SECONDS, Precomputation, last_of_all
    from whyrec.service.shops import shops_of

    last_of_all()
    time.sleep(START_SECONDS)
    shops = [shop for shop in shops_of(folders, memories) if shop.lists.memory is not None]
    for shop in shops:
        shop.watch.close()  # holds locks that workers wait for
        shop.ready()
    Precomputation(shops).run()


def _many_files() -> None:
    """Allow as many open files as connections may come: a mapped array holds one, a generation some 500 of them, and
    beside the next generation the usual 1,024 left 58 connections."""
    if os.name == "posix":
        import resource

        with suppress(OSError, ValueError):  # of macOS, whose hard limit is more than it gives
            now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
            wanted = MOST_FILES if most == resource.RLIM_INFINITY else min(most, MOST_FILES)
            if now < wanted:
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _options(address: Address) -> dict[str, Any]:
    return {
        "log_level": "critical",
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": GRACE_SECONDS,
        "ssl_certfile": address.certificate,
        "ssl_keyfile": address.key,
    }
