"""The tables of an embedded store: what the file has, what the schema needs, and where the two contradict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ladybug
import polars as pl

from kg.errors import StoreError
from kg.schema import Schema, parse_schema
from kg.stores.embedded.file import StoreFile
from kg.stores.queries import statement
from kg.stores.store import PIECE_ROWS, REPEATED_DTYPES

KINDS = {"str": "STRING", "float": "DOUBLE", "int": "INT64", "bool": "BOOL"}
"""Property type of the schema → column type of the engine."""
REVISION_TABLE = "_whyrec"
PROBES = 8
"""How often all ids of a type are gone through to find their numbers: hashed is a part of them at a time."""
WORDS = {kind: word for word, kind in KINDS.items()}


@dataclass(frozen=True)
class Tables:
    """What a store file has."""

    columns: dict[str, dict[str, str]]
    """Node table → column → column type."""
    ends: dict[str, tuple[str, str]]
    """Relation table → its head and its tail table."""
    repeated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Relation table → those of ``REPEATED_DTYPES`` that are its columns; an earlier version made fewer."""

    @property
    def has_revision(self) -> bool:
        """Whether the file has a place for the revision mark."""
        return REVISION_TABLE in self.columns

    def repeated_columns(self, schema: Schema, relation: str) -> list[str]:
        """Those of ``REPEATED_DTYPES`` that a relation of the schema has here."""
        return list(self.repeated.get(relation, ())) if schema.relation[relation].repeat else []


def read_tables(file: StoreFile) -> Tables:
    """Look into the file.

    :raises StoreError: for what the engine reports.
    """
    with file.session() as session:
        tables = result_rows(session, "CALL show_tables() RETURN name, type")
        names = {kind: [name for name, found in tables.iter_rows() if found == kind] for kind in ("NODE", "REL")}
        columns = {
            name: dict(result_rows(session, f"CALL table_info({text_literal(name)}) RETURN name, type").iter_rows())
            for name in (*names["NODE"], *names["REL"])
        }
        return Tables(
            {name: columns[name] for name in names["NODE"]},
            {
                name: result_rows(session, f"CALL show_connection({text_literal(name)}) RETURN *").row(0)[:2]
                for name in names["REL"]
            },
            {name: [key for key in REPEATED_DTYPES if key in columns[name]] for name in names["REL"]},
        )


def result_rows(session: ladybug.Connection, query: str, parameters: dict[str, object] | None = None) -> pl.DataFrame:
    """The result of one query."""
    result = session.execute(query, parameters)
    last = result[-1] if isinstance(result, list) else result  # a list for several statements
    rows = min(last.get_num_tuples(), PIECE_ROWS)  # room is made for so many, for ten million values unless told
    return pl.DataFrame(last.get_as_arrow(max(rows, 1)))


def count_numbers(session: ladybug.Connection, entity_type: str) -> int:
    """One more than the highest number that the engine has given to an entity of a type."""
    last = result_rows(session, statement("embedded", "last_number", type=entity_type)).item()
    return 0 if last is None else int(last) + 1


def by_number(session: ladybug.Connection, entity_type: str, ids: pl.Series | None = None) -> pl.Series:
    """Something of each entity of a type, at the place that is the engine's number of it; null at other places.

    :param ids: different ids; the result then has the position of each entity in them, else its id.
    """
    query, end = statement("embedded", "read_numbers_between", type=entity_type), count_numbers(session, entity_type)
    positions = None if ids is None else ids.alias("id").to_frame().with_row_index("position")
    placed = [pl.Series("id", [], dtype=pl.String if positions is None else pl.UInt32)]
    rows = max(PIECE_ROWS, end // PROBES)
    for first in range(0, end, rows):
        last = min(first + rows, end)
        found = result_rows(session, query, {"first": first, "last": last})
        if positions is not None:
            found = found.join(positions, on="id").select("number", id="position")  # hashed is the shorter
        numbers = pl.int_range(first, last, eager=True).alias("number").to_frame()
        placed.append(numbers.join(found, on="number", how="left", maintain_order="left")["id"])
    return pl.concat(placed)


def check_tables(tables: Tables, schema: Schema, origin: str) -> None:
    """Refuse a file that contradicts the schema; what the file lacks is no contradiction.

    :raises StoreError: one line per contradiction, and what to do.
    """
    problems = [*_spellings(tables, schema), *_kinds(tables, schema), *_ends(tables, schema)]
    if problems:
        advice = "change the schema back, or load into a new store file"
        raise StoreError("\n".join(f"{origin}: {problem}; {advice}" for problem in problems))


def schema_of(tables: Tables) -> Schema:
    """A schema that covers all of a file, what its own schema no longer names included.

    :raises SchemaError: where somebody else made tables with names that no schema can hold.
    """
    entity = {
        name: {
            "properties": {k: WORDS[kind] for k, kind in columns.items() if k not in ("id", "label")},
            "domain": "any",
        }
        for name, columns in tables.columns.items()
        if name != REVISION_TABLE
    }
    relation = {
        name: {"head": head, "tail": tail, "repeat": bool(repeated), "interaction": bool(repeated)}
        for name, (head, tail) in tables.ends.items()
        for repeated in [tables.repeated.get(name)]
    }
    return parse_schema({"name": "store", "entity": entity, "relation": relation}, "store")


def create_tables(file: StoreFile, tables: Tables, schema: Schema) -> Tables:
    """Make the tables and columns that the schema needs and the file lacks; what it has after that.

    :raises StoreError: for what the engine reports.
    """
    wanted = [
        *([] if tables.has_revision else [statement("embedded", "create_revision")]),
        *(
            statement("embedded", "create_entity_type", type=name)
            for name in schema.entity
            if name not in tables.columns
        ),
        *(
            statement("embedded", "create_property", type=name, property=key, kind=KINDS[word])
            for name, entity in schema.entity.items()
            for key, word in entity.properties.items()
            if key not in tables.columns.get(name, {})
        ),
        *(
            statement("embedded", "create_relation", relation=name, head=relation.head, tail=relation.tail)
            for name, relation in schema.relation.items()
            if name not in tables.ends
        ),
        *(
            statement("embedded", "create_property", type=name, property=key, kind="INT64")
            for name, relation in schema.relation.items()
            if relation.repeat
            for key in REPEATED_DTYPES
            if key not in tables.repeated.get(name, ())
        ),
    ]
    if not wanted:
        return tables
    with file.writing() as session:
        for each in wanted:
            session.execute(each)
    return read_tables(file)


def _spellings(tables: Tables, schema: Schema) -> list[str]:
    """Names that the engine takes for the same, since it ignores case."""
    problems = []
    there = {name.casefold(): (name, "an entity type") for name in tables.columns}
    there.update({name.casefold(): (name, "a relation") for name in tables.ends})
    needed = [
        *((name, "an entity type") for name in schema.entity),
        *((name, "a relation") for name in schema.relation),
    ]
    for name, kind in needed:
        found = there.get(name.casefold(), (name, kind))
        if found != (name, kind):
            problems.append(f"{name} is {kind} in the schema, but {found[0]} is {found[1]} in the store")
    for name, entity in schema.entity.items():
        columns = {column.casefold(): column for column in tables.columns.get(name, {})}
        problems += [
            f"{name}.{key} is spelt {columns[key.casefold()]} in the store"
            for key in entity.properties
            if columns.get(key.casefold(), key) != key
        ]
    return problems


def _kinds(tables: Tables, schema: Schema) -> list[str]:
    return [
        f"{name}.{key} is {word} in the schema, but {WORDS.get(found, found)} in the store"
        for name, entity in schema.entity.items()
        for key, word in entity.properties.items()
        if (found := tables.columns.get(name, {}).get(key, KINDS[word])) != KINDS[word]
    ]


def _ends(tables: Tables, schema: Schema) -> list[str]:
    return [
        f"{name}: {relation.head} → {relation.tail} in the schema, but {found[0]} → {found[1]} in the store"
        for name, relation in schema.relation.items()
        if (found := tables.ends.get(name, (relation.head, relation.tail))) != (relation.head, relation.tail)
    ]


def text_literal(name: str) -> str:
    """A name as a string literal, where the engine takes no parameter: a table of the file itself, a file."""
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
