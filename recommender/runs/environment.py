"""What a figure depends on besides data and settings, and what it cost: code, libraries, machine, peak memory."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Self

LIBRARIES = ("numpy", "scipy", "torch", "pykeen")
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@cache
def source_digest(packages: Sequence[str]) -> str:
    """BLAKE2b of the installed source of packages of whyrec, in hexadecimal; taken once per process."""
    digest = hashlib.blake2b(digest_size=16)
    for package in packages:
        spec = find_spec(package)
        assert spec is not None and spec.submodule_search_locations
        root = Path(spec.submodule_search_locations[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}".encode())
            digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.hexdigest()


@cache
def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that figures depend on; ``not installed`` is one too."""
    return {"python": platform.python_version(), **{name: _version(name) for name in LIBRARIES}}


def machine() -> dict[str, str]:
    """Where a run took place: nothing of it decides whether figures are comparable, but last bits may differ."""
    return {"system": platform.system(), "machine": platform.machine(), "cores": str(os.cpu_count() or 1)}


class Measured:
    """What a ``with`` block costs: seconds, and the largest resident memory of the process meanwhile.

    ``of_run`` says whether that is so: where the system cannot forget older peaks, ``bytes`` is the largest since the
    process began.
    """

    def __init__(self) -> None:
        self.bytes, self.of_run, self.seconds, self._start = 0, False, 0.0, 0.0

    def __enter__(self) -> Self:
        self._start = time.perf_counter()
        try:
            CLEAR.write_text("5", encoding="ascii")  # the kernel forgets the peak so far
            self.of_run = True
        except OSError:
            self.of_run = False
        return self

    def __exit__(self, *problem: object) -> None:
        self.bytes, self.seconds = _peak(), time.perf_counter() - self._start


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _peak() -> int:
    try:
        lines = STATUS.read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        if sys.platform == "win32":  # pragma: no cover
            return 0
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return used if sys.platform == "darwin" else used * 1024
