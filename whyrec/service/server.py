"""The server: workers over the same mapped files, TLS where it is asked for, an end that finishes what is in flight."""

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from kg.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI

FOLDERS = "WHYREC_SERVE_WORKSPACES"
"""How workers are told what they serve."""
GRACE_SECONDS = 20
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

    @property
    def url(self) -> str:
        """The URL of the console."""
        return f"{'https' if self.certificate else 'http'}://{self.host}:{self.port}"

    @property
    def local(self) -> bool:
        """Whether nobody beyond this machine can come here."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def worker_app() -> "FastAPI":
    """The application of one worker."""
    from whyrec.service.app import create_app  # of use to workers alone

    sys.setswitchinterval(SWITCH_SECONDS)
    return create_app([Path(one) for one in os.environ[FOLDERS].split(os.pathsep)])


def serve(folders: Sequence[Path], address: Address, workers: int = 1) -> None:
    """Serve until the process is told to end.

    :raises UsageError: for an address that cannot be.
    :raises WorkspaceError: where a folder is no workspace.
    """
    address.checked()
    os.environ[FOLDERS] = os.pathsep.join(str(folder.resolve()) for folder in folders)
    with tempfile.TemporaryDirectory(prefix="whyrec-metrics-") as figures:
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", figures)
        uvicorn.run(
            "whyrec.service.server:worker_app",
            factory=True,
            host=address.host,
            port=address.port,
            workers=workers,
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            ssl_certfile=address.certificate,
            ssl_keyfile=address.key,
        )
