"""Check rows against schema and mapping: each is good as a whole, filtered, or rejected with its first fault.

Good rows come out as frames for these tables of :mod:`kg.staging`; what needs knowledge of other rows (does the head
exist?) is left to :mod:`kg.staging.resolution`.

=====================  ===========================================================================================
``entity.TYPE.N``      ``id``, of ``label`` and the properties those that source N maps, ``_file``, ``_line``
``tail.TYPE``          ``id``, ``label`` of entities to be created where absent, ``count`` of their mentions
``triple.RELATION``    ``head``, ``tail``, ``weight``, ``timestamp`` (null: not said) whose ends exist for sure
``row.RELATION``       the same from rows of their own, with ``file``, ``line``, ``lines``; ``once.``: with ``once``
``text.N.K``           ``head``, ``text`` for the K-th text table of source N
``similar.N.K``        the same for its K-th table of similar texts
=====================  ===========================================================================================
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from kg.document import nearest
from kg.mapping.link import Link
from kg.mapping.source import Source
from kg.notices import Notices
from kg.privacy.person_ids import People
from kg.readers.batch import REJECT_DTYPES, Batch
from kg.staging.resolution import said
from kg.stores.store import PROPERTY_DTYPES, TRIPLE_DTYPES, triple_dtypes
from kg.text.words import COLUMN_BREAK
from kg.validation.cell_reader import TOO_LONG, CellReader
from kg.validation.row_set import RowSet
from kg.validation.spoken_links import spoken_tables
from kg.values.cells import map_unique, too_long
from kg.values.tail_cells import column_as_tail, levels_of, tails_of
from kg.values.whole_ids import WholeIds

_NO_RESULT = "correct the cell, or the condition: try_cast has no value where a cast fails"


@dataclass
class Checked:
    """What became of the rows of one batch."""

    good: int = 0
    filtered: int = 0
    rejects: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECT_DTYPES))
    left_out: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=REJECT_DTYPES))
    """Cells that good rows do without, since they could not be read."""
    read: dict[str, int] = field(default_factory=dict)
    """Column of a property → how many of its cells could be read."""
    tables: list[tuple[str, pl.DataFrame]] = field(default_factory=list)


@dataclass(frozen=True)
class CellMeaning:
    """What cells mean beyond what their source says."""

    erases: bool = False
    """Whether an empty cell takes the value away from the entity; else it says nothing."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Currency → units of the schema's currency."""


class RowChecker:
    """Checks the rows of one file of one source."""

    def __init__(
        self,
        source: Source,
        people: People,
        index: int,
        place: str,
        notices: Notices,
        meaning: CellMeaning = CellMeaning(),
    ) -> None:
        """Prepare.

        :param people: the schema, and what becomes of the ids of people.
        :param index: the number of the source in the load.
        :param place: how notices name the file.
        :param meaning: what empty cells and amounts in other currencies mean.
        :raises MappingError: where the ``where`` of the source is no condition.
        """
        self._source, self._schema, self._index = source, people.schema, index
        self._place, self._notices, self._meaning = place, notices, meaning
        self._people = people.of(source, place, notices)
        self._filter, self._whole = source.row_filter(self._schema), WholeIds()
        self.several: set[str] = set()
        """Relations of links of which some row named several tails."""
        self._of_people = [n for n, made in self._schema.relation.items() if made.interaction or made.negative]
        self.wanted = source.used_columns(self._filter.columns if self._filter else ())

    def check(self, batch: Batch, file_index: int) -> Checked:
        """Check all rows of a batch.

        :param file_index: what the table ``row.RELATION`` holds as ``file``.
        """
        batch, forgotten = self._people.remembered(batch)
        kept, rejected, filtered = self._kept(batch)
        rows = RowSet(kept, self._source, self._place, self._notices, self._whole)
        cells = CellReader(rows, self._source, self._place, self._notices)
        checked = Checked(filtered=filtered + forgotten)
        if self._source.entity is not None:
            checked.tables = self._entities(cells, self._source.entity, file_index)
        elif self._source.relation is not None:
            checked.tables = self._triples(cells, self._source.relation, file_index)
        else:
            checked.tables = self._named_triples(cells, file_index)
        checked.rejects = self._people.masked(pl.concat([rejected, rows.rejects]))
        checked.left_out = self._people.masked(rows.left_out)
        checked.read, checked.good = cells.read, kept.frame.height - int(rows.bad.sum())
        return checked

    def _kept(self, batch: Batch) -> tuple[Batch, pl.DataFrame, int]:
        """The rows that ``where`` keeps, the rows so far rejected, and the number of rows filtered."""
        if self._filter is None:
            return replace(batch, rejects=pl.DataFrame(schema=REJECT_DTYPES)), batch.rejects, 0
        rows = RowSet(batch, self._source, self._place, Notices(), self._whole)  # told of rows that stay
        cells = CellReader(rows, self._source, self._place, Notices())
        columns = [cells.of_kind(name, kind).alias(name) for name, kind in self._filter.kinds.items()]
        keep, why = self._filter.keeps(pl.DataFrame(columns))
        rows.fault(why.is_not_null(), columns[0].name, "where cannot be worked out: " + why, _NO_RESULT)
        keep &= ~rows.bad
        return batch.only(keep), rows.rejects, int((~keep & ~rows.bad).sum())

    def _entities(self, cells: CellReader, entity_type: str, file_index: int) -> list[tuple[str, pl.DataFrame]]:
        source, rows = self._source, cells.rows
        ids = self._people.ids(entity_type, cells.new_ids(source.id or "")).alias("id")
        columns, flags = [ids], []
        if source.label is not None and self._people.keeps(entity_type, "label", source.label):
            columns.append(self._people.cleared(source.label, cells.label(source.label)).alias("label"))
            self._require(rows, "label", source.label, columns[-1])
            flags.append(self._named(rows, "label", source.label))
        for name, column in source.properties.items():
            if not self._people.keeps(entity_type, name, column):
                continue
            made, rates = self._schema.entity[entity_type], self._meaning.rates
            kind = made.properties[name]
            values = cells.of_property(made, name, column, rates if self._money(entity_type, name) else None)
            values = self._people.cleared(column, values)
            columns.append(values.cast(PROPERTY_DTYPES[kind]).alias(name))
            self._require(rows, name, column, columns[-1])
            flags.append(self._named(rows, name, column))
        tails = [(link, self._tails(cells, link)) for link in source.link]
        texts = [(f"text.{self._index}.{k}", self._text(rows, t.columns)) for k, t in enumerate(source.text)]
        texts += [(f"similar.{self._index}.{k}", self._text(rows, s.columns)) for k, s in enumerate(source.similar)]
        good = ~rows.bad
        columns += [*_origin(rows, file_index), *(flags if self._meaning.erases else ())]
        tables = [(f"entity.{entity_type}.{self._index}", pl.DataFrame(columns).filter(good))]
        written_matters = source.normalise != "none" and not self._people.hides_labels(entity_type)
        if source.label is None and written_matters:  # as written, but only where nothing better is said
            written = pl.DataFrame([ids.alias("tail"), rows.single(source.id or "").alias("label")]).filter(good)
            label = pl.when(pl.col("tail") != pl.col("label")).then(pl.col("label"))
            tables.append((f"tail.{entity_type}", _mentions(written.with_columns(label.alias("label")))))
        for link, found in tails:
            kept = found.filter(good.gather(found.get_column("row")))
            tables += self._link_tables(link, kept, ids)
        for name, text in texts:
            frame = pl.DataFrame([ids.alias("head"), text.alias("text")]).filter(good & text.is_not_null())
            tables.append((name, frame))
        if source.rows == "replace-links":
            tables += spoken_tables((source, self._index), rows, ids, (tails, dict(texts)))
        return tables

    def _money(self, entity_type: str, name: str) -> bool:
        """Whether a property is an amount of money: schema or mapping say so, or money is how numbers are written."""
        source = self._source
        told = name in self._schema.entity[entity_type].currency or name in source.currency
        return told or source.decimal is not None

    def _require(self, rows: RowSet, name: str, column: str, values: pl.Series) -> None:
        """Reject the rows without a value that the source requires."""
        if name in self._source.required:
            rows.fault(values.is_null(), column, f"no {name}", "the mapping requires it; write a value")

    @staticmethod
    def _named(rows: RowSet, name: str, column: str) -> pl.Series:
        """Whether each row says a column, were it only that there is no value."""
        unnamed = rows.batch.unnamed.get(column)
        every = pl.Series([True], dtype=pl.Boolean).new_from_index(0, rows.batch.frame.height)
        return ((every if unnamed is None else ~unnamed) & ~rows.unread(column)).alias(said(name))

    def _link_tables(self, link: Link, kept: pl.DataFrame, ids: pl.Series) -> list[tuple[str, pl.DataFrame]]:
        """What the tails of a link become: entities, triples, and the levels above them."""
        tail_type = self._schema.relation[link.relation].tail
        heads = ids.gather(kept.get_column("row")).alias("head")
        if link.split is None and link.normalise != "inci" and kept.get_column("row").is_duplicated().any():
            self.several.add(link.relation)
        triples = _plain_triples(heads, kept, triple_dtypes(self._schema, link.relation))
        tables = [(f"tail.{tail_type}", _mentions(kept)), (f"triple.{link.relation}", triples)]
        if link.levels is not None and link.parent is not None:
            levels = levels_of(kept.get_column("tail"), link.levels)
            named = levels.select(pl.col("id").alias("tail"), pl.when(pl.col("id") != pl.col("label")).then("label"))
            tables.append((f"tail.{tail_type}", _mentions(named)))
            above = levels.drop_nulls("parent").select(pl.col("parent").alias("tail"), pl.col("id").alias("head"))
            parents = _plain_triples(above.get_column("head"), above.select("tail"), TRIPLE_DTYPES)
            tables.append((f"triple.{link.parent}", parents))
        return tables

    def _tails(self, cells: CellReader, link: Link) -> pl.DataFrame:
        rows = cells.rows
        if link.tail_is_column:
            found = column_as_tail(cells.property(link.tail, "bool"), link)
        else:
            rows.check_cells(link.tail, needed=True)
            found = tails_of(rows.cells(link.tail), link, self._source.null, self._place, self._notices, self._whole)
        long = found.filter(too_long(found.get_column("tail"))).unique("row", keep="first", maintain_order=True)
        if long.height:
            positions = pl.DataFrame({"row": pl.Series(range(rows.bad.len()), dtype=pl.UInt32)})
            value = positions.join(long, on="row", how="left", maintain_order="left").get_column("tail")
            rows.fault(value.is_not_null(), link.tail, "id too long", TOO_LONG, value)
        return self._people.tails(link.relation, found)

    def _text(self, rows: RowSet, columns: tuple[str, ...]) -> pl.Series:
        """The text of several columns and lists, one after the other; null where there is none."""
        parts = []
        for column in columns:
            rows.check_cells(column, needed=False)
            cells = rows.cells(column)
            parts.append(cells.single.alias(f"single {column}"))
            if cells.listed is not None:
                parts.append(cells.listed.list.join(COLUMN_BREAK, ignore_nulls=True).alias(f"list {column}"))
        joined = pl.concat_str(pl.all(), separator=COLUMN_BREAK, ignore_nulls=True).alias("text")
        text = pl.DataFrame(parts).select(pl.when(pl.any_horizontal(pl.all().is_not_null())).then(joined))
        return text.to_series().alias("text")

    def _ends(self, cells: CellReader, of_people: pl.Series, file_index: int) -> pl.DataFrame:
        """Columns of the table ``row.RELATION``, for all rows of the batch.

        :param of_people: whether each row is what somebody did.
        """
        source, batch = self._source, cells.rows.batch
        columns = [cells.identifiers(getattr(source, end) or "", end).alias(end) for end in ("head", "tail")]
        columns = [ids.replace(source.renames) for ids in columns] if source.renames else columns
        missing = pl.Series([None]).new_from_index(0, batch.frame.height)
        weight, timestamp = missing.cast(pl.Float64), missing.cast(pl.Int64)
        if source.weight is not None:
            weight = cells.weights(source.weight, of_people)
            self._require(cells.rows, "weight", source.weight, weight)
        if source.returns == "all":
            weight = -weight.abs().fill_null(1.0)
        if source.timestamp is not None:
            timestamp = cells.timestamps(source.timestamp)
            self._require(cells.rows, "timestamp", source.timestamp, timestamp)
        if source.once is not None:
            columns.append(cells.rows.single(source.once).alias("once"))
        origin = _origin(cells.rows, file_index)[0].alias("file")
        columns += [weight.alias("weight"), timestamp.alias("timestamp"), origin]
        return pl.DataFrame([*columns, batch.lines.alias("line"), batch.spans.alias("lines")])

    def _triples(self, cells: CellReader, relation: str, file_index: int) -> list[tuple[str, pl.DataFrame]]:
        of_people = pl.Series([relation in self._of_people]).new_from_index(0, cells.rows.count)
        ends = self._ends(cells, of_people, file_index).filter(~cells.rows.bad)
        return self._row_tables(ends, relation)

    def _named_triples(self, cells: CellReader, file_index: int) -> list[tuple[str, pl.DataFrame]]:
        """Rows that name their own relation."""
        column, rows = self._source.relation_column or "", cells.rows
        folded = {name.casefold(): name for name in self._schema.relation}
        names = map_unique(rows.single(column), lambda name: folded.get(name.casefold(), name))
        rows.fault(names.is_null(), column, "empty relation", f"each row needs {column!r}")
        known = list(self._schema.relation)
        strange = names.is_not_null() & ~names.is_in(known).fill_null(False)
        hint = map_unique(names, lambda name: nearest(name, known) if known else "the schema has none")
        rows.fault(strange, column, "unknown relation", hint)
        ends = self._ends(cells, names.is_in(self._of_people), file_index)
        frame = ends.with_columns(names.alias("relation")).filter(~rows.bad)
        tables = []
        for relation in frame.get_column("relation").unique(maintain_order=True):
            tables += self._row_tables(frame.filter(pl.col("relation") == relation).drop("relation"), relation)
        return tables

    def _row_tables(self, frame: pl.DataFrame, relation: str) -> list[tuple[str, pl.DataFrame]]:
        frame = self._people.ends(relation, frame)
        made, unlabelled = self._schema.relation[relation], pl.lit(None, dtype=pl.String).alias("label")
        return [
            (f"{'row' if self._source.once is None else 'once'}.{relation}", frame),
            *(
                (f"tail.{getattr(made, end)}", _mentions(frame.select(pl.col(end).alias("tail"), unlabelled)))
                for end in self._source.created_ends(made)
            ),
        ]


def _mentions(found: pl.DataFrame) -> pl.DataFrame:
    return found.group_by(pl.col("tail").alias("id"), "label").agg(pl.len().cast(pl.Int64).alias("count"))


def _origin(rows: RowSet, file_index: int) -> list[pl.Series]:
    """Where rows come from: the number of the file and the line, in columns that no property can be called."""
    number = pl.Series("_file", [file_index], dtype=pl.Int64).new_from_index(0, rows.batch.frame.height)
    return [number, rows.batch.lines.alias("_line")]


def _plain_triples(heads: pl.Series, found: pl.DataFrame, dtypes: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Triples of a link, with the weight that its tails say, if they say one."""
    weight = pl.col("weight") if "weight" in found.columns else pl.lit(None, dtype=pl.Float64).alias("weight")
    tails = found.with_columns(heads).select("head", "tail", weight.cast(pl.Float64))
    unsaid = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in dtypes.items() if name not in tails.columns]
    return tails.with_columns(unsaid)
