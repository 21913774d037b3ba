"""The mapping: a TOML file that says how somebody's files become entities and triples."""

import codecs
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, field_validator, model_validator

from kg.document import Document, nearest
from kg.errors import MappingError
from kg.identifier import ID_NULLS
from kg.mapping.connection import Connection, connection_of
from kg.mapping.file_format import FORMATS, RDF_FORMATS, SUFFIXES, DateOrder, Format, format_of_name
from kg.mapping.file_pattern import files_of
from kg.mapping.join import Join
from kg.mapping.link import Link, Normalisation, Similar, Text
from kg.mapping.remote import fetched, is_address
from kg.mapping.row_filter import Kind, RowFilter
from kg.mapping.standard_input import STANDARD_INPUT, kept_input
from kg.schema import Relation, Schema

Mode = Literal["merge", "replace"]

DEFAULT_NULLS = (*ID_NULLS, "NA", "N/A")
QUERY_SHOWN = 60
_ENTITY_KEYS = tuple("id label properties normalise link text similar null_erases rows currency rates".split())
_TRIPLE_KEYS = ("head", "tail", "weight", "timestamp", "create_ends", "returns", "once")


class Source(Document):
    """A ``[[source]]`` table: one kind of file, each row of which is one entity or one triple."""

    file: str = Field(default="", min_length=1)
    """Name or pattern, relative to the mapping; ``-`` is standard input; or an address that the settings allow."""
    sql: str | None = Field(default=None, min_length=1)
    """In place of ``file``: a query, whose rows are read."""
    connection: str | None = Field(default=None, min_length=1)
    """Of ``sql``: a database file, or ``$NAME`` of an environment variable that holds the URL or file of one."""
    format: Format | None = None
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    element: str | None = Field(default=None, min_length=1)
    """Of XML: the name of the elements that are rows; ``item``, ``entry`` … where absent."""
    sheet: str | None = Field(default=None, min_length=1)
    """Name of a sheet of a workbook; the first where absent."""
    encoding: str | None = None
    delimiter: str | None = Field(default=None, min_length=1, max_length=4)
    """Of several characters, ``::``, it separates wherever it stands: quotes are data then."""
    null: tuple[str, ...] = DEFAULT_NULLS
    """Spellings of "no value" in values and links; unless this key is told, ids have fewer of them (``ID_NULLS``)."""
    decimal: Literal[".", ","] | None = None
    """The decimal mark. Where told, currency signs and grouping are understood; else only plain ``1234.5``."""
    dates: DateOrder | None = None
    """Of timestamps such as ``01/02/2024``: ``day-first`` or ``month-first``; without it they are refused."""
    values: dict[str, dict[str, str | bool]] = Field(default_factory=dict)
    """Column → word in it, in any case → what it means: ``availability = { preorder = false }``."""
    currency: dict[str, str] = Field(default_factory=dict)
    """Property → column with the code of its currency, where the cells of amounts do not say it."""
    rates: str | None = Field(default=None, min_length=1)
    """File of rates into the currencies of the schema: CSV with ``currency`` and ``rate``."""
    html: bool = False
    """Whether tags and entities are taken out of all cells; out of ingredient lists they always are."""
    where: str | None = Field(default=None, min_length=1)
    mode: Mode | None = None
    """``replace``: what vanished from the file is deleted from the store; ``merge``, as by default: it stays."""

    entity: str | None = None
    id: str | None = None
    label: str | None = None
    properties: dict[str, str] = Field(default_factory=dict)
    normalise: Normalisation = "none"
    """How the ids of entity rows are written; as in the links that lead to them."""
    link: tuple[Link, ...] = ()
    join: tuple[Join, ...] = ()
    """Other files in which each row looks something up."""
    text: tuple[Text, ...] = ()
    similar: tuple[Similar, ...] = ()

    relation: str | None = None
    relation_column: str | None = None
    """Column that names the relation of each row, in place of ``relation``."""
    head: str | None = None
    tail: str | None = None
    weight: str | None = None
    timestamp: str | None = None
    optional: tuple[str, ...] = ()
    """Columns or keys that a file may lack; what it does not name is left as the store has it."""
    required: tuple[str, ...] = ()
    """``label``, properties, ``weight``, ``timestamp`` without which a row is rejected."""
    rows: Literal["add", "replace-links"] | None = None
    """``replace-links``: a row is the whole truth about the links of its entity, and other tails of the same relation
    go; where its cell is empty it says nothing of them, unless ``null_erases`` is true; ``add``: they stay, and that is
    meant; absent: they stay, and a second tail where there was one is told."""
    null_erases: bool = False
    """Whether a cell without a value takes label or property, with ``replace-links`` links too, away from the entity;
    else it says nothing."""
    create_ends: bool | None = None
    """Whether heads and tails that are not there are created; else their rows are rejected. Where absent, the heads of
    interactions are created if the schema says so (``create_head``), or the file needs no mapping."""

    returns: Literal["net", "all"] | None = None
    """``net``: weights of the same pair are added up, so that what went back is no purchase; ``all``: each row is a
    return, whose weight (1 where absent) is taken off; absent: weights of 0 or less are rejects of interactions."""
    once: str | None = None
    """Column that names the order of a row: of the rows of one head and order those of the earliest time count."""

    _database: Connection | None = PrivateAttr(default=None)

    @model_validator(mode="before")
    @classmethod
    def _file_or_query(cls, data: Any) -> Any:
        """A query stands where others have a file; reports call it by its first words."""
        if not isinstance(data, dict):
            return data
        if ("sql" in data) == ("file" in data):
            raise ValueError("a source has either file or sql")
        if ("sql" in data) != ("connection" in data):
            raise ValueError("sql and connection go together")
        if "sql" not in data:
            return data
        words = " ".join(str(data["sql"]).split())
        return {**data, "file": f"query {words[:QUERY_SHOWN]}", "format": "sql"}

    @field_validator("values")
    @classmethod
    def _texts(cls, value: dict[str, dict[str, str | bool]]) -> dict[str, dict[str, str | bool]]:
        spelt = {True: "true", False: "false"}
        folded = {column: {word.casefold(): m for word, m in words.items()} for column, words in value.items()}
        return {c: {w: spelt[m] if isinstance(m, bool) else m for w, m in ws.items()} for c, ws in folded.items()}

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: Format | None) -> Format | None:
        if value is not None and value not in FORMATS:
            raise ValueError(f"unknown format {value!r}; {nearest(value, list(FORMATS))}")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, value: str | None) -> str | None:
        try:
            "a".encode(value or "utf-8")
        except LookupError:
            raise ValueError(f"unknown encoding {value!r}; for example utf-8, gb18030, utf-16, cp1252") from None
        return codecs.lookup(value).name if value else None

    @field_validator("delimiter")
    @classmethod
    def _usable_delimiter(cls, value: str | None) -> str | None:
        if value is not None and any(mark in value for mark in '"\r\n\0'):
            raise ValueError(f"delimiter {value!r} cannot separate cells")
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.is_rdf:
            for key in sorted(self.model_fields_set - {"file", "format", "vocabulary", "told"}):
                raise ValueError(f"{self.file}: the key {key!r} does not go with RDF; [rdf] says what becomes what")
            return self
        kinds = [key for key in ("entity", "relation", "relation_column") if getattr(self, key) is not None]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "neither"
            raise ValueError(f"{self.file}: a source has either entity or relation (got {found})")
        is_entity = self.entity is not None
        needed = ("id",) if is_entity else ("head", "tail")
        foreign = _TRIPLE_KEYS if is_entity else _ENTITY_KEYS
        for key in needed:
            if getattr(self, key) is None:
                raise ValueError(f"{self.file}: a source with {kinds[0]} needs the key {key!r}")
        for key in foreign:
            if key in self.model_fields_set:
                raise ValueError(f"{self.file}: the key {key!r} does not go with {kinds[0]}")
        self._check_told()
        return self

    def _check_told(self) -> None:
        """What ``optional`` and ``required`` name must be mapped."""
        fields = [name for name in ("label", "weight", "timestamp") if getattr(self, name)] + list(self.properties)
        for name in self.required:
            if name not in fields:
                raise ValueError(f"{self.file}: required: {name!r} is not mapped here; {nearest(name, fields)}")
        for name in self.currency:
            if name not in self.properties:
                raise ValueError(f"{self.file}: currency: {name!r} is not mapped here; {nearest(name, fields)}")
        if self.once and not self.timestamp:
            raise ValueError(f"{self.file}: once needs timestamp: what is told again is what is told later")
        keys = set() if self.where else set(self.key_columns)  # where no row passes, none needs an id
        read = (set(self.used_columns()) - keys) | {join.here for join in self.join}
        for name in sorted(name for name in set(self.optional) - read if name not in (self.where or "")):
            told = f"no label, property or link reads {name!r}, nor, beside where, an id, head or tail"
            raise ValueError(f"{self.file}: optional: {told}")

    @property
    def is_rdf(self) -> bool:
        """Whether the file holds statements, not rows."""
        return (self.format or format_of_name(Path(self.file))) in RDF_FORMATS

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Columns without which no row can be read."""
        return tuple(c for c in (self.id, self.relation_column, self.head, self.tail) if c is not None)

    @property
    def creates_people(self) -> bool:
        """Whether the heads of interactions are created where neither mapping nor schema says anything."""
        return False

    def created_ends(self, relation: Relation) -> tuple[str, ...]:
        """Which ends of rows of a relation are created where they are not there."""
        if self.create_ends is not None:
            return ("head", "tail") if self.create_ends else ()
        told = relation.create_head
        return ("head",) if relation.interaction and (self.creates_people if told is None else told) else ()

    @property
    def id_nulls(self) -> tuple[str, ...]:
        """The spellings of "no value" where an id is needed."""
        return self.null if "null" in self.model_fields_set else ID_NULLS

    @property
    def id_columns(self) -> frozenset[str]:
        """Columns that hold ids."""
        return frozenset(self.key_columns) | {link.tail for link in self.link}

    @property
    def ingredient_columns(self) -> frozenset[str]:
        """Columns that hold ingredient lists."""
        return frozenset(link.tail for link in self.link if link.normalise == "inci")

    @property
    def optional_columns(self) -> frozenset[str]:
        """Columns that a file may lack; their cells are then missing."""
        return frozenset(self.optional)

    @property
    def reports_unused(self) -> bool:
        """Whether a column that nobody asked for is worth a notice."""
        return False

    @property
    def renames(self) -> dict[str, str]:
        """In rows of triples: how an end is written → the id that is meant; all others are taken as they are."""
        return {}

    def used_columns(self, filtered: tuple[str, ...] = ()) -> tuple[str, ...]:
        """All columns that are read, keys first; ``filtered`` are those of ``where``."""
        others = [self.label, *self.properties.values(), self.weight, self.timestamp, self.once]
        others += [link.tail for link in self.link] + [c for text in self.text for c in text.columns]
        others += [*self.currency.values(), *(column for similar in self.similar for column in similar.columns)]
        return tuple(dict.fromkeys([*self.key_columns, *(c for c in others if c is not None), *filtered]))

    def row_filter(self, schema: Schema) -> RowFilter | None:
        """The compiled ``where``.

        :raises MappingError: where it is no condition on one row.
        """
        if self.where is None:
            return None
        declared: dict[str, Kind] = {self.weight: "number"} if self.weight else {}
        for name, column in self.properties.items():
            kind = schema.entity[self.entity or ""].properties[name]
            if kind != "str":
                declared[column] = "truth" if kind == "bool" else "number"
        return RowFilter(self.where, declared)

    def files(
        self, base: Path, allow_outside: bool = False, places: tuple[str, ...] = (), kept: Path | None = None
    ) -> list[Path]:
        """The files that ``file`` names, sorted; see :func:`kg.mapping.file_pattern.files_of`. For a query, what stands
        for it in reports; its database is looked for. Standard input and addresses are copied to a file first.

        :param places: folders, and beginnings of addresses, that may be read too.
        :param kept: the folder in which fetched files are kept.
        :raises MappingError: where there is none, or one outside ``base`` that is not allowed.
        """
        if self.connection is not None:
            self._database = connection_of(self.connection, base, allow_outside)
            return [base / self.file.replace("/", "∕")]
        if self.file == STANDARD_INPUT:
            if self.format is None:
                raise MappingError('file "-": standard input has no name that tells its format; tell format')
            return [kept_input()]
        if is_address(self.file):
            return [fetched(self.file, places, kept or base)]
        return files_of(self.file, base, allow_outside, places)

    @property
    def database(self) -> Connection | None:
        """The database of a query, once :meth:`files` has found it."""
        return self._database

    def file_format(self, path: Path) -> Format:
        """The format of one file: as told, else by its name.

        :raises MappingError: where the name says nothing.
        """
        if known := self.format or format_of_name(path):
            return known
        allowed = ", ".join(SUFFIXES)
        raise MappingError(f'{path.name}: unknown kind of file; known: {allowed}, or tell format = "csv"')
