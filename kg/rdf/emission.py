"""What RDF says, staged as rows of other files are: entities, and triples with both ends."""

import polars as pl

from kg.notices import Notices
from kg.ontology.terms import LITERAL
from kg.privacy.person_ids import People
from kg.rdf.nodes import NodeIds, NodeTypes
from kg.staging.contradictions import ORIGIN
from kg.staging.resolution import said
from kg.staging.tables import Staging
from kg.stores.store import triple_dtypes

_MENTION = {"id": pl.String(), "label": pl.String(), "count": pl.Int64()}


class Emission:
    """Stages entities and triples; people get pseudonyms, or stay away where they were forgotten."""

    def __init__(self, staging: Staging, ids: NodeIds, people: People, notices: Notices) -> None:
        self._staging, self._people = staging, people
        self.ids, self.notices = ids, notices

    def triples(self, relation: str, rows: pl.DataFrame, head: str, tail: str) -> pl.Series:
        """Stage the triples of a relation.

        :param rows: ``row``, ``s id``, ``o id`` and so on; may have ``weight``, ``timestamp`` and more of its columns.
        :param head: which of ``s`` and ``o`` is the head; ``tail`` likewise.
        :returns: the rows that are left out, since they are about people who were forgotten.
        """
        ends = self._people.schema.relation[relation]
        columns, gone = [], pl.Series([False]).new_from_index(0, rows.height)
        for name, end, entity_type in (("head", head, ends.head), ("tail", tail, ends.tail)):
            ids = self._stored(entity_type, rows.get_column(f"{end} id"))
            gone = gone | self._forgotten(entity_type, ids)
            columns.append(ids.alias(name))
        frame = pl.DataFrame(columns).with_columns(
            rows.get_column(name) if name in rows.columns else pl.lit(None, dtype=dtype).alias(name)
            for name, dtype in triple_dtypes(self._people.schema, relation).items()
            if name not in ("head", "tail")
        )
        self._staging.add([(f"triple.{relation}", frame.filter(~gone))])
        for name, end, entity_type in (("head", head, ends.head), ("tail", tail, ends.tail)):
            kind = rows.get_column("skind" if end == "s" else "kind")
            named = pl.DataFrame([frame.get_column(name).alias("id"), rows.get_column(f"{end} label").alias("label")])
            self._mention(entity_type, named.filter((kind == LITERAL) & ~gone))
        return rows.filter(gone).get_column("row")

    def entities(self, entity_type: str, types: NodeTypes, values: pl.DataFrame) -> None:
        """Stage the entities of a type.

        :param values: ``id`` (unique), label and properties with values, and per such column whether it is said.
        """
        ids = self.ids.of(types.nodes(entity_type)).alias("id").unique(maintain_order=True)
        every = pl.concat([ids, values.get_column("id")]).unique(maintain_order=True).to_frame()
        frame = every.join(values, on="id", how="left", maintain_order="left")
        stored = self._stored(entity_type, frame.get_column("id"))
        if self._hidden(entity_type):
            frame = frame.drop([c for c in frame.columns if c.startswith("label")])
        origin = [pl.lit(None, dtype=pl.Int64).alias(name) for name in ORIGIN]
        flags = [pl.col(said(c)).fill_null(False) for c in values.columns if said(c) in frame.columns]
        frame = frame.with_columns(*origin, *flags, stored.alias("id")).filter(~self._forgotten(entity_type, stored))
        self._staging.add([(f"entity.{entity_type}.rdf", frame)])

    def fallback_labels(self, entity_type: str, labels: pl.DataFrame) -> None:
        """Stage labels (``id``, ``label``) that count only where nothing better is known."""
        stored = self._stored(entity_type, labels.get_column("id"))
        self._mention(
            entity_type, labels.with_columns(stored.alias("id")).filter(~self._forgotten(entity_type, stored))
        )

    def _mention(self, entity_type: str, named: pl.DataFrame) -> None:
        if self._hidden(entity_type):
            named = named.with_columns(pl.lit(None, dtype=pl.String).alias("label"))
        counted = named.group_by("id", "label").agg(pl.len().cast(pl.Int64).alias("count"))
        self._staging.add([(f"tail.{entity_type}", counted.select(list(_MENTION)))])

    def _hidden(self, entity_type: str) -> bool:
        return self._people.pseudonyms is not None and self._people.schema.entity[entity_type].sensitive

    def _stored(self, entity_type: str, ids: pl.Series) -> pl.Series:
        pseudonyms = self._people.pseudonyms
        return ids if pseudonyms is None or not self._hidden(entity_type) else pseudonyms.of_all(entity_type, ids)

    def _forgotten(self, entity_type: str, ids: pl.Series) -> pl.Series:
        gone = self._people.suppression.among(entity_type, ids)
        self.notices.add(
            entity_type, "{n} [mention|mentions] of people who were forgotten [was|were] left out", int(gone.sum())
        )
        return gone
