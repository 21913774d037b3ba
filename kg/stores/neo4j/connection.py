"""The connection to a Neo4j server: address, credentials, time limits, and errors in words a person can act on."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from kg.errors import StoreAuthenticationError, StoreConflictError, StoreError, StoreUnavailableError
from kg.stores.store import MAX_ID_BYTES
from kg.stores.url import check_url

try:
    import neo4j
    from neo4j import exceptions
except ModuleNotFoundError as missing:
    raise StoreError("the store is a Neo4j server, but its driver is missing: pip install 'whyrec[neo4j]'") from missing

Transaction = neo4j.ManagedTransaction

Result = TypeVar("Result")

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 8.0
"""How long a server that took the connection may take to greet."""
RETRY_SECONDS = 30.0
"""How long a transaction is repeated after the connection is lost in the middle of the work."""
FETCH_RECORDS = 10_000

logging.getLogger("neo4j").addHandler(logging.NullHandler())  # else its retries and notices go to stderr


class Connection:
    """A driver, and the database that is meant."""

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        """Connect, with user, password and database from NEO4J_USERNAME, NEO4J_PASSWORD, NEO4J_DATABASE.

        :raises StoreError: a URL that does not fit.
        :raises StoreUnavailableError: nothing answers there.
        :raises StoreAuthenticationError: user, password or database refused.
        """
        check_url(url)
        self.url = url
        self.read_only = read_only
        self.repeated = 0
        """Transactions whose COMMIT was not answered and that were repeated."""
        self._bookmarks = neo4j.GraphDatabase.bookmark_manager()
        """Every session begins after what the ones before it wrote, also on another member of a cluster."""
        self._database = os.environ.get("NEO4J_DATABASE") or None
        user = os.environ.get("NEO4J_USERNAME")
        auth = (user, os.environ.get("NEO4J_PASSWORD", "")) if user else None
        with self._errors():
            self._driver = neo4j.GraphDatabase.driver(
                url,
                auth=auth,
                connection_timeout=CONNECT_SECONDS,
                connection_acquisition_timeout=ANSWER_SECONDS,
                max_transaction_retry_time=RETRY_SECONDS,
                notifications_min_severity="OFF",
            )
        try:
            with self._errors():
                self._driver.verify_connectivity()
        except BaseException:
            self._driver.close()
            raise

    def read(self, query: str, **parameters: Any) -> list[list[Any]]:
        """The records of one query, in a transaction that is repeated where the server asks for it.

        :raises StoreError: for what driver or server report.
        """
        return self._repeated(lambda session: session.execute_read(records, query, **parameters))

    def write(self, work: Callable[[Transaction], None]) -> None:
        """Run a writing transaction, repeated where the server asks for it; all of it is kept, or nothing.

        It is repeated as well where the answer to its COMMIT is lost, so doing it twice must be as doing it once, or an
        error that says that it was done.

        :raises StoreError: where the store is open for reading only, and for what driver or server report.
        """
        self.check_writable()
        self._repeated(lambda session: session.execute_write(work))

    def last_transaction(self) -> tuple[str, ...]:
        """What stands for the last transaction of the database, by whomever: the bookmark that a reading leaves.

        :raises StoreError: for what driver or server report.
        """
        with self._errors(), self._session() as session:
            session.execute_read(lambda transaction: transaction.run("RETURN 1").consume())
            return tuple(sorted(session.last_bookmarks().raw_values))

    def check_writable(self) -> None:
        """Refuse to go on where the store is open for reading only.

        :raises StoreError: then.
        """
        if self.read_only:
            raise StoreError(f"store {self.url}: open for reading only")

    def close(self) -> None:
        """Let go of the connections; closing twice is fine."""
        self._driver.close()

    def _repeated(self, work: Callable[[neo4j.Session], Result]) -> Result:
        """Work in a session, done again where its COMMIT was sent and not answered: kept or not, nobody knows."""
        until = time.monotonic() + RETRY_SECONDS
        with self._errors():
            while True:
                try:
                    with self._session() as session:
                        return work(session)
                except exceptions.IncompleteCommit:
                    if time.monotonic() >= until:
                        raise
                    self.repeated += 1

    def _session(self) -> neo4j.Session:
        return self._driver.session(database=self._database, fetch_size=FETCH_RECORDS, bookmark_manager=self._bookmarks)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (exceptions.Neo4jError, exceptions.DriverError) as problem:
            raise self._explained(problem) from problem

    def _explained(self, problem: exceptions.Neo4jError | exceptions.DriverError) -> StoreError:
        code = (problem.code or "") if isinstance(problem, exceptions.Neo4jError) else ""
        place = f"store {self.url}"
        if code == "Neo.ClientError.Database.DatabaseNotFound":
            return StoreAuthenticationError(f"{place}: no database {self._database!r} there; set NEO4J_DATABASE")
        if code.startswith("Neo.ClientError.Security."):
            user = os.environ.get("NEO4J_USERNAME")
            given = f"user {user!r}" if user else "a connection without NEO4J_USERNAME"
            return StoreAuthenticationError(
                f"{place}: the server refused {given} ({code.rsplit('.', 1)[1]}); "
                "check NEO4J_USERNAME and NEO4J_PASSWORD"
            )
        if isinstance(problem, exceptions.ServiceUnavailable | exceptions.SessionExpired):
            return StoreUnavailableError(
                f"{place}: no answer: {_line(problem)}. Check that the server runs, that host and port (Bolt, "
                f"usually 7687) are right; {_other_schemes(self.url, str(problem))}"
            )
        if code == "Neo.ClientError.Schema.ConstraintValidationFailed":
            return StoreConflictError(f"{place}: an id of this batch is in the store already")
        return StoreError(f"{place}: {_refusal(problem, code)}")


def _other_schemes(url: str, text: str) -> str:
    """Which schemes to try, as URLs to copy: routing and TLS are what most often does not fit."""
    scheme, _, host = url.partition("://")
    kind, _, security = scheme.partition("+")
    if "certificate" in text.casefold():
        return f"its certificate is not trusted: where it is self-signed, try {kind}+ssc://{host}"
    tried = []
    if kind == "neo4j":
        tried.append(
            (f"bolt{'+' if security else ''}{security}", "a single server, or one behind a tunnel or container")
        )
    if security:
        tried.append((kind, "a server without TLS"))
    else:
        tried += [(f"{kind}+s", "a server with TLS, such as Aura"), (f"{kind}+ssc", "TLS with its own certificate")]
    return "or try " + ", ".join(f"{scheme}://{host} ({what})" for scheme, what in tried)


def run(transaction: Transaction, query: str, /, **parameters: Any) -> neo4j.Result:
    """Run one statement; ``query`` comes from ``kg.stores.queries``, data only are parameters."""
    return transaction.run(query, parameters)


def records(transaction: Transaction, query: str, /, **parameters: Any) -> list[list[Any]]:
    """Run one statement and fetch the values of all its records."""
    return [record.values() for record in run(transaction, query, **parameters)]


def _refusal(problem: exceptions.Neo4jError | exceptions.DriverError, code: str) -> str:
    """What went wrong, without the values that a server's message may quote."""
    text = _line(problem)
    if code == "Neo.DatabaseError.Schema.ConstraintCreationFailed" or "ConstraintCreationFailed" in code:
        return "entities of one type share an id there, so ids cannot be made unique; remove the doubles first"
    if "too large to index" in text:
        return f"an id of this batch is too long for a Neo4j index; the limit is {MAX_ID_BYTES:,} bytes of UTF-8"
    if "MemoryPoolOutOfMemoryError" in code or "OutOfMemory" in code:
        return (
            "the server ran out of memory for one transaction; give it more heap (server.memory.heap.max_size), on "
            "AuraDB a larger instance"
        )
    if "logical size limit" in text:
        return (
            f"the database holds no more: {text}. AuraDB Free takes 200,000 nodes and 400,000 relationships; what was "
            "written until now stays, so choose a larger tier and run the load again, which goes on from there"
        )
    return f"{code or type(problem).__name__}: {text}"


def _line(problem: exceptions.Neo4jError | exceptions.DriverError) -> str:
    text = problem.message if isinstance(problem, exceptions.Neo4jError) else str(problem)
    return (text or type(problem).__name__).strip().replace("\n", " ").rstrip(".")
