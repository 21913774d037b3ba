"""Experiments: run what files ask for, rank the models, compare two of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kg.document import nearest
from kg.errors import UsageError, WhyrecError
from kg.progress import Progress, no_progress
from kg.snapshot.snapshot import Snapshot
from kg.workspace.permissions import private_files
from kg.workspace.workspace import CONFIGURATION, EXPERIMENTS, Workspace, check_open
from recommender.experiments.experiment import Experiment, Outcome, experiment_folders
from recommender.leaderboard.comparison import PairedDifference, Side, compare
from whyrec.answering.opening import refreshed

NO_EXPERIMENTS = (CONFIGURATION, "schema.toml", "mapping.toml")


@dataclass(frozen=True)
class Runs:
    """What running experiments did: each with its outcome, and the first problem of those that could not be run."""

    done: list[tuple[Experiment, Outcome]]
    problem: WhyrecError | None


class Experiments:
    """The experiments of a workspace, or, where the data are triple files, of any other folder.

    :param notice: is told what a person should know while runs go on, such as what was left out.
    :raises WorkspaceError: where it is sealed.
    """

    def __init__(
        self, folder: Path, progress: Progress = no_progress, notice: Callable[[str], None] = lambda _: None
    ) -> None:
        check_open(folder)
        self.folder, self.progress, self.notice = folder, progress, notice
        self.results = folder / EXPERIMENTS

    @private_files()
    def run(self, paths: Sequence[Path]) -> Runs:
        """Run all models of experiment files on all seeds and folds; what is finished is kept and skipped.

        :param paths: files, or folders of them.
        :raises UsageError: for a path that is not there, or a folder without one.
        :raises WhyrecError: where the only experiment cannot be run; one of several does not keep the others from it.
        """
        experiments = [Experiment.of_file(path, self.results, self._fresh) for path in files_of(paths)]
        done: list[tuple[Experiment, Outcome]] = []
        first = None
        for one in experiments:
            try:
                done.append((one, one.run(self.progress, self._named(one.name))))
            except WhyrecError as problem:
                if len(experiments) == 1:
                    raise
                self.notice(f"{one.name} is left out: {problem}")
                first = first or problem
        return Runs(done, first)

    def finished(self, names: Sequence[str] = ()) -> list[Experiment]:
        """The experiments of some names; of all that were run, those whose file and data can be read now.

        :raises UsageError: for an unknown name, naming the nearest.
        """
        folders = experiment_folders(self.results)
        for name in names:
            if name not in folders:
                raise UsageError(f"unknown experiment {name!r}; {nearest(name, list(folders))}")
        found = []
        for name in dict.fromkeys(names or folders):
            try:
                experiment = Experiment.of_folder(folders[name], self._taken)
                _ = experiment.plan
            except WhyrecError as problem:
                if names or len(folders) == 1:
                    raise
                self.notice(f"{name} is left out: {problem}")
            else:
                found.append(experiment)
        return found

    def compare(self, first: str, second: str) -> list[PairedDifference]:
        """Two models triple by triple and user by user, each averaged over its seeds.

        :param first: a model of the leaderboard, or ``EXPERIMENT/MODEL``.
        :raises UsageError: for an unknown model, or one of several experiments.
        """
        experiments = self.finished()
        return compare(_side(experiments, first), _side(experiments, second))

    def _fresh(self, named: Path | None) -> Snapshot:
        """The snapshot of what a store holds now; it is taken where it has to be."""
        return refreshed(Workspace(named or self.folder), self.progress)[0]

    def _taken(self, named: Path | None) -> Snapshot:
        """The snapshot that was taken last."""
        return Workspace(named or self.folder).snapshot()

    def _named(self, name: str) -> Callable[[str], None]:
        return lambda text: self.notice(f"{name}: {text}")


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Experiment files; a folder stands for its TOML files but those that a workspace has.

    :raises UsageError: for a path that is not there, or a folder without one.
    """
    found = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.glob("*.toml") if one.name not in NO_EXPERIMENTS)
            if not inside:
                raise UsageError(f"{path}: no experiment file (.toml) in this folder")
            found += inside
        else:
            found.append(path)
    return found


def _side(experiments: list[Experiment], told: str) -> Side:
    _, slash, row = told.rpartition("/")
    rows = {f"{one.name}/{name}": (one, name) for one in experiments for name in dict.fromkeys(r.row for r in one.plan)}
    found = [key for key in rows if (key == told if slash else key.rpartition("/")[2] == row)]
    if len(found) > 1:  # experiments that were never finished do not make a name ambiguous
        found = [key for key in found if rows[key][0].current(rows[key][1])] or found
    if len(found) > 1:
        raise UsageError(f"{told!r} is a model of several experiments; say {' or '.join(found)}")
    if not found:
        known = list(rows) if slash else list(dict.fromkeys(key.rpartition("/")[2] for key in rows))
        raise UsageError(f"unknown model {told!r}; {nearest(told, known)}")
    one, name = rows[found[0]]
    return told, one.runs, one.current(name)
