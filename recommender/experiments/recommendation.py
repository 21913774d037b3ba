"""Recommendation runs of an experiment: the blend with each model, paths alone, and the baselines, on one split."""

import hashlib
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embeddings.splitting.triple_data import TripleData
from embeddings.splitting.triple_split import validation_only
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.vectors import Until, Vectors
from kg.errors import UsageError
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.scratch import scratch
from recommender.catalogue.interactions import Interactions, ScoreUsers, User
from recommender.evaluation.baselines.baselines import Baselines
from recommender.evaluation.duplicates import DuplicateSearch
from recommender.evaluation.evaluation import metrics_of, rank_users, scorer_of_users, task_of
from recommender.evaluation.leakage import check_leaks, telling_relations
from recommender.evaluation.metrics import coverage, gini, novelty
from recommender.evaluation.tuning import Parameters, tune_baselines
from recommender.experiments.search import Found, Trials
from recommender.learning.fitting import fit_blend
from recommender.runs.environment import Measured, machine
from recommender.runs.file import OTHER_ROWS, ExperimentFile, Recommendation
from recommender.runs.plan import PlannedRun, fingerprint, model_settings
from recommender.runs.record import Cost, RunFolder, RunRecord
from recommender.splitting.interaction_splits import Split, split_by
from recommender.splitting.told_split import NobodyToTestError, check_people, told_split
from recommender.splitting.validation import validation_kind

PATHS, BASELINES = OTHER_ROWS[0], OTHER_ROWS[1:]
METRICS = ("ndcg", "recall", "hit_rate", "precision", "mrr")
"""Columns of the values that are kept of each user."""


def plan_recommendation(file: ExperimentFile, data: str, baselines: Sequence[str]) -> list[PlannedRun]:
    """Every model and the paths alone with every seed, and each baseline once.

    :param data: hash of the snapshot.
    :param baselines: those that there are the data for.
    """
    if file.recommendation is None:
        return []
    told, seeds = file.recommendation, file.recommendation.seeds or file.seeds
    shared = {"recommendation": told.model_dump(mode="json", exclude={"seeds"}), "exclude": sorted(file.data.exclude)}
    runs = []
    for model in file.model:
        for seed in seeds:
            settings = {**shared, **model_settings(file, model), "seed": seed}
            if model.search:
                settings["validation"] = file.split.validation
            mark = fingerprint("recommendation", settings, data)
            runs.append(PlannedRun(mark, model.row, seed, model=model))
    for seed in seeds:
        mark = fingerprint("recommendation", {**shared, "row": PATHS, "seed": seed}, data)
        runs.append(PlannedRun(mark, PATHS, seed))
    for name in (one for one in BASELINES if one in baselines):
        mark = fingerprint("recommendation", {**shared, "row": name}, data)
        runs.append(PlannedRun(mark, name, told.seed))
    return runs


def split_of(snapshot: Snapshot, told: Recommendation) -> Split:
    """The split of the interactions that a file asks for.

    :raises UsageError: where nobody, or fewer than k people, can be tested on, or times are needed that are not there.
    """
    found = split_by(snapshot, told.split, told.holdout, told.seed, told.domain)
    try:
        check_people(task_of(found, told.domain)[1], snapshot.k)
    except NobodyToTestError as problem:
        raise UsageError(f"recommendation: {problem}") from None
    return found


class RecommendationExperiment:
    """The recommendation runs of one experiment file."""

    def __init__(self, file: ExperimentFile, snapshot: Snapshot, folder: RunFolder) -> None:
        assert file.recommendation is not None
        self.file, self.told, self.snapshot, self.folder = file, file.recommendation, snapshot, folder

    @cached_property
    def notes(self) -> list[str]:
        """What a reader should know before any figure: probable duplicates, and relations that tell."""
        found, handling = self._duplicates.report(self.told.duplicates), self.told.duplicates
        texts = telling_relations(self.split)
        if found.groups:
            texts.append(
                f"{found.groups:,} groups of probable duplicates with {found.interactions:.1%} of all interactions "
                f"({'kept' if handling == 'keep' else 'left out' if handling == 'drop' else 'merged'}); duplicates = "
                "'keep', 'drop' or 'merge' in [recommendation] says what becomes of them"
            )
        return texts

    @cached_property
    def split(self) -> Split:
        """What is learned from and what is tested on; the same for all runs."""
        found = split_of(self._duplicates.handled(self.told.duplicates), self.told)
        check_leaks(found)
        return found

    @property
    def people(self) -> tuple[User, ...]:
        """Who is tested on, in the order of the values that are kept."""
        return tuple(self._task[1])

    @property
    def tested(self) -> str:
        """What is tested on, and what it is of; only runs with the same are paired."""
        return f"{self.snapshot.hash[:16]}-{self._digest}"

    def run(self, planned: PlannedRun, progress: Progress) -> RunRecord:
        """Fit, rank all items for all test users, and keep the run.

        :raises TrainingError: where numbers of a training are not finite.
        """
        found, config, place = self._search(planned, progress), None, self.folder.folder
        with Measured() as spent, scratch(place, "run") as folder:
            if planned.row in BASELINES:
                shown: dict[str, Any] = dict(self._tuned.get(planned.row, {}))
                score = Baselines(self.split.train).make(planned.row, shown)
            else:
                config = planned.model and planned.model.training(planned.seed, self.file.data.exclude, **found.values)
                shown = config.model_dump(mode="json") if config else {}
                score = self._blend(config, planned, folder, progress)
            figures, users = self._measured(score, progress)
        record = RunRecord(
            fingerprint=planned.fingerprint,
            row=planned.row,
            seed=planned.seed,
            config=shown,
            metrics=figures,
            split=told_split(self.split.description, self.snapshot.k),
            test=self.tested,
            notes=self.notes,
            trials=found.trials,
            cost=Cost(seconds=spent.seconds, peak_memory=spent.bytes, peak_of_run=spent.of_run),
            machine=machine(),
        )
        self.folder.save(record, users)
        return record

    def _search(self, planned: PlannedRun, progress: Progress) -> Found:
        """Settings by the validation MRR on the training part of this split: what is tested on has no say."""
        if planned.model is None or not planned.model.search:
            return Found({}, [])
        data = TripleData.of_snapshot(self.split.train, self.file.data.exclude)
        settings = {"part": self.split.train.hash, "validation": self.file.split.validation}
        trials = Trials(
            self.folder, settings, planned.fingerprint.data, self.file.seeds[0], tuple(self.file.data.exclude)
        )
        return trials.search(validation_only(data, self.file.split), planned.model, self.file.search, progress)

    def _blend(
        self, config: TrainingConfig | None, planned: PlannedRun, folder: Path, progress: Progress
    ) -> ScoreUsers:
        """The blend, everything in it learned anew from the training part alone."""
        vectors = partial(_vectors, config, progress) if config else None
        kind = validation_kind(self.split.description["kind"])
        fitted = fit_blend(self.split.train, folder / "fitting", planned.seed, vectors, progress, kind)
        found = fitted.vectors(vectors, self.split.train, folder / "vectors")
        scorer = fitted.scorer(self.split.train, folder / "kernels", found)
        check_leaks(self.split, [scorer])
        return scorer_of_users(scorer)

    def _measured(self, score: ScoreUsers, progress: Progress) -> tuple[dict[str, float], NDArray[np.float64]]:
        """Figures, and those of each user: shape (users, 5)."""
        inside, test = self._task
        ranked = rank_users(self.split.train, test, score, (inside, self.told.k), progress)
        items = ranked.items
        users = np.stack([metrics_of(ranked, test).items()[name] for name in METRICS], axis=1)
        shown = np.bincount(items[items >= 0], minlength=len(inside))[inside]
        interactions = Interactions(self.split.train).matrix
        used = np.asarray(interactions.sum(axis=0)).astype(np.int64)[inside]
        figures = dict(zip(METRICS, users.mean(axis=0).tolist(), strict=True))
        beyond = {"coverage": coverage(shown), "gini": gini(shown)}
        return {**figures, **beyond, "novelty": novelty(shown, used, interactions.shape[0])}, users

    @cached_property
    def _duplicates(self) -> DuplicateSearch:
        return DuplicateSearch(self.snapshot)

    @cached_property
    def _task(self) -> tuple[NDArray[np.bool_], Any]:
        becomes = self._duplicates.becomes(self.told.duplicates)
        changed = becomes != np.arange(len(becomes))
        return task_of(self.split, self.told.domain, changed if changed.any() else None)

    @cached_property
    def _tuned(self) -> dict[str, Parameters]:
        if not self.told.tuning:
            return {}
        return tune_baselines(self.split, self.told.k, self._task[0], self.told.seed)

    @cached_property
    def _digest(self) -> str:
        inside, test = self._task
        digest = hashlib.blake2b(np.packbits(inside).data, digest_size=16)
        for (user_type, idx), items in test.items():
            digest.update(f"{user_type}:{idx}:{self.told.k}".encode())
            digest.update(items.data)
        return digest.hexdigest()


def _vectors(config: TrainingConfig, progress: Progress, snapshot: Snapshot, folder: Path, *, until: Until) -> Vectors:
    from embeddings.training.train_vectors import train_vectors  # PyKEEN takes seconds to import

    return train_vectors(snapshot, config, folder, progress, until=until)
