"""Pairs of nodes → triples: which relation fits the types of both ends, and what the ends are called."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from kg.mapping.link import Link
from kg.ontology.plan import Edge
from kg.ontology.terms import LITERAL
from kg.rdf.emission import Emission
from kg.rdf.nodes import NodeTypes
from kg.rdf.outcome import Outcome
from kg.rdf.paths import Pairs
from kg.schema import Schema
from kg.stores.store import MAX_ID_BYTES
from kg.values.cells import too_long, trimmed
from kg.values.tail_cells import Cells, tails_of


@dataclass(frozen=True)
class Fit:
    """Which of several relations fits each pair."""

    masks: list[pl.Series]
    """One per relation."""
    ambiguous: pl.Series
    """More than one fits, and the type of an end is not known."""
    foreign: pl.Series
    """None fits, since the object is of another type."""


def fit(frame: pl.DataFrame, edges: Sequence[Edge], types: NodeTypes) -> Fit:
    """Compare the types of both ends with those of the relations; a literal fits everywhere."""
    ends = {end: (frame.get_column(end), frame.get_column(k) == LITERAL) for end, k in (("s", "skind"), ("o", "kind"))}
    open_ends = {end: literal | ~types.known(nodes) for end, (nodes, literal) in ends.items()}
    subject_fits, masks = [], []
    for edge in edges:
        s = open_ends["s"] | types.have(ends["s"][0], edge.subject_type)
        subject_fits.append(s)
        masks.append(s & (open_ends["o"] | types.have(ends["o"][0], edge.object_type)))
    count = pl.DataFrame([m.cast(pl.Int32).alias(str(i)) for i, m in enumerate(masks)]).sum_horizontal()
    any_subject = pl.DataFrame([m.alias(str(i)) for i, m in enumerate(subject_fits)]).select(pl.any_horizontal("*"))
    ambiguous = (open_ends["s"] | open_ends["o"]) & (count > 1)
    return Fit(masks, ambiguous, any_subject.to_series() & (count == 0))


def inferred(frame: pl.DataFrame, edges: Sequence[Edge], types: NodeTypes) -> dict[str, list[pl.Series]]:
    """Types of nodes that have none yet, from pairs that only one relation fits."""
    found, fitting = defaultdict(list), fit(frame, edges, types)
    for edge, mask in zip(edges, fitting.masks, strict=True):
        sure = frame.filter(mask & ~fitting.ambiguous)
        for end, kind, entity_type in (("s", "skind", edge.subject_type), ("o", "kind", edge.object_type)):
            nodes = sure.filter(pl.col(kind) != LITERAL).get_column(end)
            found[entity_type].append(nodes.filter(~types.known(nodes)))
    return found


class Edges:
    """Makes triples of pairs."""

    def __init__(self, schema: Schema, types: NodeTypes, emission: Emission, outcome: Outcome) -> None:
        self._schema, self._types, self._emission, self._outcome = schema, types, emission, outcome

    def place(self, pairs: Pairs, edges: Sequence[Edge]) -> None:
        """Stage the triples that the pairs stand for.

        :param pairs: may have ``weight`` and ``timestamp`` besides.
        """
        fitting = fit(pairs.frame, edges, self._types)
        tails = " or ".join(dict.fromkeys(edge.object_type for edge in edges))
        names = " or ".join(dict.fromkeys(edge.relation for edge in edges))
        self._refuse(pairs, fitting.ambiguous, f"may be {names}", f"say by rdf:type what the ends are: {tails}?")
        self._refuse(pairs, fitting.foreign, f"the object is no {tails}", f"{names} needs one; correct the type")
        for edge, mask in zip(edges, fitting.masks, strict=True):
            self._emit(pairs.only(mask & ~fitting.ambiguous), edge)

    def _refuse(self, pairs: Pairs, mask: pl.Series, reason: str, hint: str) -> None:
        rows = pairs.frame.filter(mask)
        if rows.height:
            self._outcome.reject(pairs.refs.join(rows, on="row", how="semi"), reason, hint)

    def _emit(self, pairs: Pairs, edge: Edge) -> None:
        frame = self._named(pairs.frame, edge)
        long = too_long(frame.get_column("s id")) | too_long(frame.get_column("o id"))
        bad = frame.filter(long).get_column("group")
        refused = pairs.frame.get_column("group").is_in(bad.implode())
        self._refuse(pairs, refused, "id too long", f"more than {MAX_ID_BYTES:,} bytes of UTF-8 fit into no index")
        good = frame.filter(~pl.col("group").is_in(bad.implode()))
        ends = ("o", "s") if edge.inverse else ("s", "o")
        forgotten = self._emission.triples(edge.relation, good, *ends)
        kept = pairs.frame.filter(~refused & ~pairs.frame.get_column("row").is_in(forgotten.implode()))
        self._outcome.load(pairs.refs.join(kept, on="row", how="semi"))

    def _named(self, frame: pl.DataFrame, edge: Edge) -> pl.DataFrame:
        """The rows with ``s id``, ``o id``, ``s label``, ``o label``; several where a literal names several."""
        for end, kind in (("s", "skind"), ("o", "kind")):
            nodes = frame.filter(pl.col(kind) != LITERAL)
            ids = self._emission.ids.of(nodes.get_column(end)).alias(f"{end} id")
            nodes = nodes.with_columns(ids, pl.lit(None, dtype=pl.String).alias(f"{end} label"))
            texts = frame.filter(pl.col(kind) == LITERAL)
            link = Link.model_validate(
                {"relation": edge.relation, "tail": edge.relation, "split": edge.split, "normalise": edge.normalise}
            )
            cells = Cells(trimmed(texts.get_column(end), ("",)), None)
            found = tails_of(cells, link, ("",), edge.relation, self._emission.notices)
            literal = texts.with_row_index("at").join(
                found.select("row", pl.col("tail").alias(f"{end} id"), pl.col("label").alias(f"{end} label")).rename(
                    {"row": "at"}
                ),
                on="at",
            )
            frame = pl.concat([nodes, literal.select(nodes.columns)])
        return frame
