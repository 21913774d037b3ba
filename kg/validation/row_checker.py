"""Check rows against schema and mapping: each is good as a whole, filtered, or rejected with its first fault.

Good rows come out as frames for these tables of :mod:`kg.staging`; what needs knowledge of other rows (does the head
exist?) is left to :mod:`kg.staging.resolution`.

=====================  ===========================================================================================
``entity.TYPE.N``      ``id``, of ``label`` and the properties those that source N maps, ``_file``, ``_line``
``tail.TYPE``          ``id``, ``label`` of entities to be created where absent, ``count`` of their mentions
``triple.RELATION``    ``head``, ``tail``, ``weight``, ``timestamp`` (null: not said) whose ends exist for sure
``row.RELATION``       the same from rows of their own, with ``file``, ``line``, ``lines``
``text.N.K``           ``head``, ``text`` for the K-th text table of source N
``similar.N.K``        the same for its K-th table of similar texts
=====================  ===========================================================================================
"""

from dataclasses import dataclass, field, replace

import polars as pl

from kg.document import nearest
from kg.mapping.link import Link
from kg.mapping.source import Source
from kg.notices import Notices
from kg.privacy.person_ids import People
from kg.readers.batch import REJECT_DTYPES, Batch
from kg.staging.resolution import said
from kg.stores.store import MAX_ID_BYTES, PROPERTY_DTYPES
from kg.text.words import COLUMN_BREAK
from kg.validation.row_set import RowSet
from kg.values.cells import identifiers, map_unique, too_long
from kg.values.number import Parsed, parse_numbers, parse_truth_values, parse_whole_numbers
from kg.values.tail_cells import normalised_ids, tails_of
from kg.values.timestamp import parse_timestamps

_TOO_LONG = f"more than {MAX_ID_BYTES:,} bytes of UTF-8 fit into no index"


@dataclass
class Checked:
    """What became of the rows of one batch."""

    good: int = 0
    filtered: int = 0
    rejects: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECT_DTYPES))
    tables: list[tuple[str, pl.DataFrame]] = field(default_factory=list)


class RowChecker:
    """Checks the rows of one file of one source."""

    def __init__(
        self, source: Source, people: People, index: int, place: str, notices: Notices, erases: bool = False
    ) -> None:
        """Prepare.

        :param people: the schema, and what becomes of the ids of people.
        :param index: the number of the source in the load.
        :param place: how notices name the file.
        :param erases: whether an empty cell takes the value away from the entity; else it says nothing.
        :raises MappingError: where the ``where`` of the source is no condition.
        """
        self._source, self._schema, self._index, self._place, self._notices = (
            source,
            people.schema,
            index,
            place,
            notices,
        )
        self._people, self._erases = people.of(source, place, notices), erases
        self._filter = source.row_filter(self._schema)
        self.wanted = source.used_columns(self._filter.columns if self._filter else ())

    def check(self, batch: Batch, file_index: int) -> Checked:
        """Check all rows of a batch.

        :param file_index: what the table ``row.RELATION`` holds as ``file``.
        """
        batch, forgotten = self._people.remembered(batch)
        kept, rejected, filtered = self._kept(batch)
        rows = RowSet(kept, self._source)
        checked = Checked(filtered=filtered + forgotten)
        if self._source.entity is not None:
            checked.tables = self._entities(rows, self._source.entity, file_index)
        elif self._source.relation is not None:
            checked.tables = self._triples(rows, self._source.relation, file_index)
        else:
            checked.tables = self._named_triples(rows, file_index)
        checked.rejects = self._people.masked(pl.concat([rejected, rows.rejects]))
        checked.good = kept.frame.height - int(rows.bad.sum())
        return checked

    def _kept(self, batch: Batch) -> tuple[Batch, pl.DataFrame, int]:
        """The rows that ``where`` keeps, the rows so far rejected, and the number of rows filtered."""
        if self._filter is None:
            return replace(batch, rejects=pl.DataFrame(schema=REJECT_DTYPES)), batch.rejects, 0
        rows = RowSet(batch, self._source)
        columns = []
        for name, kind in self._filter.kinds.items():
            cells = rows.single(name)
            if kind == "number":
                cells = rows.parsed(name, self._number(cells))
            elif kind == "truth":
                cells = rows.parsed(name, parse_truth_values(cells))
            columns.append(cells.alias(name))
        keep = self._filter.keeps(pl.DataFrame(columns)) & ~rows.bad
        return batch.only(keep), rows.rejects, int((~keep & ~rows.bad).sum())

    def _number(self, cells: pl.Series) -> Parsed:
        return parse_numbers(cells, self._source.decimal, self._source.delimiter == ";")

    def _identifiers(self, rows: RowSet, column: str, what: str) -> pl.Series:
        """The ids in a column; faults are empty and overlong ones."""
        cells = rows.single(column)
        ids = cells
        if not rows.batch.tidy:
            changed = int((rows.batch.frame.get_column(column) != identifiers(cells)).fill_null(False).sum())
            sentence = f"{{n}} cells of {column!r} were trimmed or put into Unicode form NFC"
            self._notices.add(self._place, sentence, changed)
        if not rows.batch.tidy or self._source.normalise != "none":
            ids = normalised_ids(cells, self._source.normalise)
        hint = f'each row needs {column!r}; a cell that spells "no value" (null in the mapping) counts as empty'
        rows.fault(ids.is_null(), column, f"empty {what}", hint)
        rows.fault(too_long(ids), column, f"{what} too long", _TOO_LONG)
        return ids

    def _entities(self, rows: RowSet, entity_type: str, file_index: int) -> list[tuple[str, pl.DataFrame]]:
        source = self._source
        ids = self._people.ids(entity_type, self._identifiers(rows, source.id or "", "id")).alias("id")
        columns, flags = [ids], []
        if source.label is not None and self._people.keeps(entity_type, "label", source.label):
            columns.append(self._people.cleared(source.label, rows.single(source.label)).alias("label"))
            self._require(rows, "label", source.label, columns[-1])
            flags.append(self._named(rows, "label", source.label))
        for name, column in source.properties.items():
            if not self._people.keeps(entity_type, name, column):
                continue
            kind = self._schema.entity[entity_type].properties[name]
            values = self._people.cleared(column, self._property(rows, column, kind))
            columns.append(values.cast(PROPERTY_DTYPES[kind]).alias(name))
            self._require(rows, name, column, columns[-1])
            flags.append(self._named(rows, name, column))
        tails = [(link, self._tails(rows, link)) for link in source.link]
        texts = [(f"text.{self._index}.{k}", self._text(rows, t.columns)) for k, t in enumerate(source.text)]
        texts += [(f"similar.{self._index}.{k}", self._text(rows, s.columns)) for k, s in enumerate(source.similar)]
        good = ~rows.bad
        columns += [*_origin(rows, file_index), *(flags if self._erases else ())]
        tables = [(f"entity.{entity_type}.{self._index}", pl.DataFrame(columns).filter(good))]
        written_matters = source.normalise != "none" and not self._people.hides_labels(entity_type)
        if source.label is None and written_matters:  # as written, but only where nothing better is said
            written = pl.DataFrame([ids.alias("tail"), rows.single(source.id or "").alias("label")]).filter(good)
            label = pl.when(pl.col("tail") != pl.col("label")).then(pl.col("label"))
            tables.append((f"tail.{entity_type}", _mentions(written.with_columns(label.alias("label")))))
        for link, found in tails:
            kept = found.filter(good.gather(found.get_column("row")))
            tables.append((f"tail.{self._schema.relation[link.relation].tail}", _mentions(kept)))
            heads = ids.gather(kept.get_column("row")).alias("head")
            tables.append((f"triple.{link.relation}", _plain_triples(heads, kept)))
        for name, text in texts:
            frame = pl.DataFrame([ids.alias("head"), text.alias("text")]).filter(good & text.is_not_null())
            tables.append((name, frame))
        return tables

    def _require(self, rows: RowSet, name: str, column: str, values: pl.Series) -> None:
        """Reject the rows without a value that the source requires."""
        if name in self._source.required:
            rows.fault(values.is_null(), column, f"no {name}", "the mapping requires it; write a value")

    @staticmethod
    def _named(rows: RowSet, name: str, column: str) -> pl.Series:
        """Whether each row says a column, were it only that there is no value."""
        unnamed = rows.batch.unnamed.get(column)
        every = pl.Series([True], dtype=pl.Boolean).new_from_index(0, rows.batch.frame.height)
        return (every if unnamed is None else ~unnamed).alias(said(name))

    def _property(self, rows: RowSet, column: str, kind: str) -> pl.Series:
        cells = rows.single(column)
        if kind == "float":
            return rows.parsed(column, self._number(cells))
        if kind == "int":
            semicolons = self._source.delimiter == ";"
            return rows.parsed(column, parse_whole_numbers(cells, self._source.decimal, semicolons))
        return rows.parsed(column, parse_truth_values(cells)) if kind == "bool" else cells

    def _tails(self, rows: RowSet, link: Link) -> pl.DataFrame:
        found = tails_of(rows.cells(link.tail), link, self._source.null, self._place, self._notices)
        long = found.filter(too_long(found.get_column("tail"))).unique("row", keep="first", maintain_order=True)
        if long.height:
            positions = pl.DataFrame({"row": pl.Series(range(rows.bad.len()), dtype=pl.UInt32)})
            value = positions.join(long, on="row", how="left", maintain_order="left").get_column("tail")
            rows.fault(value.is_not_null(), link.tail, "id too long", _TOO_LONG, value)
        return self._people.tails(link.relation, found)

    def _text(self, rows: RowSet, columns: tuple[str, ...]) -> pl.Series:
        """The text of several columns and lists, one after the other; null where there is none."""
        parts = []
        for column in columns:
            cells = rows.cells(column)
            parts.append(cells.single.alias(f"single {column}"))
            if cells.listed is not None:
                parts.append(cells.listed.list.join(COLUMN_BREAK, ignore_nulls=True).alias(f"list {column}"))
        joined = pl.concat_str(pl.all(), separator=COLUMN_BREAK, ignore_nulls=True).alias("text")
        text = pl.DataFrame(parts).select(pl.when(pl.any_horizontal(pl.all().is_not_null())).then(joined))
        return text.to_series().alias("text")

    def _ends(self, rows: RowSet, file_index: int) -> pl.DataFrame:
        """Columns of the table ``row.RELATION``, for all rows of the batch."""
        source, batch = self._source, rows.batch
        columns = [self._identifiers(rows, source.head or "", "head").alias("head")]
        columns.append(self._identifiers(rows, source.tail or "", "tail").alias("tail"))
        if source.renames:
            columns = [ids.replace(source.renames) for ids in columns]
        missing = pl.Series([None]).new_from_index(0, batch.frame.height)
        weight, timestamp = missing.cast(pl.Float64), missing.cast(pl.Int64)
        if source.weight is not None:
            weight = rows.parsed(source.weight, self._number(rows.single(source.weight)))
            self._require(rows, "weight", source.weight, weight)
        if source.timestamp is not None:
            timestamp = rows.parsed(source.timestamp, parse_timestamps(rows.single(source.timestamp)))
            self._require(rows, "timestamp", source.timestamp, timestamp)
        number = _origin(rows, file_index)[0].alias("file")
        columns += [weight.alias("weight"), timestamp.alias("timestamp"), number]
        return pl.DataFrame([*columns, batch.lines.alias("line"), batch.spans.alias("lines")])

    def _triples(self, rows: RowSet, relation: str, file_index: int) -> list[tuple[str, pl.DataFrame]]:
        frame = self._people.ends(relation, self._ends(rows, file_index).filter(~rows.bad))
        return [(f"row.{relation}", frame), *self._created_ends(frame, relation)]

    def _named_triples(self, rows: RowSet, file_index: int) -> list[tuple[str, pl.DataFrame]]:
        """Rows that name their own relation."""
        column = self._source.relation_column or ""
        folded = {name.casefold(): name for name in self._schema.relation}
        names = map_unique(rows.single(column), lambda name: folded.get(name.casefold(), name))
        rows.fault(names.is_null(), column, "empty relation", f"each row needs {column!r}")
        known = list(self._schema.relation)
        strange = names.is_not_null() & ~names.is_in(known).fill_null(False)
        hint = map_unique(names, lambda name: nearest(name, known) if known else "the schema has none")
        rows.fault(strange, column, "unknown relation", hint)
        frame = self._ends(rows, file_index).with_columns(names.alias("relation")).filter(~rows.bad)
        tables = []
        for relation in frame.get_column("relation").unique(maintain_order=True):
            part = self._people.ends(relation, frame.filter(pl.col("relation") == relation).drop("relation"))
            tables += [(f"row.{relation}", part), *self._created_ends(part, relation)]
        return tables

    def _created_ends(self, frame: pl.DataFrame, relation: str) -> list[tuple[str, pl.DataFrame]]:
        if not self._source.create_ends:
            return []
        ends = self._schema.relation[relation]
        unlabelled = pl.lit(None, dtype=pl.String).alias("label")
        return [
            (f"tail.{entity_type}", _mentions(frame.select(pl.col(end).alias("tail"), unlabelled)))
            for end, entity_type in (("head", ends.head), ("tail", ends.tail))
        ]


def _mentions(found: pl.DataFrame) -> pl.DataFrame:
    return found.group_by(pl.col("tail").alias("id"), "label").agg(pl.len().cast(pl.Int64).alias("count"))


def _origin(rows: RowSet, file_index: int) -> list[pl.Series]:
    """Where rows come from: the number of the file and the line, in columns that no property can be called."""
    number = pl.Series("_file", [file_index], dtype=pl.Int64).new_from_index(0, rows.batch.frame.height)
    return [number, rows.batch.lines.alias("_line")]


def _plain_triples(heads: pl.Series, found: pl.DataFrame) -> pl.DataFrame:
    """Triples of a link, with the weight that its tails say, if they say one."""
    weight = pl.col("weight") if "weight" in found.columns else pl.lit(None, dtype=pl.Float64).alias("weight")
    tails = found.with_columns(heads).select("head", "tail", weight.cast(pl.Float64))
    return tails.with_columns(pl.lit(None, dtype=pl.Int64).alias("timestamp"))
