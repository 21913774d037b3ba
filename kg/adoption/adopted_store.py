"""A store over an adopted graph: everything is read as the adoption mapping says, and nothing is ever written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from kg.adoption.adoption import Adoption, quoted
from kg.errors import StoreError
from kg.schema import Schema
from kg.stores.batches import check_entity_type, positions_of, relation_of
from kg.stores.neo4j.connection import Connection
from kg.stores.occasions import occasions
from kg.stores.store import REPEATED_DTYPES, digest_of, entity_dtypes, triple_dtypes

REVISION = "adopted"
"""The mark of every adopted graph: what tells that it has changed is its fingerprint."""
SECONDS_BELOW = 100_000_000_000
"""Epochs below are seconds, others milliseconds."""
_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "float": (float, int), "int": (int,), "bool": (bool,)}


class AdoptedStore:
    """``Store`` over somebody else's graph; see the protocol. Every writing method refuses.

    Nodes without the key property are left out; of several nodes with one key, the first that the server names counts.
    """

    batch_rows = 1
    sorted_writes = False
    triples_per_lookup = 1
    repeated = 0
    unsettled = 0

    def __init__(self, url: str, schema: Schema, adoption: Adoption) -> None:
        """Connect, with user, password and database from the environment.

        :raises StoreUnavailableError: nothing answers.
        :raises StoreAuthenticationError: user, password or database refused.
        """
        self.url, self._schema, self._adoption = url, schema, adoption
        self._connection = Connection(url, read_only=True)

    def deferring(self) -> AbstractContextManager[None]:
        """Makes no difference."""
        return nullcontext()

    def read_entities(self, entity_type: str) -> pl.DataFrame:
        """All entities of a type, keys as text."""
        check_entity_type(self._schema, entity_type)
        dtypes, adopted = entity_dtypes(self._schema, entity_type), self._adoption.entity.get(entity_type)
        if adopted is None:
            return pl.DataFrame(schema=dtypes)
        columns = {"label": adopted.label, **{name: adopted.properties.get(name) for name in list(dtypes)[2:]}}
        values = [
            self._text(adopted.key),
            *(f"n.{quoted(c)}" if c else "null" for n, c in columns.items() if n != "id"),
        ]
        rows = self._connection.read(f"{self._nodes(entity_type)} RETURN {', '.join(values)}")
        kinds = {"label": "str", **self._schema.entity[entity_type].properties}
        found = {"id": [row[0] for row in rows]}
        for place, name in enumerate((name for name in columns if name != "id"), start=1):
            found[name] = [_typed(row[place], kinds[name]) for row in rows]
        frame = pl.DataFrame({name: found[name] for name in dtypes}, schema=dtypes)
        return frame.unique("id", keep="first", maintain_order=True)

    def read_triples(self, relation: str) -> pl.DataFrame:
        """All triples of a relation."""
        ends, adopted = relation_of(self._schema, relation), self._adoption.relation.get(relation)
        dtypes = triple_dtypes(self._schema, relation)
        if adopted is None or ends.head not in self._adoption.entity or ends.tail not in self._adoption.entity:
            return pl.DataFrame(schema=dtypes)
        weight = f"coalesce(toFloatOrNull(r.{quoted(adopted.weight)}), 1.0)" if adopted.weight else "1.0"
        others = {name: getattr(adopted, name) for name in dtypes if name not in ("head", "tail", "weight")}
        values = [f"r.{quoted(name)}" if name else "null" for name in others.values()]
        keys = [self._text(self._adoption.entity[end].key, side) for end, side in ((ends.head, "h"), (ends.tail, "t"))]
        rows = self._connection.read(f"{self._pattern(relation)} RETURN {', '.join([*keys, weight, *values])}")
        columns = {name: [row[place] for row in rows] for place, name in enumerate(dtypes)}
        for name in others:
            read = _milliseconds if name != "occasions" else partial(_typed, kind="int")
            columns[name] = [read(value) for value in columns[name]]
        frame = pl.DataFrame(columns, schema=dtypes)
        if self._schema.relation[relation].repeat:
            frame = _with_occasions(frame)
        ordered = frame.sort("timestamp", "weight", descending=True, nulls_last=True, maintain_order=True)
        return ordered.unique(["head", "tail"], keep="first", maintain_order=True)

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """The triples of a relation that start from some heads."""
        return self.read_triples(relation).filter(pl.col("head").is_in(heads.implode()))

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type, in one piece."""
        yield self.read_entities(entity_type)

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation, in one piece."""
        yield self.read_triples(relation)

    def read_positions(self, relation: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """All triples of a relation, their ends as positions in ``heads`` and ``tails``, in one piece."""
        yield positions_of(self.read_triples(relation), heads, tails)

    def count_entities(self) -> dict[str, int]:
        """Entity type → number of different keys."""
        return {
            name: self._count(f"{self._nodes(name)} RETURN count(DISTINCT n.{quoted(self._adoption.entity[name].key)})")
            if name in self._adoption.entity
            else 0
            for name in self._schema.entity
        }

    def count_triples(self) -> dict[str, int]:
        """Relation → number of relationships between entities."""
        return {
            name: self._count(f"{self._pattern(name)} RETURN count(r)") if name in self._adoption.relation else 0
            for name in self._schema.relation
        }

    def existing_triples(self, relation: str, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Those of the (head, tail) pairs that are triples of the relation."""
        return set(pairs) & set(self.read_triples(relation).select("head", "tail").iter_rows())

    def revision(self) -> str | None:
        """The mark of an adopted graph; ``None`` where nothing is in it."""
        return REVISION if any(self.count_entities().values()) else None

    def fingerprint(self) -> str:
        """Counts, and what stands for the last transaction."""
        counts = sorted(self.count_entities().items()), sorted(self.count_triples().items())
        return digest_of(*counts, self._connection.last_transaction())

    def create_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._refused()

    def update_entities(self, entity_type: str, frame: pl.DataFrame, changed: Sequence[str] | None = None) -> None:
        """Refuse."""
        raise self._refused()

    def delete_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._refused()

    def create_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._refused()

    def bulk_load_triples(self, relation: str, files: Sequence[Path], rows: int) -> bool:
        """Refuse."""
        raise self._refused()

    def update_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._refused()

    def delete_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._refused()

    def set_revision(self, revision: str) -> None:
        """Refuse."""
        raise self._refused()

    def marks(self, prefix: str) -> dict[str, str]:
        """No marks: whyrec leaves nothing in a graph of others."""
        return {}

    def add_marks(self, marks: Mapping[str, str]) -> None:
        """Refuse."""
        raise self._refused()

    def compact(self) -> None:
        """Refuse."""
        raise self._refused()

    def close(self) -> None:
        """Let go of the connections."""
        self._connection.close()

    def _nodes(self, entity_type: str) -> str:
        adopted = self._adoption.entity[entity_type]
        return f"MATCH (n:{quoted(adopted.node)}) WHERE n.{quoted(adopted.key)} IS NOT NULL"

    def _pattern(self, relation: str) -> str:
        ends, types = self._schema.relation[relation], self._adoption.entity
        head, tail, kind = types[ends.head], types[ends.tail], self._adoption.relation[relation].relationship
        return (
            f"MATCH (h:{quoted(head.node)})-[r:{quoted(kind)}]->(t:{quoted(tail.node)}) "
            f"WHERE h.{quoted(head.key)} IS NOT NULL AND t.{quoted(tail.key)} IS NOT NULL"
        )

    @staticmethod
    def _text(key: str, side: str = "n") -> str:
        return f"toString({side}.{quoted(key)})"

    def _count(self, query: str) -> int:
        return int(self._connection.read(query)[0][0])

    def _refused(self) -> StoreError:
        return never_written(self.url)


def never_written(url: str) -> StoreError:
    """What whoever wants to write is told."""
    return StoreError(
        f"store {url}: this workspace has adopted the graph of others and never writes to it; "
        "make another workspace to load files or to forget people, and have them deleted where the graph is kept"
    )


def _with_occasions(frame: pl.DataFrame) -> pl.DataFrame:
    """Triples with what several of a pair say of its days, where they do not say it themselves; ``previous`` is what
    all of them know, so that no property is believed that is not before the latest day."""
    both = frame.join(occasions(frame, None), on=["head", "tail"], how="left", maintain_order="left", suffix=" counted")
    said = [pl.coalesce(name, f"{name} counted") for name in REPEATED_DTYPES if name != "previous"]
    return both.with_columns(*said, previous="previous counted").select(frame.columns)


def _typed(value: Any, kind: str) -> Any:
    """The value where it is of the kind, else nothing; a list or a date is none."""
    fits = isinstance(value, _TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))
    return (float(value) if kind == "float" else value) if fits else None


def _milliseconds(value: Any) -> int | None:
    """Milliseconds since 1970 UTC of an epoch, a date or a time of the server; ``None`` where it is none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return int(value * 1000 if abs(value) < SECONDS_BELOW else value)
    native = value.to_native() if hasattr(value, "to_native") else value
    if isinstance(native, str):
        try:
            native = datetime.fromisoformat(native)
        except ValueError:
            return None
    if isinstance(native, datetime):
        return int((native if native.tzinfo else native.replace(tzinfo=UTC)).timestamp() * 1000)
    if isinstance(native, date):
        return int(datetime(native.year, native.month, native.day, tzinfo=UTC).timestamp() * 1000)
    return None
