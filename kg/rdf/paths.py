"""Staged statements, and the pairs that a path through them connects; RDF lists are taken apart on the way."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from kg.ontology.plan import Path, Step
from kg.ontology.terms import BLANK, FIRST, IRI, LITERAL, NIL, REST
from kg.rdf.outcome import REF_DTYPES, Outcome
from kg.rdf.statements import STATEMENT_DTYPES
from kg.staging.tables import Staging

STAGED_DTYPES: dict[str, pl.DataType] = {"file": pl.Int64(), "n": pl.Int64(), **STATEMENT_DTYPES}
"""Columns of the staged tables ``rdf.K`` for the property with number K; ``n``: place of the statement in its file."""

_OBJECT = ("o", "kind", "datatype", "lang")


@dataclass(frozen=True)
class Pairs:
    """What a path connects."""

    frame: pl.DataFrame
    """``row`` (unique), ``group`` (rows that stand and fall together), ``s``, ``skind``, ``o``, ``kind``, ``datatype``,
    ``lang``."""
    refs: pl.DataFrame
    """``row`` and the statements that it rests on, as ``REF_DTYPES``."""

    def only(self, mask: pl.Series) -> "Pairs":
        """The rows for which the mask is true."""
        return Pairs(self.frame.filter(mask), self.refs)


@dataclass(frozen=True)
class _Lists:
    """RDF lists by their first cells."""

    members: pl.DataFrame
    """``head``, and the columns of ``_OBJECT``."""
    cells: pl.DataFrame
    """``head``, ``k``, ``file``, ``n``: the statements that a list is made of."""
    heads: pl.Series
    broken: pl.Series
    """All other cells: of lists without an end, and from the midst of lists."""


class Statements:
    """The statements of a load that matter."""

    def __init__(self, staging: Staging, predicates: list[str], outcome: Outcome) -> None:
        self._staging, self._outcome = staging, outcome
        self._numbers = {predicate: k for k, predicate in enumerate(predicates)}
        self._rows = 0
        self._lists = self._find_lists()

    def table(self, predicate: str) -> pl.DataFrame:
        """All statements with a property, columns of ``STAGED_DTYPES`` and its number ``k``."""
        number = self._numbers[predicate]
        table = self._staging.scan(f"rdf.{number}")
        frame = pl.DataFrame(schema=STAGED_DTYPES) if table is None else table.collect()
        return frame.with_columns(pl.lit(number, dtype=pl.Int64).alias("k"))

    def cells(self) -> pl.DataFrame:
        """``head``, ``k``, ``file``, ``n`` of all lists."""
        return self._lists.cells

    def pairs(self, path: Path) -> Pairs:
        """What a path connects."""
        frame = self._step(path[0], 0)
        for number, step in enumerate(path[1:], 1):
            nodes = frame.filter(pl.col("kind") != LITERAL).drop("kind", "datatype", "lang").rename({"o": "via"})
            frame = nodes.join(self._step(step, number).drop("skind"), left_on="via", right_on="s").drop("via")
        last = len(path) - 1
        group = pl.col(f"file{last}") * (1 << 40) + pl.col(f"n{last}")
        frame = frame.with_columns(group.alias("group"), self._new_rows(frame.height))
        refs = [frame.select("row", *(pl.col(f"{c}{i}").alias(c) for c in REF_DTYPES)) for i in range(len(path))]
        return Pairs(frame.select("row", "group", "s", "skind", *_OBJECT), pl.concat(refs))

    def first_of(self, paths: Iterable[Path]) -> Pairs:
        """What any of several paths connects."""
        found = [self.pairs(path) for path in paths]
        return Pairs(pl.concat([one.frame for one in found]), pl.concat([one.refs for one in found]))

    def numbered(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with new numbers in ``row``."""
        return frame.with_columns(self._new_rows(frame.height))

    def _new_rows(self, count: int) -> pl.Series:
        self._rows += count
        return pl.int_range(self._rows - count, self._rows, dtype=pl.Int64, eager=True).alias("row")

    def _step(self, step: Step, number: int) -> pl.DataFrame:
        frame = self._spread(self.table(step.predicate))
        kind = pl.when(pl.col("s").str.starts_with("_:")).then(BLANK).otherwise(IRI).cast(pl.Int8)
        frame = frame.with_columns(kind.alias("skind"))
        if step.inverse:
            nulls = (pl.lit(None, dtype=pl.String).alias(name) for name in ("datatype", "lang"))
            frame = frame.filter(pl.col("kind") != LITERAL).with_columns(*nulls)
            frame = frame.rename({"s": "o", "o": "s", "kind": "skind", "skind": "kind"})
        return frame.select("s", "skind", *_OBJECT, *(pl.col(c).alias(f"{c}{number}") for c in REF_DTYPES))

    def _spread(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One row per member where the object is a list."""
        node = pl.col("kind") != LITERAL
        empty = node & (pl.col("o") == NIL)
        listed = node & pl.col("o").is_in(self._lists.heads.implode())
        broken = node & pl.col("o").is_in(self._lists.broken.implode())
        nul = pl.col("o").str.contains("\0", literal=True)
        self._outcome.load(frame.filter(empty))
        hint = "each cell needs one rdf:first and one rdf:rest; a list in a list, or a NUL in a member, is not read"
        self._outcome.reject(frame.filter(broken), "broken RDF list", hint)
        self._outcome.reject(frame.filter(nul), "NUL byte", "remove it")
        spread = frame.filter(listed).rename({"o": "head"}).drop("kind", "datatype", "lang")
        spread = spread.join(self._lists.members, on="head", how="inner", maintain_order="left").drop("head")
        return pl.concat([frame.filter(~(empty | listed | broken | nul)), spread.select(frame.columns)])

    def _find_lists(self) -> _Lists:
        first, rest = self.table(FIRST), self.table(REST)
        columns = ("s", *_OBJECT, "k", "file", "n")
        firsts, rests = ({row[0]: row[1:] for row in t.select(columns).iter_rows()} for t in (first, rest))
        twice = {s for t in (first, rest) for s in t.filter(pl.col("s").is_duplicated()).get_column("s")}
        inner = {row[0] for row in rests.values()}
        members, cells = list[tuple[object, ...]](), list[tuple[object, ...]]()
        good = dict[str, None]()
        for head in dict.fromkeys([*firsts, *rests]):
            if head in inner:
                continue
            found, node = list[str](), head
            while node in firsts and node in rests and node not in twice and len(found) <= len(firsts):
                found.append(node)
                node = rests[node][0]
            if node != NIL:
                continue
            good[head] = None
            members += [(head, *firsts[one][:4]) for one in found]
            cells += [(head, *table[one][4:]) for one in found for table in (firsts, rests)]
        for bad in {row[0] for row in members if row[1] in good or "\0" in str(row[1])}:
            good.pop(str(bad), None)
        members = [row for row in members if row[0] in good]
        objects = {name: STAGED_DTYPES[name] for name in _OBJECT}
        return _Lists(
            pl.DataFrame(members, schema={"head": pl.String(), **objects}, orient="row"),
            pl.DataFrame(cells, schema={"head": pl.String(), **REF_DTYPES}, orient="row"),
            pl.Series(list(good), dtype=pl.String),
            pl.Series([node for node in dict.fromkeys([*firsts, *rests]) if node not in good], dtype=pl.String),
        )
