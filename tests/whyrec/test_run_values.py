"""Values of runs, a figure of each person tested: whoever is forgotten is in none of them, nor comes into one later."""

import re
from pathlib import Path

import pytest

import whyrec
from kg.errors import ModelError
from kg.privacy.erasure.erasure import forget
from kg.workspace.run_values import run_values
from kg.workspace.workspace import Workspace
from recommender.runs.record import RunFolder
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
