"""A leaderboard as CSV, Markdown or LaTeX: figures alone, so that a rerun writes the same file."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kg.document import nearest
from kg.errors import UsageError
from kg.values.formula import escaped_formula
from kg.workspace.output_file import Recogniser, starts_with
from recommender.leaderboard.standing import Figure, Row, Standing

LINK = ("mrr", "hits@1", "hits@3", "hits@10", "mean_rank", "amri")
RECOMMENDATION = ("ndcg", "recall", "hit_rate", "precision", "mrr", "coverage", "gini", "novelty")
SHOWN_LINK, SHOWN_RECOMMENDATION = ("mrr", "hits@1", "hits@10"), ("ndcg", "recall", "hit_rate")
TITLES = {"mrr": "MRR", "amri": "AMRI", "ndcg": "NDCG", "hit_rate": "hit rate"}
COSTS = ("seconds", "triples_per_second", "peak_memory")
COST_TITLES = ("seconds", "triples/s", "peak MiB")
SPECIAL = {c: f"\\{c}" for c in "&%$#_{}"} | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\^{}"}


STARTS: Mapping[str, Recogniser] = {
    ".csv": starts_with(b"experiment,model,finished,planned,"),
    ".md": starts_with(b"## ", contains="Means over runs ± half the 95 % interval".encode()),
    ".tex": starts_with(b"%", b"\\begin{tabular}", contains=b"\\begin{tabular}"),
}
"""Suffix → how a leaderboard that is there is known again."""


def export(standings: Sequence[Standing], path: Path, costs: bool = False) -> None:
    """Write a leaderboard; the suffix decides the format.

    :raises UsageError: for another suffix, or a file that cannot be written.
    """
    writers: dict[str, Callable[[Sequence[Standing], bool], str]] = {".csv": _csv, ".md": _markdown, ".tex": _latex}
    if path.suffix not in writers:
        raise UsageError(f"`export` {path}: unknown suffix; {nearest(path.suffix, list(writers))}")
    try:
        path.write_text(writers[path.suffix](standings, costs), encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"`export` {path}: cannot be written: {problem.strerror}") from None


def columns(one: Standing) -> list[tuple[str, str, str]]:
    """The columns that are shown of an experiment: part, metric, title."""
    link = [("link_prediction", name, TITLES.get(name, name)) for name in SHOWN_LINK]
    if any(row.recommendation for row in one.rows):
        return link + [("recommendation", name, f"rec. {TITLES.get(name, name)}") for name in SHOWN_RECOMMENDATION]
    return link


def cell(row: Row, part: str, metric: str, plus_minus: str = " ± ") -> str:
    """Mean and half the interval, such as ``0.3412 ± 0.0021``; a dash where there is nothing."""
    found: Figure | None = (getattr(row, part) or {}).get(metric)
    if found is None:
        return "–"
    if found.low is None or found.high is None:
        return f"{found.mean:.4f}"
    return f"{found.mean:.4f}{plus_minus}{(found.high - found.low) / 2:.4f}"


def cost_cells(row: Row) -> list[str]:
    """Seconds, triples per second, and MiB."""
    cost = row.cost or {}
    shown = {**cost, "peak_memory": cost["peak_memory"] / 2**20} if cost else {}
    return [f"{shown[name]:,.1f}" if name in shown else "–" for name in COSTS]


def _csv(standings: Sequence[Standing], costs: bool) -> str:
    """All metrics with all digits."""
    parts = [("link_prediction", name) for name in LINK] + [("recommendation", name) for name in RECOMMENDATION]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = [f"{part}_{name}{end}" for part, name in parts for end in ("", "_low", "_high")]
    writer.writerow(["experiment", "model", "finished", "planned", *heads, *(COSTS if costs else ())])
    for one in standings:
        for row in one.rows:
            names = map(escaped_formula, (one.experiment, row.model))
            cells: list[object] = [*names, row.finished, row.planned]
            for part, name in parts:
                found = (getattr(row, part) or {}).get(name)
                cells += [None] * 3 if found is None else [found.mean, found.low, found.high]
            writer.writerow(cells + [(row.cost or {}).get(name) for name in COSTS] if costs else cells)
    return text.getvalue()


def _markdown(standings: Sequence[Standing], costs: bool) -> str:
    blocks = []
    for one in standings:
        shown = columns(one)
        heads = ["model", "runs", *(title for *_, title in shown), *(COST_TITLES if costs else ())]
        lines = [f"## {one.experiment}", "", *(f"- {note}" for note in one.notes), *([""] if one.notes else [])]
        lines += [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
        for row in one.rows:
            cells = [row.model.replace("|", "\\|"), _runs(row), *(cell(row, part, name) for part, name, _ in shown)]
            lines.append(f"| {' | '.join(cells + (cost_cells(row) if costs else []))} |")
        lines += ["", f"Means over runs ± half the 95 % interval; figures {one.digest}, data {one.data[:12]}.", ""]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def _latex(standings: Sequence[Standing], costs: bool) -> str:
    blocks = []
    for one in standings:
        shown = columns(one)
        heads = ["model", *(title for *_, title in shown), *(COST_TITLES if costs else ())]
        lines = [*(f"% {note}" for note in one.notes), f"\\begin{{tabular}}{{l{'r' * (len(heads) - 1)}}}", "\\hline"]
        lines += [" & ".join(map(_escaped, heads)) + r" \\", "\\hline"]
        best = {(part, name): _best(one, part, name) for part, name, _ in shown}
        for row in one.rows:
            cells = [_escaped(row.model)]
            for part, name, _ in shown:
                text = cell(row, part, name, r" \pm ")
                bold = row.model == best[part, name]
                cells.append("--" if text == "–" else f"$\\mathbf{{{text}}}$" if bold else f"${text}$")
            lines.append(" & ".join(cells + (cost_cells(row) if costs else [])) + r" \\")
        lines += ["\\hline", "\\end{tabular}", f"% {one.experiment}: figures {one.digest}, data {one.data[:12]}", ""]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def _best(one: Standing, part: str, metric: str) -> str | None:
    """The model with the highest mean; all metrics that are shown are the better the higher."""
    found = [(row.model, (getattr(row, part) or {}).get(metric)) for row in one.rows]
    means = {name: figure.mean for name, figure in found if figure}
    return max(means, key=lambda name: means[name], default=None)


def _runs(row: Row) -> str:
    return str(row.finished) if row.finished == row.planned else f"{row.finished} of {row.planned}"


def _escaped(text: str) -> str:
    return "".join(SPECIAL.get(char, char) for char in text)
