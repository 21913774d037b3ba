"""The tails of a link: what the cells of one column name, one row of the result per (row, tail)."""

import re
from dataclasses import dataclass

import polars as pl

from kg.mapping.link import Link, Normalisation
from kg.notices import Notices
from kg.values.cells import casefolded, identifiers, map_unique, masked, trimmed
from kg.values.ingredient_list import Ingredients, cuts_at, parse_ingredients
from kg.values.ingredient_name import canonical_ingredient
from kg.values.list_text import list_texts
from kg.values.whole_ids import WholeIds, others, others_told

_TRUTHS = ("0", "1", "true", "false", "yes", "no", "0.0", "1.0")
_NOTHINGS = (
    "n/a",
    "n.a.",
    "n.a",
    "na",
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    "??",
    "???",
    ".",
    "none",
    "nil",
    "null",
    "nan",
    "unknown",
    "unspecified",
    "undefined",
    "not available",
    "not applicable",
    "not specified",
    "not set",
    "no brand",
    "tbd",
    "#n/a",
    "无",
    "無",
    "暂无",
    "暫無",
    "未知",
    "不详",
    "없음",
    "なし",
    "不明",
    "(none)",
    "(blank)",
    "(null)",
    "(empty)",
    "(not set)",
    "[]",
    "{}",
    "\\n",
)
"""What people write where there is nothing, folded."""
_ESCAPED = "\x1f"
"""Stands for an escaped separator while a cell is split."""


@dataclass(frozen=True)
class Cells:
    """One column of a batch: single cells, trimmed, and lists as they came (or ``None``)."""

    single: pl.Series
    listed: pl.Series | None


def tails_of(
    cells: Cells,
    link: Link,
    nulls: tuple[str, ...],
    place: str,
    notices: Notices,
    whole: WholeIds | None = None,
) -> pl.DataFrame:
    """Columns ``row`` (UInt32, position in the batch), ``tail`` (id), ``label`` (null: it is the id), ``weight``.

    :param whole: what is known of the ids of the file.
    """
    whole = whole or WholeIds()
    rows = pl.Series("row", range(cells.single.len()), dtype=pl.UInt32)
    cells = _with_written_lists(cells, link, place, notices)
    single = pl.DataFrame([rows, cells.single.alias("text")]).drop_nulls("text")
    if link.normalise == "inci":
        if link.split is not None and not cuts_at(link.split):  # a list's own comma may stand within 1,2-Hexanediol
            single = _split(single, link.split, link.tail, place, notices)
        found = _ingredient_lists(single, link, place, notices)
    else:
        if link.split is not None:
            single = _split(single, link.split, link.tail, place, notices)
        texts = single.get_column("text")
        found = _named(single.get_column("row"), _ids(texts, link, nulls, place, notices, whole), link)
        _tell_names(found.get_column("tail"), link, place, notices)
    if cells.listed is not None:
        listed = pl.DataFrame([rows, cells.listed.alias("text")]).drop_nulls("text")
        items = listed.filter(pl.col("text").list.len() > 0).explode("text")
        empty = items.get_column("text").is_null().sum()
        notices.add(
            place, f"{{n}} missing [element|elements] in lists of {link.tail!r} [was|were] left out", int(empty)
        )
        text = trimmed(items.get_column("text"), nulls)
        if link.normalise == "inci":  # as one list: what a pack may contain goes on from one element to the next
            kept = pl.DataFrame([items.get_column("row"), text.alias("text")]).drop_nulls("text")
            joined = kept.group_by("row", maintain_order=True).agg(pl.col("text").str.join(", "))
            found = pl.concat([found, _ingredient_lists(joined, link, place, notices)])
        else:
            text = _ids(items.get_column("text"), link, nulls, place, notices, whole)
            named = _named(items.get_column("row"), text, link)
            _tell_names(named.get_column("tail"), link, place, notices)
            found = pl.concat([found, named])
    return found.unique(["row", "tail"], keep="first", maintain_order=True)


def _ids(
    texts: pl.Series, link: Link, nulls: tuple[str, ...], place: str, notices: Notices, whole: WholeIds
) -> pl.Series:
    """Trimmed cells; 101.0 of a column of floating-point numbers is 101, as in columns of keys."""
    ids = whole.cells(link.tail, texts, nulls)
    if whole.told(link.tail):
        sentence = f"{{n}} [id|ids] in {link.tail!r} [was|were] read without '.0': 101.0 is 101"
        notices.add(place, sentence, int((trimmed(texts, nulls) != ids).sum()))
        notices.add(place, others_told(link.tail), others(ids))
    return ids


def column_as_tail(truths: pl.Series, link: Link) -> pl.DataFrame:
    """The tails of a column of truth values: its own name, for each row where it is true."""
    rows = pl.Series("row", truths.fill_null(False).arg_true(), dtype=pl.UInt32)
    name = pl.Series("text", [link.tail], dtype=pl.String).new_from_index(0, rows.len())
    return _named(rows, name, link)


def levels_of(tails: pl.Series, separator: str) -> pl.DataFrame:
    """Each level above the tails, and the tails: ``id``, ``label`` (the last level), ``parent`` (null at the top)."""
    found: dict[str, tuple[str, str | None]] = {}
    for path in tails.drop_nulls().unique().sort():
        levels = path.split(f" {separator.strip()} ")
        for depth, label in enumerate(levels, 1):
            above = f" {separator.strip()} ".join(levels[: depth - 1]) or None
            found.setdefault(f" {separator.strip()} ".join(levels[:depth]), (label, above))
    columns = {"id": list(found), "label": [v[0] for v in found.values()], "parent": [v[1] for v in found.values()]}
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String()))


def normalised_ids(texts: pl.Series, normalise: Normalisation) -> pl.Series:
    """Trimmed texts as ids."""
    texts = identifiers(texts)
    if normalise == "casefold":
        return casefolded(texts)
    if normalise == "inci":
        return map_unique(texts, lambda text: (canonical_ingredient(text) or (text, text))[0])
    return texts


def _with_written_lists(cells: Cells, link: Link, place: str, notices: Notices) -> Cells:
    """The cells with lists in place of texts that hold one."""
    written = list_texts(cells.single)
    if written is None:
        return cells
    mask, lists = written
    notices.add(
        place,
        f"{{n}} [cell|cells] of {link.tail!r} [holds a list|hold lists] written as text, read as [such|lists]",
        int(mask.sum()),
    )
    frame = pl.DataFrame({"single": cells.single, "mask": mask, "written": lists})
    if cells.listed is not None:
        frame = frame.with_columns(pl.coalesce("written", cells.listed.alias("listed")).alias("written"))
    return Cells(
        frame.select(pl.when(~pl.col("mask")).then("single")).to_series().alias(cells.single.name),
        frame.get_column("written"),
    )


def _split(single: pl.DataFrame, separator: str, column: str, place: str, notices: Notices) -> pl.DataFrame:
    """One row per part; a separator after a backslash is no separator."""
    text = pl.col("text")
    escaped = single.get_column("text").str.contains(f"\\{separator}", literal=True)
    if escaped.any():
        sentence = f"{{n}} [cell|cells] of {column!r} [holds|hold] an escaped separator"
        sentence += f", \\{separator}, read as part of the name"
        notices.add(place, sentence, int(escaped.sum()))
        text = text.str.replace_all(f"\\{separator}", _ESCAPED, literal=True)
    parts = single.with_columns(text.str.split(separator)).explode("text")
    return parts.with_columns(pl.col("text").str.replace_all(_ESCAPED, separator, literal=True))


def _named(rows: pl.Series, texts: pl.Series, link: Link) -> pl.DataFrame:
    """One tail per text; the text is the label where normalising changed more than its Unicode form."""
    if link.levels is not None:
        mark = re.escape(link.levels.strip())
        gap = rf"\s*{mark}(?:\s*{mark})*\s*"  # a level without a name is none
        texts = texts.str.replace_all(gap, f" {link.levels.strip()} ").str.strip_chars(f" {link.levels.strip()}")
        texts = masked(texts, (texts == "").fill_null(False))
    ids = normalised_ids(texts, link.normalise)
    label = pl.when(pl.col("tail") != pl.col("label")).then(pl.col("label"))
    frame = pl.DataFrame([rows, ids.alias("tail"), identifiers(texts).alias("label")]).drop_nulls("tail")
    frame = frame.with_columns(label.alias("label"), pl.lit(None, dtype=pl.Float64).alias("weight"))
    if link.levels is not None:
        last = pl.col("tail").str.split(f" {link.levels.strip()} ").list.last()
        frame = frame.with_columns(pl.when(last != pl.col("tail")).then(last).alias("label"))
    return frame


def _tell_names(tails: pl.Series, link: Link, place: str, notices: Notices) -> None:
    """A column that holds nothing but 0 and 1 names nothing, nor does ``n/a``."""
    if tails.len() and tails.str.to_lowercase().is_in(list(_TRUTHS)).all():
        notices.add(
            place,
            f"{{n}} [cell|cells] of {link.tail!r} [holds|hold] only truth values such as {tails[0]}, taken for ids; "
            "for columns of 0 and 1 tell tail_is_column = true",
            tails.len(),
        )
    nothing = tails.filter(tails.str.to_lowercase().is_in(list(_NOTHINGS)))
    for word in nothing.unique().sort():
        sentence = f"{{n}} [cell|cells] of {link.tail!r} [says|say] {word!r}, which was taken for an id"
        notices.add(
            place,
            f"{sentence}; if it means that there is none, list it in null (mapping)",
            int((nothing == word).sum()),
        )


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
    notices.add(place, f"free text in {{n}} [cell|cells] of {link.tail!r}", int(flagged.get_column("prose").sum()))
    left_out = link.possible_weight is None
    fate = "[was|were] left out" if left_out else f"got the weight {link.possible_weight}"
    possible = int(flagged.get_column("possible").sum())
    notices.add(place, f'{{n}} [name|names] after "may contain" in {link.tail!r} {fate}', possible)
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
