"""Nodes that stand for one triple each, with weight and time: reviews, and the statements of whyrec's own exports."""

from collections.abc import Iterator, Sequence

import polars as pl

from kg.ontology.plan import MEASURES, Edge, Path, Plan, Qualified, Step
from kg.ontology.terms import TIMESTAMP, TYPE, canonical
from kg.rdf.outcome import REF_DTYPES, Outcome
from kg.rdf.paths import Pairs, Statements
from kg.values.number import Parsed, parse_numbers, parse_whole_numbers
from kg.values.timestamp import parse_timestamps


def qualified_pairs(
    statements: Statements, qualified: Qualified, plan: Plan, outcome: Outcome
) -> Iterator[tuple[Pairs, Sequence[Edge]]]:
    """The triples that nodes of a class stand for: pairs with what ``MEASURES`` names, and relations in question.

    A node without a head, tail or readable weight and time is rejected with all that is said of it.
    """
    table = statements.table(TYPE)
    of_class = table.get_column("o").map_elements(canonical, return_dtype=pl.String) == qualified.node
    typed = table.filter(of_class).rename({"s": "node"})
    if typed.is_empty():
        return
    nodes = typed.select("node").unique(maintain_order=True).with_row_index("group").cast({"group": pl.Int64})
    roles = {role: _role(statements, paths, nodes) for role, paths in qualified.roles.items() if paths}
    known = [
        pairs.frame.select("row", pl.col("s").alias("node")).join(pairs.refs, on="row") for pairs in roles.values()
    ]
    columns = ["node", *REF_DTYPES]
    refs = pl.concat([typed.select(columns), *(one.select(columns) for one in known)]).unique(maintain_order=True)
    numbers = {
        role: _numbers(roles[role].frame, exact=(Step(TIMESTAMP),) in qualified.timestamp, role=role)
        for role in MEASURES
        if role in roles
    }
    for role in [role for role in ("predicate", "head", "tail") if role in roles]:
        missing = nodes.join(roles[role].frame, left_on="node", right_on="s", how="anti")
        paths = " or ".join("/".join(step.predicate for step in path) for path in qualified.roles[role])
        outcome.reject(refs.join(missing, on="node", how="semi"), f"no {role}", f"say {paths}")
        nodes = nodes.join(missing, on="node", how="anti", maintain_order="left")
    for measure, (_, bad) in numbers.items():
        outcome.reject(refs.join(bad, on="node"), pl.col("reason"), f"{measure} of a {qualified.node}")
        nodes = nodes.join(bad, on="node", how="anti", maintain_order="left")
    frame = _joined(nodes, roles, {role: values for role, (values, _) in numbers.items()})
    yield from _by_relation(statements, qualified, plan, frame, refs)


def _by_relation(
    statements: Statements, qualified: Qualified, plan: Plan, frame: pl.DataFrame, refs: pl.DataFrame
) -> Iterator[tuple[Pairs, Sequence[Edge]]]:
    """The rows parted by what names their relation."""
    for (predicate,), part in frame.group_by("predicate", maintain_order=True):
        edges: Sequence[Edge] = qualified.edges
        if predicate is not None:
            entry = plan.entries.get((Step(canonical(str(predicate))),))
            edges = entry.edges if entry else ()
        if edges:
            rows = statements.numbered(part.drop("predicate"))
            yield Pairs(rows, rows.select("row", "node").join(refs, on="node").drop("node")), edges


def _role(statements: Statements, paths: tuple[Path, ...], nodes: pl.DataFrame) -> Pairs:
    pairs = statements.first_of(paths)
    return Pairs(pairs.frame.join(nodes, left_on="s", right_on="node", how="semi"), pairs.refs)


def _numbers(frame: pl.DataFrame, exact: bool, role: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """``node`` and its largest value; ``node`` and ``reason`` for values that cannot be read."""
    texts = frame.get_column("o").str.strip_chars()
    parsed: Parsed = parse_numbers(texts, None, False) if role == "weight" else parse_timestamps(texts)
    if role != "weight" and exact:
        parsed = parse_whole_numbers(texts, None, False)
    table = frame.select(pl.col("s").alias("node")).with_columns(
        parsed.values.alias(role), parsed.reason.alias("reason")
    )
    bad = table.filter(pl.col("reason").is_not_null()).select("node", "reason").unique("node", keep="first")
    return table.group_by("node").agg(pl.col(role).max()), bad


def _joined(nodes: pl.DataFrame, roles: dict[str, Pairs], numbers: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """One row per node, head, tail and predicate."""
    head = roles["head"].frame.select(pl.col("s").alias("node"), pl.col("o").alias("s"), pl.col("kind").alias("skind"))
    tail = roles["tail"].frame.select(pl.col("s").alias("node"), "o", "kind", "datatype", "lang")
    frame = nodes.join(head, on="node").join(tail, on="node")
    if "predicate" in roles:
        named = roles["predicate"].frame.select(pl.col("s").alias("node"), pl.col("o").alias("predicate"))
        frame = frame.join(named, on="node")
    else:
        frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias("predicate"))
    for role in MEASURES:
        dtype = pl.Float64() if role == "weight" else pl.Int64()
        if role in numbers:
            frame = frame.join(numbers[role], on="node", how="left")
        else:
            frame = frame.with_columns(pl.lit(None, dtype=dtype).alias(role))
    return frame
