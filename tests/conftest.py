"""Fixtures for all tests: a real Neo4j server, and each store in turn."""

import gc
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from neo4j import Driver, GraphDatabase

from kg.schema import Schema
from kg.stores.opening import open_store
from kg.stores.store import Store
from tests.chromium import BrowserError, Tab, browser

# no property depends on how fast or how loaded a machine is
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
TOGETHER = {
    "neo4j": re.compile(r"neo4j|test_(?:adopt|refresh|publishing|concurrent_loads|store_errors|why_page)\.py"),
    "tour": re.compile(r"whyrec/test_(?:notebook|permissions|public_api)\.py"),
}
"""Tests that one process runs, by parameter or file: those that ask a Neo4j server, each of which costs a core for half
a minute, and those of the notebook that was run. Where another asks for these, it gets its own."""
OPEN_FILES = Path("/proc/self/fd")
MANY_FILES = 500 if OPEN_FILES.is_dir() else 0
SERVER = Path(__file__).with_name("neo4j_server.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of the long tests, so that no process is left alone with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes name no test: packed ones hold the second they were made in, and each process must find the same tests."""
    return argname if isinstance(val, bytes) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """By files, but what is dear to begin is begun in one process alone."""
    from xdist.scheduler import LoadFileScheduling  # not there where the tests run in one process

    class ByFiles(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            together = (name for name, tests in TOGETHER.items() if tests.search(nodeid))
            return next(together, super()._split_scope(nodeid))

    return ByFiles(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="module", autouse=True)
def unneeded_files_closed() -> Iterator[None]:
    """Models that a file of tests opened hold hundreds of files until garbage is collected, which a process with many
    libraries does seldom: after some files a test that allows fewer would begin with more than that."""
    yield
    if MANY_FILES and len(os.listdir(OPEN_FILES)) > MANY_FILES:
        gc.unfreeze()
        gc.collect()


@pytest.fixture(scope="session")
def neo4j_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of a Neo4j server for the whole run, with NEO4J_USERNAME and NEO4J_PASSWORD set to fit.

    NEO4J_URI names a server to use instead; its database must be empty, since the tests wipe it. Without a server
    the tests fail.
    """
    told = os.environ.get("NEO4J_URI")
    if told and os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") != "1":
        pytest.fail(f"{told} is one database, which several processes would wipe: run plain pytest", pytrace=False)
    if told:
        yield told
        return
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # a first run fetches for a minute or two, and says so
        process = subprocess.Popen(
            [sys.executable, str(SERVER), "run"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with process:  # the server stops when its standard input ends, even where this process is killed
            answer = process.stdout.readline()
            if not answer:
                pytest.fail("no Neo4j server, see standard error; the tests need one", pytrace=False)
            access = json.loads(answer)
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("NEO4J_USERNAME", access["user"])
                patch.setenv("NEO4J_PASSWORD", access["password"])
                patch.delenv("NEO4J_DATABASE", raising=False)
                yield access["uri"]
            process.stdin.close()


@pytest.fixture(scope="session")
def neo4j_driver(neo4j_url: str) -> Iterator[Driver]:
    """A driver of the server; the database is empty at the beginning."""
    user, password = os.environ.get("NEO4J_USERNAME", ""), os.environ.get("NEO4J_PASSWORD", "")
    with GraphDatabase.driver(neo4j_url, auth=(user, password), notifications_min_severity="OFF") as driver:
        count = driver.execute_query("MATCH (n) RETURN count(n) AS n", database_=_database()).records[0]["n"]
        if count:
            pytest.fail(f"{neo4j_url} holds {count} nodes; the tests wipe it, so give them an empty one", pytrace=False)
        yield driver


@pytest.fixture
def empty_neo4j_url(neo4j_url: str, neo4j_driver: Driver) -> Iterator[str]:
    """The URL of the server, whose database is empty before and after the test."""
    _wipe(neo4j_driver)
    yield neo4j_url
    _wipe(neo4j_driver)


@pytest.fixture(params=["embedded", "neo4j"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Each store in turn: the URL of an empty one, to be opened with ``open_store``."""
    if request.param == "neo4j":
        return request.getfixturevalue("empty_neo4j_url")
    return str(tmp_path / "graph.lbug")


@pytest.fixture
def opened(store_url: str) -> Iterator[Callable[..., Store]]:
    """Opens the store of this test with a schema, as often as wanted; all are closed at the end."""
    stores: list[Store] = []

    def open_again(schema: Schema, *, read_only: bool = False) -> Store:
        stores.append(open_store(store_url, schema, folder=Path(), read_only=read_only))
        return stores[-1]

    yield open_again
    for store in stores:
        store.close()


def _database() -> str | None:
    return os.environ.get("NEO4J_DATABASE")


def _wipe(driver: Driver) -> None:
    driver.execute_query("MATCH (n) DETACH DELETE n", database_=_database())
    for record in driver.execute_query("SHOW CONSTRAINTS YIELD name", database_=_database()).records:
        driver.execute_query(f"DROP CONSTRAINT `{record['name']}`", database_=_database())


@pytest.fixture(scope="session")
def tab() -> Iterator[Tab]:
    """A tab of a real chromium. Without a browser the tests fail."""
    try:
        with browser() as opened:
            yield opened
    except BrowserError as problem:
        pytest.fail(str(problem), pytrace=False)
