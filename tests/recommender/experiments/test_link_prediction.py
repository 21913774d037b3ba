"""Experiments on triples: splits hold what they say, leaks are found, searches never see the test part."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from embeddings.splitting.config import TripleSource, TripleSplitConfig
from embeddings.splitting.relation_leakage import find_leakage
from embeddings.splitting.triple_data import TripleData
from embeddings.splitting.triple_split import split_triples
from embeddings.training.epochs import Epochs
from embeddings.training.link_prediction_run import validation_mrr
from embeddings.vectors.scoring import VectorScorer
from embeddings.vectors.triples import TripleSet
from kg.errors import ReadError, UsageError
from kg.progress import no_progress
from recommender.experiments.link_prediction import LinkPredictionExperiment
from recommender.runs.file import ExperimentFile, Model, read_experiment
from recommender.runs.plan import plan_link_prediction
from recommender.runs.record import RunFolder
from recommender.runs.search_space import Search, checked_space, search_best

DAY = 86_400


def ring(path: Path, size: int = 60) -> TripleData:
    """Entities on a ring: the next one, two steps on, and ``back``, the inverse of ``next`` but for every tenth."""
    lines = []
    for one in range(size):
        lines.append(f"e{one:02}\tnext\te{(one + 1) % size:02}\t{1_600_000_000 + one * DAY}")
        lines.append(f"e{one:02}\ttwice\te{(one + 2) % size:02}\t{1_600_000_000 + (size + one) * DAY}")
        if one % 10:
            lines.append(f"e{(one + 1) % size:02}\tback\te{one:02}\t")
    path.write_text("\n".join([*lines, lines[0]]) + "\n", encoding="utf-8")
    return TripleData.of_files(TripleSource(triples=(path.name,)), path.parent)


def rows_of(rows: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(row) for row in rows.tolist()}


def test_folds_test_every_triple_once_and_know_every_entity(tmp_path: Path) -> None:
    data = ring(tmp_path / "ring.tsv")
    assert len(data.graph.rows) == 174 and data.relations == ("back", "next", "twice")
    tested: list[tuple[int, ...]] = []
    for fold in range(4):
        split = split_triples(data, TripleSplitConfig(folds=4), fold)
        parts = [rows_of(part) for part in (split.train.rows, split.validation, split.test)]
        assert sum(map(len, parts)) == 174 and set.union(*parts) == rows_of(data.graph.rows)
        assert set(split.train.rows[:, [0, 2]].ravel()) == set(range(60))
        tested += parts[2]
    assert len(tested) == len(set(tested)) > 100
    again = split_triples(data, TripleSplitConfig(folds=4), 0)
    assert again.digest == split_triples(data, TripleSplitConfig(folds=4), 0).digest != split.digest


def test_only_the_relation_that_is_told_is_held_out_and_the_split_says_so(tmp_path: Path) -> None:
    data = replace(ring(tmp_path / "ring.tsv"), interactions=("next", "twice"))
    number = data.relations.index("next")
    for told, names in ((("next",), {"next"}), (("interactions",), {"next", "twice"}), ((), {"back", "next", "twice"})):
        for kind in ("random", "temporal"):
            split = split_triples(data, TripleSplitConfig(kind=kind, hold_out=told, test=0.3, validation=0.2))
            held = np.concatenate([split.test, split.validation])
            assert {data.relations[one] for one in held[:, 1]} <= names
            assert split.description["held_out"].keys() <= names
            assert sum(split.description["held_out"].values()) == len(split.test) > 0
    split = split_triples(data, TripleSplitConfig(hold_out=("next",), test=0.3))
    assert split.description["held_out"] == {"next": 18} and (split.train.rows[:, 1] != number).sum() == 114
    with pytest.raises(UsageError, match="unknown relation 'nxt'"):
        split_triples(data, TripleSplitConfig(hold_out=("nxt",)))
    with pytest.raises(UsageError, match="is an interaction; name the relations"):
        split_triples(replace(data, interactions=()), TripleSplitConfig(hold_out=("interactions",)))


def test_temporal_splits_test_on_the_latest_and_learn_from_what_has_no_date(tmp_path: Path) -> None:
    data = ring(tmp_path / "ring.tsv")
    split = split_triples(data, TripleSplitConfig(kind="temporal", test=0.2, validation=0.1))
    time = dict(zip(map(tuple, data.graph.rows.tolist()), data.times.tolist(), strict=True))
    last, first = (max(time[row] for row in rows_of(split.train.rows)), min(time[row] for row in rows_of(split.test)))
    assert last < min(time[row] for row in rows_of(split.validation)) < first
    assert len(split.test) == 24 and set(split.test[:, 1]) == {2}
    assert (split.train.rows[:, 1] == 0).sum() == 54
    month = 30 * DAY * 1000
    months = replace(data, times=np.where(data.times > 0, data.times // month, data.times))
    coarse = split_triples(months, TripleSplitConfig(kind="temporal", test=0.01, validation=0.01))
    latest = np.sort(np.unique(months.times))[-2:]
    for part, time in ((coarse.validation, latest[0]), (coarse.test, latest[1])):
        assert rows_of(part) <= rows_of(data.graph.rows[months.times == time])
    with pytest.raises(UsageError, match="the same time"):
        split_triples(replace(data, times=np.full(174, 7)), TripleSplitConfig(kind="temporal"))
    with pytest.raises(UsageError, match="no triple has a timestamp"):
        split_triples(replace(data, times=np.full(174, np.iinfo(np.int64).min)), TripleSplitConfig(kind="temporal"))


def test_inductive_splits_test_entities_unseen_in_training_by_half_of_their_triples(tmp_path: Path) -> None:
    split = split_triples(ring(tmp_path / "ring.tsv"), TripleSplitConfig(kind="inductive", test=0.2))
    new = set(split.new.tolist())
    assert len(new) == 12 and not new & set(split.train.rows[:, [0, 2]].ravel().tolist())
    for rows in (split.test, split.support):
        assert len(rows) and all(len(new & {head, tail}) == 1 for head, _, tail in rows.tolist())
    assert not rows_of(split.test) & rows_of(split.support)


def test_inverse_relations_are_found_and_what_they_give_away_is_removed(tmp_path: Path) -> None:
    data = ring(tmp_path / "ring.tsv")
    split = split_triples(data, TripleSplitConfig(test=0.2, seed=1))
    leakage, telling = find_leakage(split, data.relations)
    found = [(leak.kind, leak.relation, leak.tells, leak.overlap) for leak in leakage.leaks]
    assert found == [("inverse", "back", "next", 1.0), ("inverse", "next", "back", 0.9)]
    train = rows_of(split.train.rows)
    told = sum((tail, 1 - relation, head) in train for head, relation, tail in split.test.tolist() if relation < 2)
    assert sum(leak.test for leak in leakage.leaks) == leakage.told == told > 10
    assert "can be read off" in leakage.sentences()[2]
    after = find_leakage(split.without(telling), data.relations)[0]
    assert after.told == 0 and len(split.without(telling).train.rows) < len(train)
    dense = np.array([[head, relation, tail] for head in range(9) for tail in range(9) for relation in range(2)])
    dense = dense[np.random.default_rng(0).random(len(dense)) < 0.85]  # they overlap, but by chance
    crowd = replace(data, graph=TripleSet.untyped(dense, 9, 2), part=np.zeros(len(dense)))
    assert find_leakage(split_triples(crowd, TripleSplitConfig()), ("a", "b"))[0].leaks == []
    without_back = replace(data, graph=data.graph.with_rows(data.graph.rows[data.graph.rows[:, 1] != 0]))
    assert find_leakage(split_triples(without_back, TripleSplitConfig()), data.relations)[0].leaks == []


def test_the_test_part_has_no_say_in_a_search(tmp_path: Path) -> None:
    split = split_triples(ring(tmp_path / "ring.tsv"), TripleSplitConfig(test=0.2))
    config = Model(model="DistMult", dim=8, epochs=3).training(0)
    other = replace(split, test=split.test[:1], known=split.train.rows)
    assert validation_mrr(split, config).validation == validation_mrr(other, config).validation


def test_an_interrupted_search_goes_on_with_the_same_trials() -> None:
    space = checked_space({"dim": [8, 16, 32], "learning_rate": {"low": 0.01, "high": 1.0, "log": True}})
    search, tried = Search(method="optuna", trials=12), []

    def measure(values: dict[str, float], number: int) -> float:
        tried.append((number, values["dim"], values["learning_rate"]))
        return float("-inf") if number == 3 else -abs(np.log(values["learning_rate"] / 0.2)) + values["dim"] / 100

    best, figure = search_best(space, search, measure)
    whole, tried = list(tried), []
    assert search_best(space, search, measure) == (best, figure) and tried == whole and len(whole) == 12
    assert 0.05 < best["learning_rate"] < 0.8 and best["dim"] == 32
    grid = search_best({"dim": [1, 2], "epochs": [3, 4]}, Search(), lambda values, _: -values["dim"] - values["epochs"])
    assert grid == ({"dim": 1, "epochs": 3}, -4)


def test_equal_scores_are_no_better_than_chance_and_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, folder = ring(tmp_path / "ring.tsv"), RunFolder(tmp_path / "runs")
    file = ExperimentFile(name="e", model=[Model(epochs=1)], seeds=(0,))
    equal = VectorScorer("TransE", np.ones((60, 2), dtype=np.float32), np.zeros((3, 2), dtype=np.float32))
    monkeypatch.setattr(Epochs, "scorer", lambda _: equal)
    (planned,) = plan_link_prediction(file, "data")
    record = LinkPredictionExperiment(file, data, folder).run(planned, no_progress)
    assert record.metrics["amri"] == pytest.approx(0, abs=1e-9) and record.metrics["hits@10"] == 0
    assert record.notes[-1] == "TransE-64 gives every candidate the same score"
    assert folder.find(planned.fingerprint) == record and folder.values(record).shape == (len(data.graph.rows) // 10, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[model]]\nmodel = 'TransX'", "model.0.model: unknown model 'TransX'; nearest: 'Trans"),
        ("[[model]]\nsead = 1", "model.0.sead: unknown key; nearest: 'seed'"),
        ("[[model]]\nseed = 1", "write seeds = [0, 1, 2]"),
        ("[[model]]\n[[model]]", "the name 'TransE-64' is taken"),
        ("[[model]]\n[model.search]\ndimm = [1]", "dimm: unknown key; nearest: 'dim'"),
        ("[[model]]\n[model.search]\ndim = [0]", "dim: Input should be greater than or equal to 1 (got 0)"),
        ("[[model]]\n[model.search]\ndim = { low = 2, high = 4 }", "a grid needs lists"),
        ("[[model]]\nmodel = 'ConvE'\n[split]\nkind = 'inductive'", "ConvE cannot fold in"),
        ("[[model]]\n[split]\nkind = 'temporal'\nfolds = 3", "folds go with kind = 'random'"),
        ("[[model]]\n[data]\ntriples = 'a.tsv'\n[recommendation]", "triple files have no users"),
        ("seeds = [1, 1]\n[[model]]", "different numbers"),
        ("seeds = 3\n[[model]]", "a list such as [0, 1, 2] expected (got 3)"),
        (f"seeds = [{2**63}]\n[[model]]", "whole numbers have at most 64 bits"),
        ("[model]\nmodel = 'TransE'", "[[model]] in two pairs of brackets expected"),
        ("[[model]", "not valid TOML"),
    ],
)
def test_mistakes_in_a_file_are_told_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "e.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as told:
        read_experiment(path)
    assert message in str(told.value) and str(told.value).startswith(str(path))


@pytest.mark.parametrize(
    ("content", "message"),
    [("a\tb\n", "2 columns"), ("a\tr\tb\na\t\tb\n", "t.tsv:2: head"), ("a\tr\tb\tsoon\n", "t.tsv:1: the fourth")],
)
def test_lines_that_are_no_triples_are_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "t.tsv").write_text(content)
    with pytest.raises(ReadError, match=message):
        TripleData.of_files(TripleSource(triples=("t.tsv",)), tmp_path)


def test_what_triple_files_hold_besides_triples_is_told(tmp_path: Path) -> None:
    """A header became a relation of its own, and a blank behind a name another entity."""
    (tmp_path / "train.tsv").write_text("Head\tRelation\tTail\na\tr\tb\nb\tr\tc \na\tr\tb\nc\tr\ta\n", encoding="utf-8")
    (tmp_path / "test.tsv").write_text("c\tr\ta\n", encoding="utf-8")
    (tmp_path / "valid.tsv").write_text("b\tr\ta\n", encoding="utf-8")
    files = TripleSource(triples=("train.tsv",), validation=("valid.tsv",), test=("test.tsv",))
    data = TripleData.of_files(files, tmp_path)
    assert data.relations == ("r",) and data.graph.entities == 3
    assert sorted(data.part.tolist()) == [0, 0, 1, 2]
    told = "\n".join(data.notes)
    assert "train.tsv: the first line names the columns and is no triple" in told
    assert "train.tsv: 1 cell was trimmed" in told and "2 lines repeat a triple, which counts once" in told
    assert "1 triple of the test and validation files stands in the training files too" in told
    (tmp_path / "bad.tsv").write_text("h\tr\tt\na\tr\tb\n \tr\tb\n", encoding="utf-8")
    with pytest.raises(ReadError, match=r"bad\.tsv:3: head"):
        TripleData.of_files(TripleSource(triples=("bad.tsv",)), tmp_path)
