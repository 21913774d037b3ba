"""The association kernel is the regression, and its part of a score is told by anchors that add up."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.interactions import Interactions
from recommender.kernels.learned.association import Association, AssociationConfig, nearest, terms_of, weighed
from recommender.kernels.learned.latent_map import LatentMap
from recommender.kernels.learned.union import Union
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import learned_paths
from recommender.kernels.trained_graph import AsTrained
from recommender.learning.association_learning import ANCHORS, BOOSTS, SmallSystems, Trial
from recommender.learning.model import Model
from recommender.linalg.local_ridge import regressions
from recommender.results.document import ModelInfo
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of
from tests.recommender.serving.test_recommend import TASTES


def _recommender(snapshot: Snapshot, folder: Path) -> Recommender:
    weights = {str(path): 1.0 for path in learned_paths(snapshot, Association, Union, LatentMap)}
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder), Blend(metapaths=weights), None)
    return Recommender(Model(scorer, ModelInfo(name="association", snapshot=snapshot.hash, trained=True)))


def test_weights_solve_the_regression(tmp_path: Path) -> None:
    """Two items, three users (both, first, second), no attributes: D_u = 2, 1, 1, so XᵀD^-½X has 1/√2 + 1 on its
    diagonal, 1/√2 beside it, and is scaled to trace 4."""
    triples = {"purchased": [("u1", "p1"), ("u1", "p2"), ("u2", "p1"), ("u3", "p2")]}
    snapshot = snapshot_of(tmp_path, {"User": ["u1", "u2", "u3"], "Product": ["p1", "p2"]}, triples)
    scale = 4 / (2 * (0.5**0.5 + 1))
    gram = scale * np.array([[0.5**0.5 + 1, 0.5**0.5], [0.5**0.5, 0.5**0.5 + 1]]) + 100 * np.eye(2)
    inverse = np.linalg.inv(gram)
    found = Kernels(snapshot, KernelConfig(), tmp_path / "kernels").of(("≈Product-Product",)).matrix()
    assert found[0, 1] == pytest.approx(-inverse[0, 1] / inverse[1, 1], rel=1e-12)


def test_taste_and_attributes_show_and_the_part_adds_up(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, *TASTES, k=1)
    recommender = _recommender(snapshot, tmp_path / "kernels")
    ranked = [item.id for item in recommender.recommend(Request("a1", n=20)).items]
    assert ranked.index("A3") < ranked.index("B3") and ranked.index("cA") < ranked.index("cB")
    for item in ranked:
        account = recommender.why(Request("a1"), item)
        assert sum(part.share for part in account.parts) == pytest.approx(account.score, abs=1e-9)
        for part in account.parts:
            assert part.kind == "association" and part.kernel in ("association", "union", "latent_map") and part.nearest
            assert sum(near.share for near in part.nearest) == pytest.approx(part.share, abs=1e-9)
            assert all(near.label in part.text for near in part.nearest[:3])


def test_popular_items_are_raised_and_popular_anchors_say_less(tmp_path: Path) -> None:
    """p1 is used by 2 people, p2 by 3: B_12 · 4^γ / 3^α, B_21 · 3^γ / 4^α; and what is tried in training is that."""
    pairs = [("u1", "p1"), ("u1", "p2"), ("u2", "p1"), ("u3", "p2"), ("u4", "p2")]
    entities = {"User": ["u1", "u2", "u3", "u4"], "Product": ["p1", "p2"]}
    snapshot = snapshot_of(tmp_path, entities, {"purchased": pairs})
    config, step = AssociationConfig(popularity=0.5, anchors=1.0), ("≈Product-Product",)
    plain, found = (
        Kernels(snapshot, KernelConfig(association=one), tmp_path / "kernels").of(step).matrix().toarray()
        for one in (AssociationConfig(), config)
    )
    assert (plain > 0).sum() == 2
    np.testing.assert_allclose(found, plain * np.array([[1, 2 / 3], [3**0.5 / 4, 1]]), rtol=1e-12)


def test_trials_of_weights_solve_the_regression_of_the_kernel() -> None:
    """30 items, all near each other; who used one item each gets the second best of the others."""
    random = np.random.default_rng(5)
    terms = {
        name: csr_array(random.random((30, size)) * (random.random((30, size)) < 0.5))
        for name, size in (("interactions", 90), ("contains", 8))
    }
    used = csr_array(np.eye(30)[:4])
    trial = Trial(terms, [slice(0, 30)], used, np.zeros(4, dtype=np.int64), np.arange(30.0))
    config = AssociationConfig(weights={"contains": 3.0}, ridge=2.0, popularity=0.3, anchors=0.2)
    weights = trial.solved(config)
    np.testing.assert_allclose(SmallSystems.of(trial).solved(config).toarray(), weights.toarray(), atol=1e-5)
    scores = weights.toarray()[:4] * (1 + np.arange(30.0)) ** 0.3 / (1 + np.arange(4.0)[:, None]) ** 0.2
    second = replace(trial, truth=np.argsort(-scores, axis=1)[:, 1])
    assert second.score(weights, config) == pytest.approx(1 / np.log2(3))


def test_exponents_tried_together_are_those_tried_alone() -> None:
    """30 items: the same NDCG for every pair of exponents, to the bit."""
    random = np.random.default_rng(6)
    terms = {"interactions": csr_array(random.random((30, 90)) * (random.random((30, 90)) < 0.5))}
    used = csr_array((random.random((12, 30)) < 0.2).astype(np.float64))
    trial = Trial(terms, [slice(0, 30)], used, random.integers(0, 30, 12), np.arange(30.0))
    weights = trial.solved(AssociationConfig(ridge=2.0))
    gains = trial.by_exponents(weights)
    for row, anchors in enumerate(ANCHORS):
        for column, boost in enumerate(BOOSTS):
            assert gains[row, column] == trial.score(weights, AssociationConfig(anchors=anchors, popularity=boost))
    assert len(np.unique(gains)) > 3


def test_with_all_items_near_it_is_the_whole_regression(tmp_path: Path) -> None:
    """28 items of two types, all used by one of the people, and ingredients: what the inverse of the whole Gram matrix
    says."""
    random = np.random.default_rng(3)
    entities = {
        "User": [f"u{n:02}" for n in range(40)],
        "Product": [f"p{n:02}" for n in range(20)],
        "Course": [f"c{n}" for n in range(8)],
        "Ingredient": [f"i{n}" for n in range(6)],
    }
    ends = {"purchased": "Product", "enrolled": "Course"}
    triples = {
        name: [(u, t) for u in entities["User"][1:] for t in random.choice(entities[end], 3, replace=False).tolist()]
        for name, end in ends.items()
    }
    for name, end in ends.items():
        triples[name] += [("u00", one) for one in entities[end]]
    triples["contains"] = [(p, f"i{n % 6}") for n, p in enumerate(entities["Product"])]
    snapshot = snapshot_of(tmp_path, entities, triples)
    config = AssociationConfig(weights={"contains": 2.0}, ridge=5.0)
    features = weighed(terms_of(AsTrained(snapshot), Interactions(snapshot), {}), config).toarray()
    inverse = np.linalg.inv(features @ features.T + 5 * np.eye(28))
    expected = np.maximum(-inverse / np.diag(inverse), 0.0)
    kernels = Kernels(snapshot, KernelConfig(association=config), tmp_path / "kernels")
    slices = {"Product": slice(0, 20), "Course": slice(20, 28)}
    for one, other in product(slices, slices):
        part = expected[slices[one], slices[other]]
        found = kernels.of((f"≈{one}-{other}",)).matrix().toarray()
        np.testing.assert_allclose(found, part - np.diag(np.diag(part)) if one == other else part, atol=1e-9)


def test_what_everybody_has_makes_nothing_near() -> None:
    """300 items with one feature in common, pairs with one of their own: only the pair is near."""
    hub, own = np.zeros(300, dtype=int), 1 + np.arange(300) // 2
    rows = np.tile(np.arange(300), 2)
    features = csr_array((np.ones(600), (rows, np.concatenate([hub, own]))), shape=(300, 151))
    near = nearest(features, [slice(0, 300)], 5)
    np.testing.assert_array_equal(near.indices, np.arange(300) ^ 1)
    np.testing.assert_allclose(near.data, 1.0)
    # G = 2 with itself and with its pair, so b = 2 / (2 + λ): the hub counts in the regression
    np.testing.assert_allclose(regressions(features, near, 2.0, np.arange(300)).data, 0.5)
