"""A store that is not there yet, seen read-only: nothing in it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import polars as pl

from kg.errors import StoreError
from kg.schema import Schema
from kg.stores.batches import positions_of
from kg.stores.store import entity_dtypes, triple_dtypes


class EmptyStore:
    """What a dry run or ``status`` sees before the first load; every write is refused."""

    batch_rows = 1
    sorted_writes = False
    triples_per_lookup = 1
    repeated = 0
    unsettled = 0

    def __init__(self, url: str, schema: Schema) -> None:
        self.url, self._schema = url, schema

    def deferring(self) -> AbstractContextManager[None]:
        """Makes no difference."""
        return nullcontext()

    def read_entities(self, entity_type: str) -> pl.DataFrame:
        """No entities."""
        return pl.DataFrame(schema=entity_dtypes(self._schema, entity_type))

    def read_triples(self, relation: str) -> pl.DataFrame:
        """No triples."""
        return pl.DataFrame(schema=triple_dtypes(self._schema, relation))

    def triples_of_heads(self, relation: str, heads: pl.Series) -> pl.DataFrame:
        """None of them."""
        return self.read_triples(relation)

    def entity_pieces(self, entity_type: str) -> Iterator[pl.DataFrame]:
        """All entities of a type, in one piece."""
        yield self.read_entities(entity_type)

    def triple_pieces(self, relation: str) -> Iterator[pl.DataFrame]:
        """All triples of a relation, in one piece."""
        yield self.read_triples(relation)

    def read_positions(self, relation: str, heads: pl.Series, tails: pl.Series) -> Iterator[pl.DataFrame]:
        """No triples."""
        yield positions_of(self.read_triples(relation), heads, tails)

    def create_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._read_only()

    def update_entities(self, entity_type: str, frame: pl.DataFrame, changed: Sequence[str] | None = None) -> None:
        """Refuse."""
        raise self._read_only()

    def create_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._read_only()

    def bulk_load_triples(self, relation: str, files: Sequence[Path], rows: int) -> bool:
        """Refuse."""
        raise self._read_only()

    def update_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._read_only()

    def delete_triples(self, relation: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._read_only()

    def delete_entities(self, entity_type: str, frame: pl.DataFrame) -> None:
        """Refuse."""
        raise self._read_only()

    def count_entities(self) -> dict[str, int]:
        """0 of every type."""
        return dict.fromkeys(self._schema.entity, 0)

    def count_triples(self) -> dict[str, int]:
        """0 of every relation."""
        return dict.fromkeys(self._schema.relation, 0)

    def existing_triples(self, relation: str, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """None of them."""
        return set()

    def revision(self) -> str | None:
        """No mark."""
        return None

    def set_revision(self, revision: str) -> None:
        """Refuse."""
        raise self._read_only()

    def marks(self, prefix: str) -> dict[str, str]:
        """No marks."""
        return {}

    def add_marks(self, marks: Mapping[str, str]) -> None:
        """Refuse."""
        raise self._read_only()

    def fingerprint(self) -> str:
        """That of nothing."""
        return ""

    def compact(self) -> None:
        """Refuse."""
        raise self._read_only()

    def close(self) -> None:
        """Nothing to let go of."""

    def _read_only(self) -> StoreError:
        return StoreError(f"{self.url}: the store does not exist yet and was opened read-only; `whyrec load` makes it")
