"""Pairs of node and literal → labels and properties; of several languages the one that is wanted.

A label in a language for which the schema has ``label_<lang>`` goes there. Of all others the preferred language is the
label, then a text without a language; any other language counts only where the graph has no label at all. Among texts
that are wanted equally, as among numbers, the largest is taken, so that the choice is always the same.
"""

from collections import defaultdict
from collections.abc import Mapping

import polars as pl

from kg.money import PRICE
from kg.ontology.plan import Value
from kg.ontology.terms import BLANK, XSD
from kg.rdf.emission import Emission
from kg.rdf.nodes import NodeTypes
from kg.rdf.outcome import Outcome
from kg.rdf.paths import Pairs
from kg.schema import Schema
from kg.staging.resolution import said
from kg.stores.store import PROPERTY_DTYPES
from kg.values.cells import map_unique, trimmed
from kg.values.number import parse_numbers, parse_truth_values, parse_whole_numbers

_INTEGERS = [
    f"{XSD}{name}" for name in ("integer", "int", "long", "short", "byte", "nonNegativeInteger", "unsignedInt")
]
_UNTAGGED, _OTHER = 1_000, 2_000
"""Ranks of texts without a language and of texts in other languages than those preferred."""


class Values:
    """Collects what is said of each property, and settles it at the end."""

    def __init__(
        self, schema: Schema, types: NodeTypes, emission: Emission, outcome: Outcome, languages: tuple[str, ...]
    ) -> None:
        self._schema, self._types, self._emission, self._outcome = schema, types, emission, outcome
        self._languages = tuple(language.casefold() for language in languages)
        self._said: dict[tuple[str, str], list[Pairs]] = defaultdict(list)

    def place(self, pairs: Pairs, value: Value) -> None:
        """Note what the pairs say, as far as their subjects are of a type that has the property."""
        blank = pairs.frame.get_column("kind") == BLANK
        for entity_type in value.types:
            of_type = self._types.have(pairs.frame.get_column("s"), entity_type)
            self._reject(pairs, pairs.frame.filter(of_type & blank).get_column("row"), "not a literal", "write a value")
            self._note(entity_type, value.name, pairs.only(of_type & ~blank))

    def settle(self) -> None:
        """Stage the entities of all types with what is said of them."""
        for entity_type, declared in self._schema.entity.items():
            kinds = {"label": "str", **declared.properties}
            columns = [
                self._column(entity_type, name, kind)
                for name, kind in kinds.items()
                if self._said[entity_type, name] or name == "label"
            ]
            values = pl.concat([column.select("id") for column in columns]).unique(maintain_order=True)
            for column in columns:
                values = values.join(column, on="id", how="left", maintain_order="left")
            if values.height or self._types.nodes(entity_type).len():
                self._emission.entities(entity_type, self._types, values)

    def _note(self, entity_type: str, name: str, pairs: Pairs) -> None:
        """Put aside, with ``id`` and ``rank``; labels whose language has a property of its own go there."""
        ids = self._emission.ids.of(pairs.frame.get_column("s")).alias("id")
        frame = pairs.frame.with_columns(ids, self._ranks(pairs.frame.get_column("lang")))
        if name == "label":
            homes = _homes(self._schema.entity[entity_type].properties)
            tagged = frame.get_column("lang").drop_nulls().unique()
            found = {tag: _home(tag.casefold().replace("-", "_"), homes) for tag in tagged}
            housed = {tag: home for tag, home in found.items() if home is not None}
            for tag, (home, rank) in sorted(housed.items()):
                at_home = frame.filter(pl.col("lang") == tag).with_columns(pl.lit(rank, dtype=pl.Int64).alias("rank"))
                self._said[entity_type, home].append(Pairs(at_home, pairs.refs))
            frame = frame.filter(~pl.col("lang").is_in(list(housed)).fill_null(False))
        self._said[entity_type, name].append(Pairs(frame, pairs.refs))

    def _ranks(self, tags: pl.Series) -> pl.Series:
        """How welcome texts are, 0 first."""
        ranks = map_unique(tags, lambda tag: str(self._rank(tag.casefold()))).cast(pl.Int64)
        return ranks.fill_null(_UNTAGGED).alias("rank")

    def _rank(self, tag: str) -> int:
        for number, language in enumerate(self._languages):
            if tag == language or tag.startswith(f"{language}-"):
                return 2 * number + (tag != language)
        return _OTHER

    def _column(self, entity_type: str, name: str, kind: str) -> pl.DataFrame:
        """``id``, the value, and that it is said."""
        dtype = PROPERTY_DTYPES[kind]
        frames = [pairs.frame for pairs in self._said[entity_type, name]]
        empty = pl.DataFrame(schema={"id": pl.String(), name: dtype, said(name): pl.Boolean()})
        if not frames:
            return empty
        frame = pl.concat(frames)
        refs = pl.concat([pairs.refs for pairs in self._said[entity_type, name]])
        chosen = self._chosen(entity_type, name, frame) if kind == "str" else self._parsed(name, kind, frame, refs)
        self._outcome.load(refs.join(chosen, on="row", how="semi"))
        values = chosen.group_by("id", maintain_order=True).agg(
            pl.col("value").max().cast(dtype).alias(name),
            pl.lit(True).alias(said(name)),
            (pl.col("value").min() != pl.col("value").max()).alias("differs"),
        )
        sentence = f"{{n}} [id|ids] about whose {name} statements contradict each other; the largest value was taken"
        self._emission.notices.add(entity_type, sentence, int(values.get_column("differs").sum()))
        return pl.concat([empty, values.drop("differs")])

    def _chosen(self, entity_type: str, name: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The texts in the language that is most welcome for each entity."""
        best = frame.filter(pl.col("rank") == pl.col("rank").min().over("id")).with_columns(pl.col("o").alias("value"))
        sentence = (
            f"{{n}} [text|texts] for {name} [was|were] left out, since there are some in a language that is preferred"
        )
        self._emission.notices.add(entity_type, sentence, frame.height - best.height)
        if name != "label":
            return best
        foreign = best.filter(pl.col("rank") == _OTHER)
        if foreign.height:
            labels = foreign.group_by("id").agg(pl.col("o").max().alias("label"))
            self._emission.fallback_labels(entity_type, labels)
            refs = pl.concat([pairs.refs for pairs in self._said[entity_type, name]])
            self._outcome.load(refs.join(foreign, on="row", how="semi"))
        return best.filter(pl.col("rank") != _OTHER)

    def _parsed(self, name: str, kind: str, frame: pl.DataFrame, refs: pl.DataFrame) -> pl.DataFrame:
        cells = trimmed(frame.get_column("o"), ())
        if kind == "bool":
            parsed = parse_truth_values(cells)
        else:
            parsed = (parse_whole_numbers if kind == "int" else parse_numbers)(cells, None, False)
        reason = parsed.reason.alias("reason")
        if name == PRICE and kind != "bool":  # a discount or a return, which would be under any price
            below = pl.DataFrame([reason, (parsed.values < 0).fill_null(False).alias("below")])
            reason = below.select(
                pl.when("below").then(pl.lit("below 0")).otherwise("reason").alias("reason")
            ).to_series()
        integer = frame.get_column("datatype").is_in(_INTEGERS).fill_null(False)
        told = pl.DataFrame([frame.get_column("row"), reason, integer.alias("integer")]).filter(reason.is_not_null())
        why = pl.when("integer").then(pl.lit("not an integer")).otherwise(pl.col("reason"))
        self._outcome.reject(refs.join(told, on="row"), why, f"{name} is {kind}: {parsed.hint}")
        good = frame.with_columns(parsed.values.alias("value")).filter(reason.is_null())
        return good

    def _reject(self, pairs: Pairs, rows: pl.Series, reason: str, hint: str) -> None:
        if rows.len():
            self._outcome.reject(pairs.refs.filter(pl.col("row").is_in(rows.implode())), reason, hint)


def _homes(properties: Mapping[str, str]) -> dict[str, str]:
    """Language in small letters, with ``_`` → property for labels in it."""
    labels = [name for name, kind in properties.items() if kind == "str" and name.startswith("label_")]
    return {name.removeprefix("label_").casefold(): name for name in labels}


def _home(tag: str, homes: Mapping[str, str]) -> tuple[str, int] | None:
    """The property for labels with a tag, and how far that is from exact: ``zh_hans`` is at home in ``label_zh``."""
    parts = tag.split("_")
    for cut in range(len(parts), 0, -1):
        home = homes.get("_".join(parts[:cut]))
        if home is not None:
            return home, len(parts) - cut
    return None
