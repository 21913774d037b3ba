"""``init --from`` of RecBole's ``.kg`` and ``.link`` files: each kind of triples becomes a relation of its own.

Such a file says of nothing what it is. What the ``.link`` file names is an item, everything else an ``Entity``; so one
relation of the file is one of the schema for each pair of ends that its triples have.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from kg.counting import by_number
from kg.errors import KGError
from kg.formats.column_roles import snake
from kg.formats.recbole import atomic_suffix
from kg.formats.toml_text import toml_table
from kg.formats.typed_header import read_header
from kg.mapping.source import Source
from kg.notices import Notices
from kg.readers.opening import open_reader

ENTITY = "Entity"
MOST_RELATIONS = 50
"""Relations that are written down, those with most triples: each is a source, which reads the file once more."""
_LAST = re.compile(r"[./#:]")


@dataclass
class Knowledge:
    """What becomes of the triples."""

    schema: dict[str, Any] = field(default_factory=lambda: {"entity": {}, "relation": {}})
    sources: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    unsure: list[str] = field(default_factory=list)


def knowledge_files(paths: list[Path]) -> list[Path]:
    """Those of the files that hold triples, or say which item is which entity."""
    return [path for path in paths if atomic_suffix(path) in (".kg", ".link")]


def knowledge_of(paths: list[Path], item: str | None, taken: set[str]) -> Knowledge:
    """Relations and sources for files of triples.

    :param item: the entity type of the items; ``None`` where no other file says what can be recommended.
    :param taken: names of relations that others have.
    """
    made, links = Knowledge(), [path for path in paths if atomic_suffix(path) == ".link"]
    triples = [path for path in paths if path not in links]
    for path in triples or links:
        try:
            if item is None or len(links) != 1 or not triples:
                raise KGError(
                    "a .kg file, the one .link file beside it, and an .inter or .item file are needed together"
                )
            _add(made, path, links[0], item, taken)
        except KGError as problem:
            made.unsure.append(f"{path}: left out: {problem}")
    if made.sources:
        titles = {".kg": "RecBole, triples", ".link": "RecBole, which item is which entity"}
        made.known = {path.name: titles[atomic_suffix(path) or ""] for path in paths}
    return made


def _add(made: Knowledge, path: Path, link: Path, item: str, taken: set[str]) -> None:
    head, relation, tail = _three(path)
    items_column, key = [*read_header(link), "", ""][:2]
    items = _rows(link, [items_column, key]).drop_nulls().unique()
    if items.get_column(key).is_duplicated().any():
        raise KGError(f"{link.name} calls one entity several items; keep one row per {key!r}")
    known = items.get_column(key).implode()
    ends = [pl.col(head).is_in(known).alias("head"), pl.col(tail).is_in(known).alias("tail")]
    kinds = _rows(path, [head, relation, tail]).select(pl.col(relation).alias("relation"), *ends)
    counted = kinds.drop_nulls().group_by(pl.all()).len().sort("len", "relation", descending=[True, False])
    for number, (name, from_item, to_item, _) in enumerate(counted.iter_rows()):
        if number == MOST_RELATIONS:
            left = int(counted.slice(number).get_column("len").sum())
            made.unsure.append(
                by_number(f"{path}: {left:,} [triple|triples] of the rarest relations [is|are] left out")
            )
            break
        types = tuple(item if is_item else ENTITY for is_item in (from_item, to_item))
        called = _called(name, types, taken)
        made.schema["relation"][called] = {"head": types[0], "tail": types[1]}
        made.schema["entity"] |= {kind: {} for kind in types if kind == ENTITY}
        table = {
            "file": str(path.absolute()),
            "format": "tsv",
            "relation": called,
            "head": f"head {items_column}" if from_item else head,
            "tail": f"tail {items_column}" if to_item else tail,
            "create_ends": True,
            "where": _where(relation, name, items_column, from_item, to_item),
        }
        joins = [_join(link, side, column, key, items_column) for side, column in (("head", head), ("tail", tail))]
        made.sources.append(toml_table("[[source]]", table) + "".join(joins))


def _three(path: Path) -> tuple[str, str, str]:
    columns = read_header(path)
    if len(columns) < 3 or not all(":" in column for column in columns[:3]):
        raise KGError("no header such as head_id:token, relation_id:token, tail_id:token")
    return columns[0], columns[1], columns[2]


def _rows(path: Path, columns: list[str]) -> pl.DataFrame:
    source = Source(file=path.name, format="tsv", entity="any", id=columns[0])
    batches = open_reader(path, path.name, source, columns, Notices()).batches()
    empty = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return pl.concat([empty, *(one.frame.select(columns) for one in batches)])


def _called(name: str, types: tuple[str, ...], taken: set[str]) -> str:
    """A free name: ``film.film.genre`` is ``genre``, or ``film_genre`` where that is another one."""
    parts = [part for part in _LAST.split(name) if part] or ["relation"]
    tries = [snake("_".join(parts[-length:])) for length in range(1, len(parts) + 1)]
    tries += [f"{tries[0]}_from_{snake(types[0])}_to_{snake(types[1])}"]
    free = (one for one in [*tries, *(f"{tries[-1]}_{n}" for n in range(2, 1_000))] if one.casefold() not in taken)
    found = next(free)
    taken.add(found.casefold())
    return found


def _where(relation: str, name: str, items: str, from_item: bool, to_item: bool) -> str:
    quoted = name.replace("'", "''")
    parts = [f"\"{relation}\" = '{quoted}'"]
    for side, is_item in (("head", from_item), ("tail", to_item)):
        parts.append(f'"{side} {items}" IS {"NOT " if is_item else ""}NULL')
    return " AND ".join(parts)


def _join(link: Path, side: str, column: str, key: str, items: str) -> str:
    table = {
        "file": str(link.absolute()),
        "format": "tsv",
        "on": {column: key},
        "columns": [items],
        "where": f"\"{items}\" <> ''",
        "prefix": f"{side} ",
    }
    return toml_table("[[source.join]]", table)
