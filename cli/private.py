"""What commands with ``--private`` show: numbers of people with noise, as tables or as a file."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import typer

from cli.output import Output
from kg.errors import UsageError
from kg.values.formula import escaped_formula
from kg.workspace.output_file import check_output, starts_with
from recommender.results.responsibility.private import PrivateAnswer, PrivateCount, PrivateTable
from recommender.texts.languages import language

LISTED = 15
"""Rows of a table that are shown; documents and files have them all."""
ROUND = 1_000
"""Noise from which on tenths say nothing."""
COLUMNS = ("table", "id", "type", "label", "how", "people", "low", "high", "lift", "lift_low", "lift_high", "supply")


def asked_private(
    ctx: typer.Context, private: bool, epsilon: float | None, out: Path | None = None, never: Sequence[str] = ()
) -> bool:
    """Whether numbers with noise were asked for; what goes with them is checked.

    :param out: a file for these numbers alone.
    :param never: options that say nothing of numbers with noise, by their parameters' names.
    :raises UsageError: for what goes with ``private`` without it, what does not with it, or a file that is no table.
    """
    if not private and (epsilon is not None or out is not None):
        raise UsageError(f"`{'epsilon' if epsilon is not None else 'out'}` goes with `private`")
    told = [name for name in never if (source := ctx.get_parameter_source(name)) and source.name != "DEFAULT"]
    if private and told:
        raise UsageError(
            f"`{told[0]}` does not go with `private`, which tells numbers of people with noise and nothing else; leave "
            "one of them out"
        )
    if private and out is not None:
        check_rows(out, COLUMNS)  # before anything is paid for
    return private


def show_private(output: Output, found: PrivateAnswer, lang: str, out: Path | None = None) -> None:
    """Print an answer with noise; only what stands out from the noise is shown as a table."""
    if out is not None:
        rows = [(table.name, one) for table in found.tables for one in table.counts]
        write_rows(out, COLUMNS, [(name, *(getattr(one, key) for key in COLUMNS[1:])) for name, one in rows])
    if output.document(found):
        return
    output.line(found.text)
    for table in found.tables:
        _show(output, table, lang)
    output.line(found.left_out)


def check_rows(out: Path, columns: Sequence[str]) -> None:
    """Refuse a file that is there and has not these columns, or is no CSV file by its name.

    :raises UsageError: saying so.
    """
    if out.suffix != ".csv":
        raise UsageError(f"--out {out}: expected a name that ends in .csv")
    check_output(out, starts_with(",".join(columns).encode()), None, force=None)


def write_rows(out: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV file.

    :raises UsageError: where it cannot be written.
    """
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows([escaped_formula(c) if isinstance(c, str) else c for c in row] for row in rows)
    except OSError as problem:
        raise UsageError(f"--out {out}: cannot be written: {problem.strerror or problem}") from None


def _lift(one: PrivateCount) -> str:
    return "–" if one.lift is None else f"{one.lift:.1f} ({one.lift_low:.1f}–{one.lift_high:.1f})"


def _show(output: Output, table: PrivateTable, lang: str) -> None:
    words = language(lang)
    texts, shared = words.section("private"), words.section("marketing")
    noise = f"{table.noise:,.1f}" if table.noise < ROUND else f"{table.noise:,.0f}"
    seen = [one for one in table.counts if isinstance(one.people, int)]
    if not seen:
        output.line(texts["none"].format(title=table.title, noise=noise))
        return
    columns = [(shared["people"], [f"{one.people:,}" for one in seen])]
    columns.append((texts["range"], [f"{one.low:,}–{one.high:,}" for one in seen]))
    if any(one.lift is not None for one in seen):
        columns.append((texts["lift"], [_lift(one) for one in seen]))
    if any(one.supply is not None for one in seen):
        columns.append((texts["supply"], [f"{one.supply:,}" for one in seen]))
    numbers = [head for head, _ in columns]
    columns = [(shared["id"], [one.id for one in seen]), (shared["what"], [one.label for one in seen]), *columns]
    if any(one.how for one in seen):
        columns.insert(0, (shared["how"], [one.how or "" for one in seen]))
    rows = list(zip(*(cells for _, cells in columns), strict=True))[:LISTED]
    title = texts["table"].format(title=table.title, most=table.contributions, noise=noise)
    output.table(title, [head for head, _ in columns], rows, right=numbers)
    if len(table.counts) > len(rows):
        output.line(texts["more"].format(n=words.number(len(table.counts) - len(rows))))
