"""Lists of recommendations, written back to a Neo4j server for other programs to read.

``(:User)-[:RECOMMENDED {rank, score, reason, model, at}]->(item)``. Each transaction takes away the earlier lists of
some people and writes their new ones, so whoever reads finds the one or the other, whole. The relation is no part of
the graph: loads, snapshots and adoptions leave it alone, and it goes with the person who is forgotten.
"""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from kg.errors import StoreError
from kg.schema import Schema
from kg.stores.neo4j.connection import Connection, Transaction, records, run
from kg.stores.queries import statement
from kg.stores.store import PUBLISHED

Row = tuple[str, str, int, float, str | None, str, int]
"""User, item, rank from 1, score, reason, model, milliseconds since 1970 UTC."""


class PublishedLists:
    """The lists on a server.

    :raises StoreError: where nothing answers there, or the schema has a relation of the same name.
    """

    def __init__(self, url: str, schema: Schema) -> None:
        if PUBLISHED in schema.relation:
            raise StoreError(f"the schema has a relation {PUBLISHED} of its own; lists would be mixed with it")
        self._schema, self._connection = schema, Connection(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def replace(self, user_type: str, users: Sequence[str], rows: Mapping[str, Sequence[Row]]) -> None:
        """Replace the lists of some people, in one transaction.

        :param rows: type of the items → rows.
        :raises StoreError: where a person or an item is not on the server; nothing was replaced then.
        """

        def work(transaction: Transaction) -> None:
            """Done twice it is as done once, since the first statement takes away what the second wrote."""
            run(transaction, statement("neo4j", "withdraw_lists", head=user_type), ids=list(users)).consume()
            for item_type, told in rows.items():
                query = statement("neo4j", "publish_lists", head=user_type, tail=item_type)
                done = run(transaction, query, rows=[list(row) for row in told]).consume()
                missing = len(told) - done.counters.relationships_created
                if missing:
                    raise StoreError(
                        f"store {self._connection.url}: {missing} people or {item_type} of these lists are not there; "
                        "run `whyrec refresh` and publish again"
                    )

        self._connection.write(work)

    def of(self, user_type: str, user: str) -> list[Row]:
        """The list of one person, best first."""
        rows = self._connection.read(statement("neo4j", "read_published_list", head=user_type), id=user)
        return [(user, *row) for row in rows]

    def withdraw_earlier(self, at: int) -> int:
        """Take away lists that were published before a time, in milliseconds since 1970; how many entries went."""
        gone = 0
        for user_type in self._schema.user_types:
            while some := self._withdrawn(user_type, at):
                gone += some
        return gone

    def _withdrawn(self, user_type: str, at: int) -> int:
        """How many entries one transaction took away."""
        found: list[int] = []

        def work(transaction: Transaction) -> None:
            """One transaction, which may be tried again."""
            query = statement("neo4j", "withdraw_earlier_lists", head=user_type)
            found.append(int(records(transaction, query, at=at)[0][0]))

        self._connection.write(work)
        return found[-1]
