"""Whole experiments: resumed to the same bit, stale runs apart, intervals, pairs, and baselines beside."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import StoreLockedError, UsageError
from kg.file_lock import FileLock
from kg.snapshot.snapshot import Snapshot
from recommender.experiments.experiment import LOCK, Experiment
from recommender.leaderboard.comparison import compare
from recommender.leaderboard.standing import figure
from recommender.runs import plan as experiment_plan
from recommender.runs.plan import plan_link_prediction
from recommender.runs.record import Cost, Fingerprint, RunRecord
from tests.graphs import snapshot_of

FILE = """
seeds = [0]
[data]
triples = "facts.tsv"
[split]
folds = 2
[[model]]
name = "few"
model = "TransE"
dim = 4
epochs = 1
[[model]]
name = "more"
model = "DistMult"
epochs = 3
[model.search]
dim = [8, 16]
"""


def facts(folder: Path) -> Path:
    """A small experiment on a ring of 40 entities, in a folder of its own."""
    folder.mkdir()
    rows = [f"e{one}\t{name}\te{(one + step) % 40}" for one in range(40) for name, step in (("next", 1), ("far", 7))]
    (folder / "facts.tsv").write_text("\n".join(rows) + "\n")
    (folder / "ring.toml").write_text(FILE)
    return folder / "ring.toml"


def no_snapshot(_: Path | None) -> Snapshot:
    raise AssertionError("triple files need no workspace")


def opened(file: Path) -> Experiment:
    return Experiment.of_file(file, file.parent / "experiments", no_snapshot)


def silent(*_: Any) -> None:
    """Nobody watches."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Experiment:
    """The experiment, run without a break."""
    experiment = opened(facts(tmp_path_factory.mktemp("whole") / "a"))
    outcome = experiment.run(silent, silent)
    assert (outcome.planned, outcome.finished_before, outcome.run, outcome.failed) == (4, 0, 4, [])
    return experiment


def test_an_interrupted_experiment_goes_on_and_ends_to_the_bit_where_another_one_does(
    whole: Experiment, tmp_path: Path
) -> None:
    broken = opened(facts(tmp_path / "b"))

    def interrupt(stage: str, done: int, total: int | None, note: str = "") -> None:
        if done == 2 and " 2/" in note:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken.run(interrupt, silent)
    runs = broken.folder / "runs"
    kept = {path: path.stat().st_mtime_ns for path in runs.glob("*/run.json")}
    (runs / ".killed").mkdir()
    half = broken.standing()
    assert [row.finished for row in half.rows] != [row.planned for row in half.rows]
    outcome = opened(broken.path).run(silent, silent)
    assert (outcome.finished_before, outcome.run) == (2, 2)
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    assert opened(broken.path).standing() == whole.standing()
    (row,) = [row for row in whole.standing().rows if row.model == "more"]
    assert row.settings["dim"] in (8, 16, [8, 16], [16, 8]) and row.finished == 2
    assert row.link_prediction["mrr"].low < row.link_prediction["mrr"].mean


def test_runs_of_changed_data_code_and_settings_stand_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = facts(tmp_path / "a")
    file.write_text(FILE.replace("folds = 2", "test = 0.2").partition('[[model]]\nname = "m')[0])
    opened(file).run(silent, silent)
    assert opened(file).standing().stale == []

    def changed() -> list[str]:
        found = opened(file).standing()
        assert found.rows[0].finished == 0 and found.rows[0].link_prediction is None
        (stale,) = found.stale
        return stale.changed

    with monkeypatch.context() as patch:
        patch.setattr(experiment_plan, "source_digest", lambda _: "another")
        assert changed() == ["code"]
        patch.setattr(experiment_plan, "library_versions", lambda: {"torch": "9"})
        assert changed()[0] == "code" and changed()[1].endswith("→ 9)")
    text = file.read_text()
    file.write_text(text.replace("epochs = 1", "epochs = 2"))
    assert changed() == ["settings"]
    file.write_text(text.replace('name = "few"', 'name = "renamed"'))
    assert opened(file).standing().rows[0].finished == 1
    with (file.parent / "facts.tsv").open("a") as more:
        more.write("e1\tfar\te2\n")
    assert changed() == ["data"]


def test_two_processes_do_not_run_one_experiment(tmp_path: Path) -> None:
    experiment = opened(facts(tmp_path / "a"))
    experiment.folder.mkdir(parents=True)
    lock = FileLock.try_acquire(experiment.folder / LOCK)
    with pytest.raises(StoreLockedError, match="another process"):
        experiment.run(silent, silent)
    lock.release()


def record(fold: int | None, seed: int, mrr: float) -> RunRecord:
    mark = Fingerprint(kind="link prediction", settings={"fold": fold, "seed": seed}, data="", code="", libraries={})
    cost = Cost(seconds=1, peak_memory=1, peak_of_run=True)
    return RunRecord(fingerprint=mark, row="m", seed=seed, fold=fold, metrics={"mrr": mrr}, cost=cost, machine={})


def test_intervals_worked_out_by_hand() -> None:
    seeds = figure([record(None, seed, mrr) for seed, mrr in enumerate((0.1, 0.2, 0.3))], "mrr")
    assert seeds.mean == pytest.approx(0.2) and seeds.high - 0.2 == pytest.approx(4.302653 * 0.1 / 3**0.5, rel=1e-6)
    folds = [record(fold, seed, fold / 10 + seed / 100) for fold in range(4) for seed in range(2)]
    found, spread = figure(folds, "mrr"), np.std([0, 0.1, 0.2, 0.3], ddof=1)
    assert found.mean == pytest.approx(0.155) and found.runs == 8
    assert found.high - found.mean == pytest.approx(3.182446 * spread * (1 / 4 + 1 / 3) ** 0.5, rel=1e-6)
    assert figure(folds[:1], "mrr").low is None


def test_models_are_compared_triple_by_triple_on_one_split_only(whole: Experiment) -> None:
    sides = {name: (name, whole.runs, whole.current(name)) for name in ("few", "more")}
    (found,) = compare(sides["few"], sides["more"])
    tested = sum(len(whole.runs.values(run)) for run in sides["few"][2] if run.seed == 0)
    means = {row.model: row.link_prediction["mrr"].mean for row in whole.standing().rows}
    assert found.n == tested and found.first_mean == pytest.approx(means["few"])
    assert found.mean == pytest.approx(means["few"] - means["more"]) and found.low <= found.mean <= found.high
    (same,) = compare(sides["few"], sides["few"])
    assert (same.mean, same.p) == (0, 1)
    with pytest.raises(UsageError, match="different triples"):
        compare(sides["few"], ("more", whole.runs, sides["more"][2][:1]))
    with pytest.raises(UsageError, match="no finished runs"):
        compare(sides["few"], ("more", whole.runs, []))


def shop(folder: Path) -> Snapshot:
    """Forty people in two camps, each of which buys eight products and takes four courses of its own."""
    bought = [(f"u{u}", f"p{u % 2 + 2 * ((u * 3 + n) % 8)}") for u in range(40) for n in range(4)]
    taken = [(f"u{u}", f"c{u % 2 + 2 * ((u + n) % 4)}") for u in range(40) for n in range(3)]
    entities = {
        "User": [f"u{n}" for n in range(40)],
        "Product": [f"p{n}" for n in range(16)],
        "Course": [f"c{n}" for n in range(8)],
        "Ingredient": ["i0", "i1"],
        "Concern": [],
    }
    contains = [(f"p{n}", f"i{n % 2}") for n in range(16)]
    teaches = [(f"c{n}", f"i{n % 2}") for n in range(8)]
    triples = {"purchased": bought, "enrolled": taken, "has_concern": [], "contains": contains, "teaches": teaches}
    return snapshot_of(folder, entities, triples)


def test_recommendation_figures_stand_beside_baselines(tmp_path: Path) -> None:
    snapshot, file = shop(tmp_path / "shop"), tmp_path / "blend.toml"
    file.write_text("""
        seeds = [0]
        [[model]]
        name = "transe"
        dim = 4
        epochs = 1
        [recommendation]
        k = 3
        tuning = false
    """)
    experiment = Experiment.of_file(file, tmp_path / "experiments", lambda _: snapshot)
    assert experiment.run(silent, silent).failed == []
    rows = {row.model: row for row in experiment.standing().rows}
    assert set(rows) == {"transe", "paths", "popularity", "item-knn", "rp3beta", "ease", "als"}
    assert rows["transe"].link_prediction and rows["transe"].recommendation and not rows["ease"].link_prediction
    assert rows["item-knn"].recommendation["ndcg"].mean > 1.5 * rows["popularity"].recommendation["ndcg"].mean
    sides = [(name, experiment.runs, experiment.current(name)) for name in ("item-knn", "popularity")]
    (found,) = compare(*sides)
    assert (found.metric, found.over, found.n) == ("ndcg", "users", 40) and found.low > 0 and found.p < 0.01
    assert not list(experiment.folder.glob(".run-*"))
    plan = plan_link_prediction(experiment.file, experiment.data_hash)
    assert [one.fingerprint.id for one in experiment.plan][:1] == [plan[0].fingerprint.id]
