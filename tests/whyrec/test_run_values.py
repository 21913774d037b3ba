"""Values of runs, a figure of each person tested: whoever is forgotten is in none of them, nor comes into one later."""

import re
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import whyrec
from cli.main import app
from kg.errors import ModelError
from kg.privacy.erasure.erasure import forget
from kg.workspace.run_values import run_values
from kg.workspace.workspace import Workspace
from recommender.experiments.recommendation import METRICS
from recommender.runs.record import RunFolder
from whyrec.privacy.kept_figures import kept_figures
from whyrec.workspace.evaluation.experiments import Experiments

FILE = """
seeds = [0]
[split]
test = 0.4
[[model]]
epochs = 1
dim = 4
[recommendation]
split = "random"
seeds = [0]
tuning = false
"""
PEOPLE, THINGS = 20, 9


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop of which one experiment is to be run."""
    bought = [f"u{n:02},p{(n * step + step) % THINGS}" for n in range(PEOPLE) for step in (1, 2, 3)]
    (tmp_path / "purchased.csv").write_text("\n".join(["head,tail", *dict.fromkeys(bought)]))
    (tmp_path / "User.csv").write_text("\n".join(["id", *(f"u{n:02}" for n in range(PEOPLE))]))
    (tmp_path / "Product.csv").write_text("\n".join(["id", *(f"p{n}" for n in range(THINGS))]))
    engine = whyrec.create(tmp_path / "shop")
    engine.load([tmp_path / "User.csv", tmp_path / "Product.csv", tmp_path / "purchased.csv"])
    (tmp_path / "shop" / "lists.toml").write_text(FILE)
    return tmp_path / "shop"


def _purchases(path: Path) -> Path:
    """A file of what somebody bought besides."""
    path.parent.mkdir()
    path.write_text("head,tail\nu03,p1\nu03,p2\nu03,p4\nu03,p5\n")
    return path


def test_who_is_forgotten_leaves_what_runs_gave_each_person(shop: Path) -> None:
    experiments = Experiments(shop)
    ((experiment, outcome),) = experiments.run([shop / "lists.toml"]).done
    assert outcome.failed == [] and len(run_values(shop)) == outcome.run > 1
    record = next(one for one in experiment.runs.records() if one.fingerprint.kind == "recommendation")
    assert len(experiment.runs.values(record)) >= PEOPLE - 5  # a row each
    told = forget(Workspace(shop), "u07")
    assert not run_values(shop) and not list(shop.rglob("values.npy")) and len(list(shop.rglob("run.json"))) > 1
    assert any(f"what {outcome.run} runs of experiments gave each person is removed" in one for one in told.notices)
    with pytest.raises(ModelError, match="is not kept any more"):
        experiment.runs.values(record)
    ((_, again),) = experiments.run([shop / "lists.toml"]).done
    assert again.finished_before == 0 and len(run_values(shop)) == again.run == outcome.run


def test_numbers_of_runs_are_taken_for_nobodys_short_id(shop: Path) -> None:
    record = shop / "experiments" / "lists" / "runs" / "1" / "run.json"
    record.parent.mkdir(parents=True)
    for path in (record, shop / "notes.json"):
        path.write_text('{"seed": 7}')
    (shop.parent / "more").mkdir()
    (shop.parent / "more" / "User.csv").write_text("id\n7\n")
    whyrec.open(shop).load([shop.parent / "more" / "User.csv"])
    told = " ".join(forget(Workspace(shop), "7").notices)
    assert "notes.json" in told and "run.json" not in told


def test_who_asks_is_told_what_runs_gave_her_while_their_graph_is_kept(shop: Path) -> None:
    ((experiment, outcome),) = Experiments(shop).run([shop / "lists.toml"]).done
    told = [kept_figures(Workspace(shop), ("User", f"u{n:02}")) for n in range(PEOPLE)]
    for record in experiment.runs.records():  # all rows are somebody's, each once
        values = experiment.runs.values(record)
        figures = [[one.value for one in runs if one.run == record.id] for runs, _ in told]
        if record.fingerprint.kind == "recommendation":
            assert np.array_equal([one for one in figures if one], values)
            assert {one.metric for one in told[0][0] if one.run == record.id} <= set(METRICS)
        else:
            assert sorted(chain(*figures)) == sorted(values.ravel().tolist())
            assert all(one.relation and one.id for one in told[0][0] if one.run == record.id)
    assert {one.split for one in told[0][0]} == {"random"} and not told[0][1]
    shown = CliRunner().invoke(app, ["-w", str(shop), "export-person", "u07", "--lang", "zh"])
    assert "实验运行得出的此人的数值" in shown.stdout and "rank of" not in shown.stdout

    whyrec.open(shop).load([_purchases(shop.parent / "more" / "purchased.csv")])
    Workspace(shop).drop_earlier()
    later = whyrec.open(shop).export_person("u07")
    assert later.runs == [] and len(later.unclear_runs) == outcome.run
    assert all((shop / one).is_dir() for one in later.unclear_runs)


def test_runs_that_another_workspace_keeps_are_found_by_that_of_the_people(shop: Path) -> None:
    other = whyrec.create(shop.parent / "other").workspace.folder
    (shop / "lists.toml").write_text(f'{FILE}[data]\nworkspace = "."\n')
    ((_, outcome),) = Experiments(other).run([shop / "lists.toml"]).done
    assert outcome.run == len(run_values(shop)) > 1
    kept, sealed = other / "experiments", other / "sealed.age"
    kept.rename(shop.parent / "aside")
    sealed.write_bytes(b"")
    (notice,) = whyrec.open(shop).export_person("u07", lang="zh").notices
    assert notice == f"{other} 已封存，其中存有由此处得出的内容：请解封，并在那里也查询"
    sealed.unlink()
    (shop.parent / "aside").rename(kept)
    told = whyrec.open(shop).export_person("u07")
    assert not told.notices and len({one.run for one in told.runs}) > 1 and not told.unclear_runs
    forget(Workspace(shop), "u07")
    assert not run_values(shop) and not list(other.rglob("values.npy"))


def test_a_run_during_which_somebody_is_forgotten_is_thrown_away(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save, asked = RunFolder.save, []

    def forgotten_first(folder: RunFolder, *told: object) -> None:
        if not asked:
            asked.append(forget(Workspace(shop), "u07"))
        save(folder, *told)  # type: ignore[arg-type]

    monkeypatch.setattr(RunFolder, "save", forgotten_first)
    ((experiment, outcome),) = Experiments(shop).run([shop / "lists.toml"]).done
    assert outcome.run == 0 and len(outcome.failed) == outcome.planned
    assert re.search("somebody was forgotten during the run", outcome.failed[0])
    assert not run_values(shop) and not list(experiment.runs.records())
