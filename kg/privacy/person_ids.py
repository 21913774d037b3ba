"""What a load does with the ids of people: those who were forgotten stay away, pseudonyms replace the others.

Both happen before a row is staged or rejected, so that no file of the workspace ever holds what must not be there.
Under pseudonyms, of a sensitive type the label and every ``label_…`` are left out, since they name a person; its other
properties are kept as the schema lists them, except one that repeats an id. Rejects of files with people show the
pseudonym of a faulty id and the bare pattern of every other value (``x`` for a letter, ``#`` for a digit).
"""

import re
from dataclasses import replace

import polars as pl

from kg.mapping.mapping import RdfSource
from kg.mapping.source import Source
from kg.notices import Notices
from kg.privacy.pseudonym import Pseudonyms
from kg.readers.batch import Batch
from kg.schema import Schema
from kg.values.cells import identifiers, masked, trimmed
from kg.values.tail_cells import normalised_ids
from kg.values.whole_ids import without_fraction
from kg.workspace.suppression import Suppression

_BETWEEN_TOKENS = re.compile(r"[\s,;|\"'{}\[\]:]+")


def person_types(schema: Schema) -> list[str]:
    """The entity types that stand for people: the sensitive ones, and those that interact with items."""
    chosen = {*schema.user_types, *sensitive_types(schema)}
    return [name for name in schema.entity if name in chosen]


def sensitive_types(schema: Schema) -> list[str]:
    """The entity types that the schema marks as sensitive."""
    return [name for name, entity in schema.entity.items() if entity.sensitive]


class People:
    """The rules of one load."""

    def __init__(
        self, schema: Schema, pseudonyms: Pseudonyms | None = None, suppression: Suppression | None = None
    ) -> None:
        self.schema, self.pseudonyms, self.suppression = schema, pseudonyms, suppression or Suppression()

    def of(self, source: Source, place: str, notices: Notices) -> "SourcePeople":
        """The rules for the rows of one source."""
        return SourcePeople(self, source, place, notices)

    def withholds_rows(self, source: Source) -> bool:
        """Whether rows must not be kept as they came, since they hold ids that pseudonyms replace."""
        if isinstance(source, RdfSource):  # any statement may name anybody, in ways that only a parser knows
            return self.pseudonyms is not None or bool(self.suppression)
        return self.pseudonyms is not None and bool(self.columns(source, sensitive_types(self.schema)))

    def mentions_forgotten(self, text: str, delimiter: str = ",") -> bool:
        """Whether a line that could not be read as a row holds the id of somebody who was forgotten."""
        if not self.suppression:
            return False
        tokens = {*_BETWEEN_TOKENS.split(text), *(cell.strip(" \"'\r\n") for cell in text.split(delimiter))}
        return any(self.forgotten(name, one) for name in person_types(self.schema) for one in tokens if one)

    def forgotten(self, entity_type: str, raw_id: str) -> bool:
        """Whether the person with this id, as a file says it, was forgotten."""
        hashed = self.pseudonyms is not None and self.schema.entity[entity_type].sensitive
        known = self.pseudonyms.of(entity_type, raw_id) if self.pseudonyms and hashed else raw_id
        return self.suppression.has(entity_type, known)

    def columns(self, source: Source, types: list[str]) -> dict[str, str | None]:
        """Column of a source → the type of the people that it names; ``None`` where that depends on the row."""
        relations = self.schema.relation
        found: dict[str, str | None] = {}
        if source.entity is not None:
            found = {link.tail: relations[link.relation].tail for link in source.link}
            found[source.id or ""] = source.entity
        elif source.relation is not None:
            ends = relations[source.relation]
            found = {source.head or "": ends.head, source.tail or "": ends.tail}
        else:
            heads, tails = ({getattr(one, end) for one in relations.values()} for end in ("head", "tail"))
            found |= {source.head or "": None} if heads & set(types) else {}
            found |= {source.tail or "": None} if tails & set(types) else {}
        return {column: name for column, name in found.items() if name is None or name in types}


class SourcePeople:
    """The rules for the rows of one source."""

    def __init__(self, people: People, source: Source, place: str, notices: Notices) -> None:
        self._people, self._source, self._place, self._notices = people, source, place, notices
        self._types = people.columns(source, person_types(people.schema))
        self._hashed = people.columns(source, sensitive_types(people.schema)) if people.pseudonyms else {}

    def remembered(self, batch: Batch) -> tuple[Batch, int]:
        """The rows that are not about people who were forgotten, and how many are."""
        if not self._people.suppression or not self._types:
            return batch, 0
        gone = pl.Series("gone", [False]).new_from_index(0, batch.frame.height)
        for column in self._source.key_columns:
            if column in self._types:
                gone = gone | self._forgotten(batch, column)
        delimiter = self._source.delimiter or ","
        lines = pl.Series(
            [self._people.mentions_forgotten(text, delimiter) for text in batch.rejects.get_column("value")],
            dtype=pl.Boolean,
        )
        count = int(gone.sum()) + int(lines.sum())
        self._notices.add(self._place, "{n} [row|rows] about people who were forgotten [was|were] left out", count)
        kept = batch.only(~gone)
        return replace(kept, rejects=batch.rejects.filter(~lines)), count

    def ids(self, entity_type: str, ids: pl.Series) -> pl.Series:
        """Ids as the store will hold them."""
        pseudonyms = self._people.pseudonyms
        if pseudonyms is None or not self._people.schema.entity[entity_type].sensitive:
            return ids
        return pseudonyms.of_all(entity_type, ids)

    def ends(self, relation: str, frame: pl.DataFrame) -> pl.DataFrame:
        """Relation rows with ids as the store will hold them."""
        types = self._people.schema.relation[relation]
        return frame.with_columns(
            self.ids(types.head, frame.get_column("head")), self.ids(types.tail, frame.get_column("tail"))
        )

    def tails(self, relation: str, found: pl.DataFrame) -> pl.DataFrame:
        """The tails of a link (``row``, ``tail``, ``label``): nobody forgotten, and pseudonyms without labels."""
        entity_type = self._people.schema.relation[relation].tail
        if self.hides_labels(entity_type):
            tails = self.ids(entity_type, found.get_column("tail"))
            found = found.with_columns(tails, pl.lit(None, dtype=pl.String).alias("label"))
        if not self._people.suppression or entity_type not in person_types(self._people.schema):
            return found
        gone = self._people.suppression.among(entity_type, found.get_column("tail"))
        self._notices.add(
            self._place, "{n} [mention|mentions] of people who were forgotten [was|were] left out", int(gone.sum())
        )
        return found.filter(~gone)

    def hides_labels(self, entity_type: str) -> bool:
        """Whether labels of a type are left out."""
        return self._people.pseudonyms is not None and self._people.schema.entity[entity_type].sensitive

    def keeps(self, entity_type: str, name: str, column: str) -> bool:
        """Whether a label or property may be read from a column."""
        names_person = self.hides_labels(entity_type) and (name == "label" or name.startswith("label_"))
        if names_person or column in self._hashed:
            self._notices.add(self._place, f"{name!r} of {entity_type} is left out: it would tell who a pseudonym is")
            return False
        return True

    def cleared(self, column: str, texts: pl.Series) -> pl.Series:
        """A label or property, null where it is read from a column of people and names one who was forgotten."""
        if not self._people.suppression or column not in self._types or texts.dtype != pl.String:
            return texts
        named = [one for one in texts.drop_nulls().unique() if self._people.mentions_forgotten(one)]
        return masked(texts, texts.is_in(pl.Series(named, dtype=pl.String).implode()).fill_null(False))

    def masked(self, rejects: pl.DataFrame, late: bool = False) -> pl.DataFrame:
        """Rejects that show no id of a person in clear.

        :param late: ids in columns of people are pseudonyms already.
        """
        if not self._hashed or not rejects.height:
            return rejects
        sentence = "{n} bad [row is|rows are] not kept as [it|they] came, and [its|their] values are masked"
        sentence += ", since [it holds|they hold] ids of people"
        self._notices.add(self._place, sentence, rejects.height)
        pattern = pl.col("value").str.replace_all(r"\p{L}", "x").str.replace_all(r"\p{N}", "#")
        value = pattern
        for column, entity_type in self._hashed.items():
            if entity_type is not None:
                cells = rejects.get_column("value")
                shown = cells if late else self.ids(entity_type, identifiers(trimmed(cells, ("",)))).fill_null("")
                value = pl.when(pl.col("field") == column).then(shown).otherwise(value)
        return rejects.with_columns(value.alias("value"))

    def _forgotten(self, batch: Batch, column: str) -> pl.Series:
        """Which rows are about somebody who was forgotten, whether 101.0 will be read as 101 or not."""
        cells = trimmed(batch.frame.get_column(column), self._source.id_nulls)
        whole = without_fraction(cells)
        gone = self._names_forgotten(batch, column, cells)
        return gone if whole.equals(cells) else gone | self._names_forgotten(batch, column, whole)

    def _names_forgotten(self, batch: Batch, column: str, cells: pl.Series) -> pl.Series:
        ids = normalised_ids(cells, self._source.normalise)
        told = self._types[column]
        if told is not None:
            return self._people.suppression.among(told, self.ids(told, ids))
        names = trimmed(batch.frame.get_column(self._source.relation_column or ""), self._source.null)
        gone = pl.Series([False]).new_from_index(0, ids.len())
        end = "head" if column == self._source.head else "tail"
        for relation in names.drop_nulls().unique():
            if relation in self._people.schema.relation:
                entity_type = getattr(self._people.schema.relation[relation], end)
                same = (names == relation).fill_null(False)
                if entity_type in person_types(self._people.schema):
                    gone = gone | (same & self._people.suppression.among(entity_type, self.ids(entity_type, ids)))
        return gone
