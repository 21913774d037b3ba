"""Which runs an experiment file asks for, each with the fingerprint of what decides its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recommender.runs.environment import library_versions, source_digest
from recommender.runs.file import ExperimentFile, Model
from recommender.runs.record import Fingerprint, Kind, RunRecord

SOURCES: dict[Kind, tuple[str, ...]] = {
    "link prediction": ("kg", "embeddings"),
    "trial": ("kg", "embeddings"),
    "recommendation": ("kg", "embeddings", "recommender"),
}
"""The packages that compute each kind of figures."""


@dataclass(frozen=True)
class PlannedRun:
    """One run. ``model`` is ``None`` for what has no embedding."""

    fingerprint: Fingerprint
    row: str
    seed: int
    fold: int | None = None
    model: Model | None = None

    @property
    def title(self) -> str:
        """What a person reads while it runs."""
        fold = "" if self.fold is None else f", fold {self.fold + 1}"
        return f"{self.row}, {self.fingerprint.kind}, seed {self.seed}{fold}"


def fingerprint(kind: Kind, settings: dict[str, Any], data: str) -> Fingerprint:
    """The fingerprint of a run by the code and the libraries that are installed."""
    code = source_digest(SOURCES[kind])
    return Fingerprint(kind=kind, settings=settings, data=data, code=code, libraries=library_versions())


def plan_link_prediction(file: ExperimentFile, data: str) -> list[PlannedRun]:
    """Every model on every fold with every seed.

    :param data: hash of the data.
    """
    shared = {**split_settings(file), "candidates": file.candidates}
    runs = []
    for model in file.model:
        for fold in range(file.split.folds) if file.split.folds else (None,):
            for seed in file.seeds:
                settings = {**shared, **model_settings(file, model), "seed": seed, "fold": fold}
                runs.append(
                    PlannedRun(fingerprint("link prediction", settings, data), model.row, seed, fold, model),
                )
    return runs


def split_settings(file: ExperimentFile) -> dict[str, Any]:
    """What decides the parts of the triples."""
    return {"split": file.split.model_dump(mode="json"), "exclude": sorted(file.data.exclude)}


def model_settings(file: ExperimentFile, model: Model) -> dict[str, Any]:
    """What decides a model and its search; names do not."""
    told: dict[str, Any] = {"model": model.model_dump(mode="json", exclude={"name"})}
    if model.search:
        told |= {"search": file.search.model_dump(mode="json"), "search_seed": file.seeds[0]}
    return told


def stale_reasons(record: RunRecord, plan: Sequence[PlannedRun], now: Fingerprint | None) -> list[str]:
    """Why a finished run is none of the planned ones; empty where it is one.

    :param now: any planned fingerprint of the same kind, ``None`` where none is planned.
    """
    if any(record.id == one.fingerprint.id for one in plan):
        return []
    return (record.fingerprint.changes(now) if now else []) or ["settings"]
