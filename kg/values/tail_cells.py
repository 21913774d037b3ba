"""The tails of a link: what the cells of one column name, one row of the result per (row, tail)."""

from dataclasses import dataclass

import polars as pl

from kg.mapping.link import Link, Normalisation
from kg.notices import Notices
from kg.values.cells import casefolded, identifiers, map_unique, trimmed
from kg.values.ingredient_list import Ingredients, parse_ingredients
from kg.values.ingredient_name import canonical_ingredient


@dataclass(frozen=True)
class Cells:
    """One column of a batch: single cells, trimmed, and lists as they came (or ``None``)."""

    single: pl.Series
    listed: pl.Series | None


def tails_of(cells: Cells, link: Link, nulls: tuple[str, ...], place: str, notices: Notices) -> pl.DataFrame:
    """Columns ``row`` (UInt32, position in the batch), ``tail`` (id), ``label`` (null: it is the id), ``weight``."""
    rows = pl.Series("row", range(cells.single.len()), dtype=pl.UInt32)
    single = pl.DataFrame([rows, cells.single.alias("text")]).drop_nulls("text")
    if link.normalise == "inci":
        found = _ingredient_lists(single, link, place, notices)
    else:
        if link.split is not None:
            single = single.with_columns(pl.col("text").str.split(link.split)).explode("text")
        found = _named(single.get_column("row"), trimmed(single.get_column("text"), nulls), link.normalise)
    if cells.listed is not None:
        listed = pl.DataFrame([rows, cells.listed.alias("text")]).drop_nulls("text")
        items = listed.filter(pl.col("text").list.len() > 0).explode("text")
        empty = items.get_column("text").is_null().sum()
        notices.add(place, f"{{n}} missing elements in lists of {link.tail!r} were left out", int(empty))
        text = trimmed(items.get_column("text"), nulls)
        found = pl.concat([found, _named(items.get_column("row"), text, link.normalise)])
    return found.unique(["row", "tail"], keep="first", maintain_order=True)


def normalised_ids(texts: pl.Series, normalise: Normalisation) -> pl.Series:
    """Trimmed texts as ids."""
    texts = identifiers(texts)
    if normalise == "casefold":
        return casefolded(texts)
    if normalise == "inci":
        return map_unique(texts, lambda text: (canonical_ingredient(text) or (text, text))[0])
    return texts


def _named(rows: pl.Series, texts: pl.Series, normalise: Normalisation) -> pl.DataFrame:
    """One tail per text; the text is the label where normalising changed more than its Unicode form."""
    ids = normalised_ids(texts, normalise)
    label = pl.when(pl.col("tail") != pl.col("label")).then(pl.col("label"))
    frame = pl.DataFrame([rows, ids.alias("tail"), identifiers(texts).alias("label")]).drop_nulls("tail")
    return frame.with_columns(label.alias("label"), pl.lit(None, dtype=pl.Float64).alias("weight"))


def _ingredient_lists(single: pl.DataFrame, link: Link, place: str, notices: Notices) -> pl.DataFrame:
    texts = single.get_column("text").unique()
    parsed = [parse_ingredients(text) for text in texts]
    flagged = single.join(
        pl.DataFrame(
            {"text": texts, "prose": [p.free_text for p in parsed], "possible": [len(p.possible) for p in parsed]},
            schema={"text": pl.String, "prose": pl.Boolean, "possible": pl.Int64},
        ),
        on="text",
    )
    notices.add(place, f"free text in {{n}} cells of {link.tail!r}", int(flagged.get_column("prose").sum()))
    left_out = link.possible_weight is None
    fate = "were left out" if left_out else f"got the weight {link.possible_weight}"
    possible = int(flagged.get_column("possible").sum())
    notices.add(place, f'{{n}} names after "may contain" in {link.tail!r} {fate}', possible)
    pairs = {
        "text": texts,
        "tail": [[name for name, _ in _pairs(p, left_out)] for p in parsed],
        "label": [[label if label != name else None for name, label in _pairs(p, left_out)] for p in parsed],
        "sure": [[True] * len(p.certain) + [False] * (0 if left_out else len(p.possible)) for p in parsed],
    }
    lists = {"tail": pl.List(pl.String), "label": pl.List(pl.String), "sure": pl.List(pl.Boolean)}
    names = pl.DataFrame(pairs, schema={"text": pl.String, **lists}).filter(pl.col("tail").list.len() > 0)
    found = single.join(names.explode(*lists), on="text", maintain_order="left")
    weight = pl.lit(None) if left_out else pl.when("sure").then(1.0).otherwise(link.possible_weight)
    return found.select("row", "tail", "label", weight.cast(pl.Float64).alias("weight"))


def _pairs(parsed: Ingredients, left_out: bool) -> tuple[tuple[str, str], ...]:
    """What a list certainly holds and, unless that is left out, what it may hold."""
    return parsed.certain if left_out else (*parsed.certain, *parsed.possible)
