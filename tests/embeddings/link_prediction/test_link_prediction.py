"""Ranks and metrics are PyKEEN's to 1e-6, ties are not flattered, and memory stays within a block."""

from typing import Any

import numpy as np
import pytest
import torch
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import ERModel

from embeddings.link_prediction import ranking
from embeddings.link_prediction.held_out import card_of, corrupted
from embeddings.link_prediction.metrics import link_prediction, rank_metrics
from embeddings.link_prediction.ranking import rank_triples
from embeddings.training.network import NetworkScorer, factory_of, make_network
from embeddings.vectors.calibration import auc, fit_logistic
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.models import PRODUCTS
from embeddings.vectors.scoring import Indices, Scorer, VectorScorer
from embeddings.vectors.triples import TripleSet

NAMES = ("likes", "knows", "owns")


@pytest.fixture(scope="module")
def graph() -> tuple[TripleSet, Indices, Indices]:
    """A random graph of 60 entities in two types, its training and its test triples."""
    draw = np.random.default_rng(3)
    ranges = np.array([[[0, 40], [40, 60]], [[0, 40], [0, 40]], [[40, 60], [0, 40]]])
    rows = [
        np.stack([draw.integers(*ranges[r, 0], 300), np.full(300, r), draw.integers(*ranges[r, 1], 300)], axis=1)
        for r in range(3)
    ]
    every = np.unique(np.concatenate(rows), axis=0)
    order = draw.permutation(len(every))
    return TripleSet(every, 60, 3, ranges), every[order[100:]], every[order[:100]]


def network_of(model: str, graph: TripleSet) -> ERModel[Any, Any, Any]:
    torch.manual_seed(0)
    config = TrainingConfig(model=model, dim=16)
    return make_network(config, factory_of(graph, config))


def scorer_of(model: str, network: ERModel[Any, Any, Any]) -> Scorer:
    with torch.inference_mode():
        parts = (network.entity_representations, network.relation_representations)
        return VectorScorer(model, *(part[0]().numpy() for part in parts))


def pykeen_metrics(network: ERModel[Any, Any, Any], train: Indices, test: Indices, side: str) -> dict[str, float]:
    evaluator = RankBasedEvaluator(filtered=True)
    found = evaluator.evaluate(
        network,
        torch.from_numpy(test),
        additional_filter_triples=[torch.from_numpy(train)],
        use_tqdm=False,
        batch_size=32,
    )
    names = ("inverse_harmonic_mean_rank", "hits_at_1", "hits_at_3", "hits_at_10", "arithmetic_mean_rank")
    kinds = (*names, "adjusted_arithmetic_mean_rank_index")
    return {name: found.get_metric(f"{side}.realistic.{name}") for name in kinds}


@pytest.mark.parametrize("block", [1, 2**20])
@pytest.mark.parametrize("kind", [*PRODUCTS, "TuckER", "constant", "rounded"])
def test_metrics_are_those_of_pykeen(
    kind: str, block: int, graph: tuple[TripleSet, Indices, Indices], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranking, "BLOCK_BYTES", block)  # one query at a time, or all at once
    whole, train, test = graph
    model = kind if kind in (*PRODUCTS, "TuckER") else "DistMult"
    network = network_of(model, whole)
    if model != kind:  # equal scores for all candidates, or for many
        table = network.entity_representations[0]._embeddings.weight.data
        table.copy_(torch.zeros_like(table) + 0.25 if kind == "constant" else (table * 4).round())
    scorer = NetworkScorer(network) if model == "TuckER" else scorer_of(model, network)
    ranks = rank_triples(scorer, test, whole, np.concatenate([test, whole.rows]))  # parts that overlap
    mine = link_prediction(ranks, NAMES)
    for side, one in (("both", mine.both), ("head", mine.head), ("tail", mine.tail)):
        theirs = pykeen_metrics(network, train, test, side)
        values = [one.mrr, *one.hits.values(), one.mean_rank, one.amri]
        assert values == pytest.approx(list(theirs.values()), abs=1e-6)
    for position, name in enumerate(NAMES):
        rows = test[test[:, 1] == position]
        theirs = pykeen_metrics(network, whole.rows, rows, "both")
        assert mine.relations[name].mrr == pytest.approx(theirs["inverse_harmonic_mean_rank"], abs=1e-6)


def test_constant_scores_are_no_better_than_chance(graph: tuple[TripleSet, Indices, Indices]) -> None:
    whole, _, test = graph
    scorer = VectorScorer("TransE", np.ones((60, 4), dtype=np.float32), np.zeros((3, 4), dtype=np.float32))
    metrics = link_prediction(rank_triples(scorer, test, whole, whole.rows), NAMES).both
    assert metrics.amri == pytest.approx(0, abs=1e-12) and metrics.hits[10] == 0
    assert metrics.mean_rank > 20 and metrics.mrr < 1 / 20


def test_candidates_of_the_type_only(graph: tuple[TripleSet, Indices, Indices]) -> None:
    whole, _, test = graph
    scorer = scorer_of("ComplEx", network_of("ComplEx", whole))
    ranks = rank_triples(scorer, test, whole, whole.rows, "type")
    known = {tuple(row) for row in whole.rows.tolist()}
    for (head, relation, tail), rank, count in zip(test.tolist(), ranks.rank, ranks.candidates, strict=True):
        low, high = whole.ranges[relation, 1]
        others = [e for e in range(low, high) if e == tail or (head, relation, e) not in known]
        scores = scorer.score(np.array([[head, relation, e] for e in others]))
        assert count[1] == len(others)
        assert rank[1] == 1 + (scores > scores[others.index(tail)]).sum()


def test_metrics_worked_out_by_hand() -> None:
    found = rank_metrics(np.array([1.0, 2.0, 2.5, 12.0]), np.array([11, 11, 11, 21]))
    assert found.mrr == pytest.approx((1 + 1 / 2 + 1 / 2.5 + 1 / 12) / 4)
    assert found.hits == {1: 0.25, 3: 0.75, 10: 0.75}
    assert found.amri == pytest.approx(1 - (4.375 - 1) / ((6 + 6 + 6 + 11) / 4 - 1))
    assert rank_metrics(np.ones(2), np.ones(2, dtype=np.int64)).amri is None


def test_false_triples_are_unknown_and_of_the_right_type(graph: tuple[TripleSet, Indices, Indices]) -> None:
    whole, _, test = graph
    false = corrupted(test, whole, seed=0)
    known = {tuple(row) for row in whole.rows.tolist()}
    assert len(false) > 90 and not known & {tuple(row) for row in false.tolist()}
    for head, relation, tail in false.tolist():
        for side, entity in enumerate((head, tail)):
            assert whole.ranges[relation, side, 0] <= entity < whole.ranges[relation, side, 1]


class Told:
    """Scores that are odds: what they say is what is true, by construction."""

    entities = 60

    def score(self, triples: Indices) -> np.ndarray:
        odds = np.random.default_rng(triples.sum()).normal(size=len(triples))
        true = np.arange(len(triples)) < len(triples) / 2
        return np.where(true, np.abs(odds) + 0.2 * odds, 0.3 * odds - np.abs(odds) / 2)


def test_a_score_card_measures_on_the_other_half(graph: tuple[TripleSet, Indices, Indices]) -> None:
    whole, train, _ = graph
    card = card_of(Told(), train, whole, seed=0)
    assert card is not None and card.auc > 0.9 and card.brier < 0.15 and card.log_loss < 0.5
    assert abs(sum(count for *_, count in card.curve) - len(train)) < 60 and card.triples > 600
    assert sum(abs(said - true) * count for said, true, count in card.curve) / card.triples < 0.1
    assert card_of(Told(), train[:30], whole, seed=0) is None


def test_calibration_recovers_the_odds_that_made_the_data() -> None:
    draw = np.random.default_rng(0)
    score = draw.normal(3, 2, 20_000)
    truth = draw.random(20_000) < 1 / (1 + np.exp(-(1.5 * score - 4)))
    found = fit_logistic(score, truth)
    assert (found.slope, found.intercept) == (pytest.approx(1.5, abs=0.1), pytest.approx(-4, abs=0.2))
    assert auc(np.array([1.0, 1.0, 2.0, 0.0]), np.array([True, False, True, False])) == 0.875
