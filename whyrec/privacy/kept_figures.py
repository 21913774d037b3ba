"""Kept figures: what runs of experiments gave one person, found again though no row of theirs names anybody.

Rows stand in the order of what was tested. Where the snapshot that a run was made from is still kept, its split is made
again, its digest compared with that of the run, and the rows of the person picked out; elsewhere nobody can tell which
row is whose, and the runs are named.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from embeddings.splitting.config import TripleSource, TripleSplitConfig
from embeddings.splitting.triple_data import TripleData
from kg.errors import WhyrecError
from kg.schema import inverse_of
from kg.snapshot.snapshot import Snapshot
from kg.workspace.run_values import run_values
from kg.workspace.workspace import Workspace
from recommender.experiments.experiment import Experiment
from recommender.experiments.link_prediction import LinkPredictionExperiment
from recommender.experiments.recommendation import METRICS, RecommendationExperiment
from recommender.results.document import Result
from recommender.runs.file import ExperimentFile, Recommendation
from recommender.runs.record import RunFolder, RunRecord
from whyrec.privacy.kept_copies import copies_of

SIDES = ("rank of the head", "rank of the tail")


class RunFigure(Result):
    """One figure that a run gave her."""

    experiment: str
    run: str
    """Its folder is called so."""
    kind: str
    """``recommendation`` or ``link prediction``."""
    model: str
    """As the leaderboard names it."""
    seed: int
    split: str
    fold: int | None
    """From 0; ``None`` where there is one part only."""
    metric: str
    """Of her list, or of one triple of hers, where the three below say which."""
    value: float
    relation: str | None = None
    """``relation``, or ``~relation`` where it leads to her."""
    type: str | None = None
    id: str | None = None
    """Of the other end; ``None`` where that is a person, too."""


def kept_figures(workspace: Workspace, person: tuple[str, str]) -> tuple[list[RunFigure], list[str]]:
    """What runs gave a person, and the runs, by their folders, of which nobody can tell any more.

    :param person: type and id.
    """
    paths = list(run_values(workspace.folder))
    if not paths:
        return [], []
    own, found, unclear = _snapshots(workspace), list[RunFigure](), list[str]()
    for folder in sorted({path.parents[2] for path in paths}):
        runs = sorted(path.parent for path in paths if path.parents[2] == folder)
        rows = _Rows(person, {**_snapshots_of_another(workspace, folder), **own})
        for run in runs:
            figures = rows.of(folder, run.name)
            if figures is None:
                inside = run.is_relative_to(workspace.folder)
                unclear.append(str(run.relative_to(workspace.folder) if inside else run))
            found += figures or []
    return found, unclear


def _snapshots(workspace: Workspace) -> dict[str, Snapshot]:
    return {one.hash: one for _, one, _, _ in copies_of(workspace) if one is not None}


def _snapshots_of_another(workspace: Workspace, folder: Path) -> dict[str, Snapshot]:
    """Those of the workspace that an experiment names, where that is another."""
    with suppress(WhyrecError, OSError):
        named = Experiment.of_folder(folder, lambda _: workspace.snapshot()).workspace
        if named.resolve() != workspace.folder.resolve():
            return _snapshots(Workspace(named))
    return {}


@dataclass
class _Rows:
    """The rows of one person in the values of runs; splits are made once for the runs that share them."""

    person: tuple[str, str]
    snapshots: dict[str, Snapshot]
    _made: dict[str, Any] = field(default_factory=dict)

    def of(self, folder: Path, run: str) -> list[RunFigure] | None:
        """What a run gave her; ``None`` where nobody can tell."""
        runs = RunFolder(folder)
        try:
            record = runs.record(run)
            snapshot = self.snapshots.get(record.fingerprint.data)
            if snapshot is None:
                return None
            idx = snapshot.vocabulary.get(*self.person)
            if idx is None:
                return []
            pick = self._of_list if record.fingerprint.kind == "recommendation" else self._of_triples
            figures = pick(record, snapshot, idx, runs.values(record))
        except (WhyrecError, ValidationError, KeyError, IndexError):
            return None
        if figures is None:
            return None
        settings = record.fingerprint.settings
        told = settings.get("recommendation") or settings["split"]
        shared = {
            "experiment": folder.name,
            "run": record.id,
            "kind": record.fingerprint.kind,
            "model": record.row,
            "seed": record.seed,
            "split": told.get("split") or told["kind"],
            "fold": record.fold,
        }
        return [RunFigure(**shared, **one) for one in figures]

    def _of_list(
        self, record: RunRecord, snapshot: Snapshot, idx: int, values: NDArray[np.float64]
    ) -> list[dict[str, Any]] | None:
        settings = record.fingerprint.settings
        key = repr((snapshot.hash, settings["recommendation"]))
        if key not in self._made:
            told = Recommendation.model_validate(settings["recommendation"])
            file = ExperimentFile.model_construct(data=TripleSource(), recommendation=told)
            again = RecommendationExperiment(file, snapshot, RunFolder(Path()))
            self._made[key] = again.tested, again.people
        tested, people = self._made[key]
        if tested != record.test or values.shape != (len(people), len(METRICS)):
            return None
        row = next((n for n, one in enumerate(people) if one == (self.person[0], idx)), None)
        if row is None:
            return []
        return [{"metric": name, "value": value} for name, value in zip(METRICS, values[row].tolist(), strict=True)]

    def _of_triples(
        self, record: RunRecord, snapshot: Snapshot, idx: int, values: NDArray[np.float64]
    ) -> list[dict[str, Any]] | None:
        settings = record.fingerprint.settings
        key = repr((snapshot.hash, settings["split"], settings["exclude"], record.fold))
        if key not in self._made:
            told = dict(settings["split"])
            if told.get("folds"):  # which decide how much is tested on
                told.pop("test", None)
            split = TripleSplitConfig.model_validate(told)
            source = TripleSource(exclude=tuple(settings["exclude"]))
            file = ExperimentFile.model_construct(data=source, split=split)
            data = TripleData.of_snapshot(snapshot, source.exclude)
            again = LinkPredictionExperiment(file, data, RunFolder(Path())).split(record.fold)[0]
            self._made[key] = again.digest, again.test, data.relations
        digest, test, relations = self._made[key]
        if record.test != f"{snapshot.hash[:16]}-{digest}-{settings['candidates']}" or values.shape != (len(test), 2):
            return None
        own = snapshot.vocabulary.start(self.person[0]) + idx
        return list(_ranks(snapshot, own, (test, values), relations))


def _ranks(
    snapshot: Snapshot, own: int, tested: tuple[NDArray[np.int64], NDArray[np.float64]], relations: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Both ranks of each tested triple of somebody."""
    test, values = tested
    for row in np.flatnonzero((test[:, 0] == own) | (test[:, 2] == own)).tolist():
        head, relation, tail = test[row].tolist()
        name = relations[relation]
        other, far = snapshot.vocabulary.locate(tail if head == own else head)
        hidden = snapshot.schema.entity[other].sensitive or other in snapshot.schema.user_types
        triple = {
            "relation": name if head == own else inverse_of(name),
            "type": other,
            "id": None if hidden else snapshot.vocabulary.id(other, far),
        }
        for side, rank in zip(SIDES, values[row].tolist(), strict=True):
            yield {"metric": side, "value": rank, **triple}
