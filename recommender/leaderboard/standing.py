"""The leaderboard: figures of models side by side, mean ± interval over seeds or folds; stale runs stand apart."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, Field
from scipy.special import stdtrit

from recommender.runs.plan import PlannedRun, stale_reasons
from recommender.runs.record import Kind, RunRecord

LEVEL = 0.95
KINDS: tuple[Kind, ...] = ("link prediction", "recommendation")


class Figure(BaseModel, frozen=True):
    """A mean over runs; its interval at 95 % by Student's t, ``None`` for a single run.

    Over folds: seeds are averaged within each, and the variance is corrected because folds share training triples
    (Nadeau & Bengio, 2003).
    """

    mean: float
    low: float | None
    high: float | None
    runs: int


class Row(BaseModel, frozen=True):
    """One model."""

    model: str
    settings: dict[str, Any]
    """What a search chose, as lists where folds chose differently; parameters of a tuned baseline."""
    link_prediction: dict[str, Figure] | None = None
    recommendation: dict[str, Figure] | None = None
    relations: dict[str, dict[str, float]] = Field(default_factory=dict)
    """Relation → means of the figures of link prediction; by missing side under ``(head)`` and ``(tail)``."""
    finished: int
    planned: int
    cost: dict[str, float] | None = None
    """Seconds and triples per second, means over link prediction runs, and peak memory in bytes, the largest of all
    runs; only where asked for: no two runs cost the same to the bit."""


class StaleRun(BaseModel, frozen=True):
    """A finished run that is none of those the file asks for now."""

    run: str
    model: str
    kind: str
    seed: int
    metrics: dict[str, float]
    changed: list[str]
    """What is not as it was: data, code, libraries, settings."""


class Standing(BaseModel, frozen=True):
    """The leaderboard of one experiment."""

    experiment: str
    data: str
    """Hash of the snapshot or of the files."""
    split: dict[str, Any]
    """Of the triples; of the first fold."""
    recommendation: dict[str, Any]
    """Split of the interactions, where that was asked for."""
    notes: list[str]
    """What a reader should know before believing the figures."""
    rows: list[Row]
    """The highest mean MRR of link prediction first, then the highest NDCG."""
    digest: str
    """BLAKE2b of the figures to the last bit: a rerun that gives the same has the same."""
    stale: list[StaleRun]


def standing(
    name: str, data: str, plan: Sequence[PlannedRun], records: Iterable[RunRecord], costs: bool = False
) -> Standing:
    """The leaderboard of an experiment.

    :param plan: what the file asks for now, by the code that is installed now.
    :param records: finished runs; those that are not in the plan are shown apart.
    """
    found = [record for record in records if record.fingerprint.kind in KINDS]
    there = {record.id: record for record in found}
    current = [there[one.fingerprint.id] for one in plan if one.fingerprint.id in there]
    names = dict.fromkeys(one.row for one in plan)
    rows = sorted((_row(row, plan, there, costs) for row in names), key=_order)
    figures = [row.model_dump(mode="json", exclude={"cost", "finished", "planned"}) for row in rows]
    splits = {kind: next((r.split for r in current if r.fingerprint.kind == kind), {}) for kind in KINDS}
    now = {kind: next((one.fingerprint for one in plan if one.fingerprint.kind == kind), None) for kind in KINDS}
    ordered = sorted(found, key=lambda record: (record.fingerprint.kind, record.row, record.seed, record.id))
    stale = [(record, stale_reasons(record, plan, now[record.fingerprint.kind])) for record in ordered]
    return Standing(
        experiment=name,
        data=data,
        split=splits["link prediction"],
        recommendation=splits["recommendation"],
        notes=list(dict.fromkeys(note for record in current for note in record.notes)),
        rows=rows,
        digest=hashlib.blake2b(json.dumps(figures, sort_keys=True).encode(), digest_size=8).hexdigest(),
        stale=[_stale(record, changed) for record, changed in stale if changed],
    )


def figure(runs: Sequence[RunRecord], metric: str) -> Figure:
    """The mean of a metric over runs, and its interval.

    :param runs: at least one, all of which have the metric.
    """
    folds: dict[int | None, list[float]] = {}
    for run in runs:
        folds.setdefault(run.fold, []).append(run.metrics[metric])
    if len(folds) == 1:
        values, shared = np.array(next(iter(folds.values()))), 0.0
    else:
        values = np.array([np.mean(of_fold) for of_fold in folds.values()])
        shared = 1 / (int(runs[0].split.get("folds", len(folds))) - 1)
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Figure(mean=mean, low=None, high=None, runs=len(runs))
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2) * values.std(ddof=1) * np.sqrt(1 / n + shared))
    return Figure(mean=mean, low=mean - half, high=mean + half, runs=len(runs))


def _row(name: str, plan: Sequence[PlannedRun], there: dict[str, RunRecord], costs: bool) -> Row:
    mine = [one for one in plan if one.row == name]
    done = [there[one.fingerprint.id] for one in mine if one.fingerprint.id in there]
    parts = {kind: [record for record in done if record.fingerprint.kind == kind] for kind in KINDS}
    figures = {kind: _figures(runs) for kind, runs in parts.items()}
    return Row(
        model=name,
        settings=_chosen(done),
        link_prediction=figures["link prediction"],
        recommendation=figures["recommendation"],
        relations=_by_relation(parts["link prediction"]),
        finished=len(done),
        planned=len(mine),
        cost=_cost(done, parts["link prediction"]) if costs and done else None,
    )


def _figures(runs: Sequence[RunRecord]) -> dict[str, Figure] | None:
    if not runs:
        return None
    metrics = [name for name in runs[0].metrics if all(name in run.metrics for run in runs)]
    return {name: figure(runs, name) for name in metrics}


def _by_relation(runs: Sequence[RunRecord]) -> dict[str, dict[str, float]]:
    """Means over the runs that tested a relation: folds may lack some."""
    found: dict[str, dict[str, float]] = {}
    for relation in sorted({name for run in runs for name in run.relations}):
        there = [run.relations[relation] for run in runs if relation in run.relations]
        shared = [name for name in there[0] if all(name in one for one in there)]
        found[relation] = {name: float(np.mean([one[name] for one in there])) for name in shared}
    return found


def _chosen(runs: Sequence[RunRecord]) -> dict[str, Any]:
    """What searches chose, and parameters of baselines."""
    found: dict[str, list[Any]] = {}
    for run in runs:
        searched = run.trials[0].keys() - {"validation_mrr"} if run.trials else set()
        of_baseline = run.config.keys() if "model" not in run.config else set()
        for key in sorted(searched | of_baseline):
            values = found.setdefault(key, [])
            if run.config[key] not in values:
                values.append(run.config[key])
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _cost(runs: Sequence[RunRecord], trained: Sequence[RunRecord]) -> dict[str, float]:
    found: dict[str, float] = {"peak_memory": max(run.cost.peak_memory for run in runs)}
    if trained:
        found["seconds"] = float(np.mean([run.cost.seconds for run in trained]))
        speeds = [run.cost.triples_per_second for run in trained if run.cost.triples_per_second]
        found |= {"triples_per_second": float(np.mean(speeds))} if speeds else {}
    return found


def _order(row: Row) -> tuple[float, float, str]:
    link, recommendation = row.link_prediction or {}, row.recommendation or {}
    first = -link["mrr"].mean if "mrr" in link else 1.0
    return first, -recommendation["ndcg"].mean if "ndcg" in recommendation else 1.0, row.model


def _stale(record: RunRecord, changed: list[str]) -> StaleRun:
    return StaleRun(
        run=record.id,
        model=record.row,
        kind=record.fingerprint.kind,
        seed=record.seed,
        metrics=record.metrics,
        changed=changed,
    )
