"""An experiment as a whole: its file, its data, its plan, its finished runs, and running what is missing."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from embeddings.splitting.triple_data import TripleData, hash_of_files
from kg.errors import (
    ModelError,
    SnapshotError,
    StoreLockedError,
    TrainingError,
    UsageError,
    WhyrecError,
    WorkspaceError,
)
from kg.file_lock import FileLock
from kg.progress import Progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.forgotten_digests import shows_forgotten
from kg.workspace.outputs import remember_output
from kg.workspace.run_values import COPY
from recommender.evaluation.baselines.baselines import Baselines
from recommender.experiments.link_prediction import LinkPredictionExperiment
from recommender.experiments.people_tested import PeopleTested
from recommender.experiments.recommendation import RecommendationExperiment, plan_recommendation
from recommender.leaderboard.standing import Standing, standing
from recommender.runs.file import ExperimentFile, read_experiment
from recommender.runs.plan import PlannedRun, plan_link_prediction
from recommender.runs.record import RunFolder, RunRecord

SOURCE, LOCK = "source.txt", "run.lock"
OpenSnapshot = Callable[[Path | None], Snapshot]


@dataclass
class Outcome:
    """What running an experiment did."""

    experiment: str
    planned: int
    finished_before: int
    run: int = 0
    failed: list[str] = field(default_factory=list)
    """Runs that could not be finished, and why."""


class Experiment:
    """One experiment file.

    :param path: of the file; paths in it are relative to its folder.
    :param folder: where its runs are kept.
    :param open_snapshot: opens the snapshot of a workspace, of that of the command line for ``None``.
    """

    def __init__(self, file: ExperimentFile, path: Path, folder: Path, open_snapshot: OpenSnapshot) -> None:
        self.file, self.path, self.folder = file, path, folder
        self.runs = RunFolder(folder, self._check_nobody_forgotten)
        self._open_snapshot = open_snapshot

    @classmethod
    def of_file(cls, path: Path, results: Path, open_snapshot: OpenSnapshot) -> Self:
        """The experiment of a file.

        :param results: folder with a folder for each experiment.
        :raises UsageError: where the file breaks the rules, or the name is taken by another file.
        """
        file = read_experiment(path)
        folder = results / file.name
        source = _source(folder)
        if source and source.exists() and source.resolve() != path.resolve():
            raise UsageError(f"{path}: the name {file.name!r} is taken by {source}; give one of them another name")
        return cls(file, path, folder, open_snapshot)

    @classmethod
    def of_folder(cls, folder: Path, open_snapshot: OpenSnapshot) -> Self:
        """The experiment whose runs are in a folder, by its file as it is now, or by the copy where that is gone.

        :raises UsageError: where the file breaks the rules.
        """
        source = _source(folder)
        there = source is not None and source.exists()
        file = read_experiment(source if source and there else folder / COPY)
        return cls(file, source or folder / COPY, folder, open_snapshot)

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return self.folder.name

    @cached_property
    def snapshot(self) -> Snapshot:
        """The snapshot of the workspace that the file names.

        :raises SnapshotError: where there is none.
        """
        return self._open_snapshot(self._named)

    @property
    def _named(self) -> Path | None:
        """The workspace that the file names."""
        named = self.file.data.workspace
        return None if named is None else self.path.parent / named

    @property
    def workspace(self) -> Path:
        """The workspace that the data are of: the one that the file names, else the one that keeps the runs."""
        return self._named or self.folder.parents[1]

    def _cause(self, problem: WhyrecError) -> WhyrecError:
        """Why a run failed: files of the graph are gone where somebody was forgotten meanwhile."""
        try:
            self._check_nobody_forgotten()
        except (TrainingError, SnapshotError) as forgotten:
            return forgotten
        return problem

    def _check_nobody_forgotten(self) -> None:
        """Refuse to keep what a run gave each person where one of them was forgotten meanwhile.

        :raises TrainingError: then.
        """
        if not self.file.data.triples and shows_forgotten(self.workspace, self.snapshot):
            raise TrainingError("somebody was forgotten during the run, which is thrown away; run it again")

    @cached_property
    def data_hash(self) -> str:
        """Hash of the data as they are now.

        :raises ReadError: for a triple file that cannot be read.
        """
        return hash_of_files(self.file.data, self.path.parent) if self.file.data.triples else self.snapshot.hash

    @cached_property
    def plan(self) -> list[PlannedRun]:
        """Every run that the file asks for."""
        runs = plan_link_prediction(self.file, self.data_hash)
        if self.file.recommendation:
            runs += plan_recommendation(self.file, self.data_hash, Baselines(self.snapshot).names)
        return runs

    def current(self, row: str) -> list[RunRecord]:
        """The finished runs of a model that are current."""
        found = (self.runs.find(one.fingerprint) for one in self.plan if one.row == row)
        return [record for record in found if record]

    def standing(self, costs: bool = False) -> Standing:
        """The leaderboard as it is now."""
        return standing(self.name, self.data_hash, self.plan, self.runs.records(), costs)

    @cached_property
    def link_prediction(self) -> LinkPredictionExperiment:
        """The link prediction part; opening it reads the data."""
        told = self.file.data
        data = TripleData.of_files(told, self.path.parent) if told.triples else None
        if data is not None:
            return LinkPredictionExperiment(self.file, data, self.runs)
        graph = TripleData.of_snapshot(self.snapshot, told.exclude)
        return LinkPredictionExperiment(self.file, graph, self.runs, PeopleTested.of(self.snapshot))

    @cached_property
    def recommendation(self) -> RecommendationExperiment:
        """The recommendation part."""
        return RecommendationExperiment(self.file, self.snapshot, self.runs)

    def warnings(self) -> list[str]:
        """What a reader should know before any figure: leakage through relations, probable duplicates."""
        first = next((one for one in self.plan if one.fingerprint.kind == "link prediction"), None)
        texts = self.link_prediction.split(first.fold)[1].sentences() if first else []
        files = list(self.link_prediction.data.notes) if first else []
        return files + texts + (self.recommendation.notes if self.file.recommendation else [])

    def run(self, progress: Progress, notice: Callable[[str], None]) -> Outcome:
        """Run what is missing; a run that cannot be finished does not keep the others from running.

        :raises StoreLockedError: where another process runs the same experiment.
        :raises UsageError: naming the file, where its data cannot be split as it says.
        """
        with self._locked():
            try:
                return self._run(progress, notice)
            except UsageError as problem:
                raise UsageError(f"{self.path}: {problem}") from None

    def _run(self, progress: Progress, notice: Callable[[str], None]) -> Outcome:
        missing = [one for one in self.plan if self.runs.find(one.fingerprint) is None]
        if missing and not self.file.data.triples:
            _ = self.snapshot.vocabulary  # which says whether somebody is forgotten while runs go on
            if self.workspace.resolve() != self.folder.parents[1].resolve():  # whose people must be found here, too
                remember_output(self.workspace, self.folder / COPY)
        total, done = len(self.plan), len(self.plan) - len(missing)
        outcome = Outcome(self.name, total, done)
        if missing:
            for text in self.warnings():
                notice(text)
        for one in missing:
            title = one.title
            progress(self.name, done, total, title)
            part = self.link_prediction if one.fingerprint.kind == "link prediction" else self.recommendation
            try:
                part.run(one, _Titled(progress, self.name, title, done, total))
            except (ModelError, SnapshotError) as problem:
                outcome.failed.append(f"{title}: {self._cause(problem)}")
                notice(outcome.failed[-1])
            else:
                outcome.run += 1
            done += 1
        progress(self.name, total, total, "done")
        return outcome

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep other processes out, and keep a copy of the file."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock.try_acquire(self.folder / LOCK)
            if lock is None:
                raise StoreLockedError(f"{self.folder}: another process runs this experiment; wait until it has ended")
            shutil.copyfile(self.path, self.folder / COPY)
            (self.folder / SOURCE).write_text(_relative(self.path, self.folder) + "\n", encoding="utf-8")
        except OSError as problem:
            raise WorkspaceError(f"{self.folder}: cannot be written: {problem.strerror}") from problem
        try:
            yield
        finally:
            lock.release()


def experiment_folders(results: Path) -> dict[str, Path]:
    """Name → folder of all experiments that were run.

    :raises UsageError: where there is none.
    """
    found = {path.parent.name: path.parent for path in sorted(results.glob(f"*/{COPY}"))}
    if not found:
        raise UsageError(f"{results}: no experiment was run yet; `whyrec experiment run FILE.toml`")
    return found


@dataclass(frozen=True)
class _Titled:
    """The stages of one run, told as notes of the experiment."""

    progress: Progress
    experiment: str
    title: str
    runs: int
    planned: int

    def __call__(self, stage: str, done: int, total: int | None, note: str = "") -> None:
        text = f"{self.title}: {stage} {done}/{total or '?'}{', ' * bool(note)}{note}"
        self.progress(self.experiment, self.runs, self.planned, text)


def _source(folder: Path) -> Path | None:
    """The file that a folder holds the runs of."""
    try:
        told = (folder / SOURCE).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return Path(os.path.normpath(folder / told))


def _relative(path: Path, folder: Path) -> str:
    try:
        return os.path.relpath(path.resolve(), folder.resolve())
    except ValueError:  # another drive
        return str(path.resolve())
