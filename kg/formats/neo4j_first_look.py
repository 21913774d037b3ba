"""``init --from`` on files for ``neo4j-admin database import``: headers, labels and types → schema and mapping.

A header may stand in a file of its own (``movies_header.csv`` for ``movies.csv`` and ``movies-part2.csv``). Labels
become entity types, those that only narrow another one do not; types of relationships become relations between the
types of their ends, which ID spaces tell, or else the ids of the first rows.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from kg.adoption.roles import LABELS, TIMES, WEIGHTS, free_name, roles, widest_labels
from kg.counting import by_number
from kg.errors import MappingError
from kg.formats.guessing import Guess
from kg.formats.neo4j_admin import ARRAY, is_admin_header, parsed_header, separate_headers
from kg.formats.toml_text import toml_table
from kg.formats.typed_header import Column, read_header
from kg.mapping.file_format import format_of_name
from kg.mapping.source import DEFAULT_NULLS, Source
from kg.notices import Notices
from kg.readers.opening import open_reader
from kg.schema import RESERVED_PROPERTIES
from kg.values.cells import trimmed

KNOWN_IDS = 1_000_000
"""Nodes by which the ends of relationships are told, where no ID space tells them."""
SAMPLE = 20_000
"""Rows of a file of relationships that are looked at."""
_KINDS = dict.fromkeys(("int", "long", "short", "byte"), "int") | dict.fromkeys(("float", "double"), "float")
_KINDS |= {"boolean": "bool"}
_PART = re.compile(r"(?<=.)[_-]?(?:part|data)?[_-]?[0-9]*$", re.IGNORECASE)
Ends = tuple[str, str]


@dataclass(frozen=True)
class AdminFile:
    """A file of rows, and its header wherever that stands."""

    path: Path
    columns: tuple[Column, ...]
    apart: bool
    """Whether the header is a file of its own."""

    @property
    def stem(self) -> str:
        """The name of the file without suffixes and number of the part."""
        return _PART.sub("", self.path.name.split(".", 1)[0])

    def of_kind(self, kind: str) -> Column | None:
        """The column of a kind such as ``ID``."""
        return next((column for column in self.columns if _bare(column) == kind), None)

    def rows(self, *columns: Column) -> Iterator[tuple[str | None, ...]]:
        """The trimmed cells of some columns, row by row."""
        names = tuple(column.text for column in columns)
        source = Source(**self.keys(), entity="any", id=names[0])
        for batch in open_reader(self.path, self.path.name, source, names, Notices()).batches():
            yield from zip(*(trimmed(batch.frame.get_column(n), DEFAULT_NULLS).to_list() for n in names), strict=True)

    def keys(self) -> dict[str, Any]:
        """What every source of the file says."""
        keys: dict[str, Any] = {"file": str(self.path.absolute())}
        if format_of_name(self.path) is None:
            keys["format"] = "csv"
        if self.apart:
            keys["columns"] = [column.text or f"unnamed {i}" for i, column in enumerate(self.columns)]
        return keys


def admin_files(paths: Sequence[Path]) -> tuple[list[AdminFile], set[Path]]:
    """The files for ``neo4j-admin`` among some, and all paths that these take up.

    :raises MappingError: for a header of its own without a file of rows.
    """
    tables = [path for path in paths if format_of_name(path) in ("csv", "tsv")]
    headers = separate_headers(tables)
    found = []
    for path in tables:
        header = headers.get(path, path)
        if path not in headers.values() and is_admin_header(cells := read_header(header)):
            found.append(AdminFile(path, tuple(parsed_header(cells)), header != path))
    for file in found:
        if not file.apart and next(file.rows(*file.columns[:1]), None) is None:
            raise MappingError(
                f"{file.path}: a header of neo4j-admin without rows; give the files of its rows too, named after it: "
                f"NAME_header.csv, then NAME.csv or NAME-part1.csv"
            )
    return found, {file.path for file in found} | set(headers.values())


def admin_guess(files: Sequence[AdminFile]) -> Guess:
    """Schema and sources of such files.

    :raises MappingError: where a file of relationships lacks an end.
    """
    look = _Look()
    nodes = [file for file in files if file.of_kind("ID")]
    look.name_types(nodes)
    for file in nodes:
        look.add_nodes(file)
    for file in files:
        if file not in nodes:
            look.add_relationships(file)
    look.decide()
    return look.made


@dataclass
class _Look:
    made: Guess = field(default_factory=Guess)
    type_of_label: dict[str, str] = field(default_factory=dict)
    labels: dict[Path, Counter[str | None]] = field(default_factory=dict)
    spaces: dict[str, set[str]] = field(default_factory=dict)
    ids: dict[tuple[str, str], str] = field(default_factory=dict)
    """ID space and id → entity type."""
    ends: dict[str, Ends] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)

    def name_types(self, files: Sequence[AdminFile]) -> None:
        """Which label becomes which entity type; a file without labels is of the type of its ID space, or its name."""
        sets: list[tuple[list[str], int]] = []
        for file in files:
            label, key = file.of_kind("LABEL"), file.of_kind("ID")
            assert key is not None
            named = _space(key) or file.stem
            cells = Counter(row[0] for row in file.rows(label)) if label else Counter[str | None]([named])
            self.labels[file.path] = cells
            sets += [(_parts(cell), count) for cell, count in cells.items() if cell]
        kept, narrower = widest_labels(sets)
        if len(kept) == 1 and narrower:  # what every node is tells nothing
            kept, narrower = widest_labels([([one for one in cell if one != kept[0]], n) for cell, n in sets])
        for one in kept:
            self.type_of_label[one] = free_name(one, self.type_of_label.values())
        self.made.unsure += [
            f"label {one}: not a type of its own, each is a {wide} too" for one, wide in narrower.items()
        ]

    def _type(self, cell: str | None) -> str | None:
        return next((self.type_of_label[one] for one in _parts(cell or "") if one in self.type_of_label), None)

    def add_nodes(self, file: AdminFile) -> None:
        """One source per entity type in a file."""
        key, label = file.of_kind("ID"), file.of_kind("LABEL")
        assert key is not None
        cells: dict[str, list[str]] = {}
        for cell, count in self.labels[file.path].items():
            name = self._type(cell)
            if name is None or cell is None:
                self.made.unsure.append(
                    f"{file.path}: rows left out, their label is no type: {cell or 'none'} ({count:,})"
                )
            else:
                cells.setdefault(name, []).append(cell)
        self.spaces.setdefault(_space(key), set()).update(cells)
        for name, found in sorted(cells.items()):
            table = {**file.keys(), "entity": name, "id": key.text}
            if label is not None and len(self.labels[file.path]) > 1:
                table["where"] = _among(label.text, found)
            self.made.sources.append(self._features(file, name, table))
        if label is not None:
            for row in file.rows(key, label):
                if len(self.ids) >= KNOWN_IDS:
                    break
                if row[0] and (known := self._type(row[1])):
                    self.ids[_space(key), row[0]] = known

    def _features(self, file: AdminFile, name: str, table: dict[str, Any]) -> str:
        entity = self.made.schema["entity"].setdefault(name, {})
        plain = [c for c in file.columns if c.name and _bare(c) not in ("ID", "LABEL", "IGNORE")]
        label = next((c for wanted in LABELS for c in plain if c.name.casefold() == wanted.casefold()), None)
        properties: dict[str, str] = {}
        links: list[str] = []
        for column in plain:
            if column is label:
                table["label"] = column.text
            elif column.kind.endswith("[]"):
                links.append(self._link(name, column))
            else:
                prop = free_name(column.name, (*RESERVED_PROPERTIES, *properties))
                entity.setdefault("properties", {})[prop] = _KINDS.get(column.kind, "str")
                properties[prop] = column.text
        if properties:
            table["properties"] = properties
        return toml_table("[[source]]", table) + "".join(links)

    def _link(self, head: str, column: Column) -> str:
        """A list becomes links to entities of a type of its own."""
        wanted = f"has_{column.name}"
        relation = next((one for one, ends in self.ends.items() if one == wanted and ends[0] == head), None)
        if relation is None:
            relation = free_name(wanted, self.ends)
            tail = free_name(column.name[:1].upper() + column.name[1:], self.made.schema["entity"])
            self._relate(relation, head, tail, column.name)
            self.made.unsure.append(f"{head}: the list {column.text!r} becomes entities of the type {tail}")
        return toml_table("[[source.link]]", {"relation": relation, "tail": column.text, "split": ARRAY})

    def _relate(self, name: str, head: str, tail: str, said: str) -> None:
        self.ends[name] = head, tail
        phrase = said.replace("_", " ").lower()
        self.made.schema["entity"].setdefault(tail, {})
        self.made.schema["relation"][name] = {"head": head, "tail": tail, "phrase": {"en": phrase}}

    def add_relationships(self, file: AdminFile) -> None:
        """One source per file, or per type in it where a type leads between several pairs of entity types."""
        head, tail, kind = (file.of_kind(name) for name in ("START_ID", "END_ID", "TYPE"))
        if head is None or tail is None:
            raise MappingError(f"{file.path}: a file of relationships needs :START_ID and :END_ID")
        weighed = self._weighed(file)
        wanted = (head, tail, *weighed.values(), *([kind] if kind else []))
        pairs: dict[str, Counter[Ends]] = {}
        told: set[str] = set()
        for row in islice(file.rows(*wanted), SAMPLE):
            cell = (row[-1] if kind else file.stem) or ""
            ends = self._end(head, row[0]), self._end(tail, row[1])
            pairs.setdefault(cell, Counter())[ends] += 1
            if any(row[2 : 2 + len(weighed)]):
                told.add(cell)
        names = {cell: name for cell, found in pairs.items() if cell and (name := self._relation(file, cell, found))}
        self.told |= {name for cell, name in names.items() if cell in told}
        table = {**file.keys(), "head": head.text, "tail": tail.text}
        table |= {key: column.text for key, column in weighed.items()}
        if kind and all(cell.casefold() == name.casefold() for cell, name in names.items()):
            self.made.sources.append(toml_table("[[source]]", table | {"relation_column": kind.text}))
            return
        for cell, name in names.items():
            where = {"where": _among(kind.text, [cell])} if kind and len(pairs) > 1 else {}
            self.made.sources.append(toml_table("[[source]]", table | where | {"relation": name}))

    def _end(self, end: Column, cell: str | None) -> str:
        """The type of an end; empty where no file of nodes has it."""
        types = self.spaces.get(_space(end), set())
        return next(iter(types)) if len(types) == 1 else self.ids.get((_space(end), cell or ""), "")

    def _relation(self, file: AdminFile, cell: str, found: Counter[Ends]) -> str | None:
        """The relation that a type is; told where its rows lead between other types too, or to nothing known."""
        pair = next((pair for pair, _ in found.most_common() if all(pair)), None)
        if pair is None:
            self.made.unsure.append(f"{file.path}: {cell} is left out: its ends are in no file of nodes")
            return None
        others = sum(count for one, count in found.items() if one != pair and all(one))
        if others:
            told = f"of the first {found.total():,} [row|rows] {others:,} will be rejected: between other types"
            self.made.unsure.append(f"{file.path}: {cell} ({' → '.join(pair)}): {by_number(told)}")
        taken = (*self.ends, *self.made.schema["entity"])
        same = next((one for one, ends in self.ends.items() if ends == pair and one.startswith(cell.lower())), None)
        name = same or free_name(cell.lower(), taken)
        if same is None and name != cell.lower():
            self.made.unsure.append(f"{file.path}: {cell} is called {name}")
        if same is None:
            self._relate(name, *pair, cell)
        self.counts[name] += found[pair]
        return name

    def _weighed(self, file: AdminFile) -> dict[str, Column]:
        """Key of a source → the column of weights, that of times."""
        plain = [c for c in file.columns if c.name and _bare(c) not in ("START_ID", "END_ID", "TYPE", "IGNORE")]
        weight = next((c for word in WEIGHTS for c in plain if c.name.casefold() == word and c.kind in _KINDS), None)
        time = next((c for c in plain if c is not weight and TIMES.match(c.name)), None)
        unused = ", ".join(c.text for c in plain if c not in (weight, time))
        if unused:
            self.made.unsure.append(f"{file.path}: not used, a relation has a weight and a timestamp: {unused}")
        found = {"weight": weight, "timestamp": time}
        return {key: column for key, column in found.items() if column is not None}

    def decide(self) -> None:
        """Who the users are, and what is recommended to them."""
        label = {name: one for one, name in self.type_of_label.items()}
        found = roles(label, self.ends, self.told, self.counts)
        self.made.unsure += found.unsure
        for name in found.users:
            self.made.schema["entity"][name]["sensitive"] = True
        for name in found.items:
            self.made.schema["entity"][name]["domain"] = f"{name.lower()}s"
        for name in found.interactions:
            self.made.schema["relation"][name] |= {"interaction": True}
            self.made.schema["relation"][name].pop("phrase")


def _parts(cell: str) -> list[str]:
    return [text.strip() for text in cell.split(ARRAY) if text.strip()]


def _bare(column: Column) -> str:
    return column.kind.split("(")[0]


def _space(column: Column) -> str:
    return column.kind.partition("(")[2].rstrip(")")


def _among(column: str, cells: Sequence[str]) -> str:
    texts = ["'" + cell.replace("'", "''") + "'" for cell in cells]
    quoted = '"' + column.replace('"', '""') + '"'
    return f"{quoted} = {texts[0]}" if len(texts) == 1 else f"{quoted} IN ({', '.join(texts)})"
