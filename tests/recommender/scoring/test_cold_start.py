"""People who used nothing of a domain are scored by weights of their own, alone as among others."""

import numpy as np
import pytest

from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import Model
from recommender.results.document import ModelInfo
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import Blend, ColdWeights
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of
from tests.recommender.serving.test_recommend import TASTES

CROSSING, POPULAR = "purchased > contains > ~teaches", 0.5


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """Courses weigh something only for people who took none; a1 took one, b1 did not."""
    folder = tmp_path_factory.mktemp("cold")
    entities, triples = TASTES
    snapshot = snapshot_of(folder, entities, {**triples, "enrolled": [("a1", "cA")]}, k=1)
    cold = {"courses": ColdWeights(metapaths={CROSSING: 2.0}, popularity=POPULAR)}
    blend = Blend(metapaths={"purchased > ~purchased > purchased": 1.0}, cold=cold)
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder / "kernels"), blend, None)
    return Recommender(Model(scorer, ModelInfo(name="cold", snapshot=snapshot.hash, trained=True)))


def test_cold_weights_count_for_newcomers_only(recommender: Recommender) -> None:
    courses = Rules(domain="courses")
    newcomer = recommender.recommend(Request("b1", rules=courses)).items
    assert [item.id for item in newcomer] == ["cB", "cA"] and newcomer[0].shares.paths > 0
    assert newcomer[1].shares.popularity == POPULAR
    assert [item.score for item in recommender.recommend(Request("a1", rules=courses)).items] == [0.0]


def test_an_anchor_ends_the_cold_start(recommender: Recommender) -> None:
    request = Request("b1", anchors=("enrolled:cA",), rules=Rules(domain="courses"))
    assert [item.score for item in recommender.recommend(request).items] == [0.0]


def test_the_account_adds_up_with_cold_weights(recommender: Recommender) -> None:
    account = recommender.why(Request("b1"), "cB")
    assert {part.kind for part in account.parts} == {"path"}
    assert sum(part.share for part in account.parts) == pytest.approx(account.score, abs=1e-9) and account.score > 0


def test_everybody_gets_the_bits_she_gets_alone(recommender: Recommender) -> None:
    users = np.arange(recommender.snapshot.vocabulary.count("User"))
    rules = recommender.rule_set(Rules())
    block = recommender.rank_block("User", users, rules, 5)
    assert len(recommender.cold_start.groups("User", users)) == 3
    for user in users.tolist():
        alone = recommender.rank_block("User", users[user : user + 1], rules, 5)
        here = slice(block.indptr[user], block.indptr[user + 1])
        np.testing.assert_array_equal(alone.positions, block.positions[here])
        np.testing.assert_array_equal(alone.totals, block.totals[here])


def test_who_only_said_something_of_herself_has_weights_of_her_own(recommender: Recommender) -> None:
    own = {"courses": ColdWeights(metapaths={}, popularity=0.25)}
    blend = recommender.scorer.blend.model_copy(update={"told": own})
    everything, one = frozenset({"courses", "cosmetics"}), frozenset({"courses"})
    assert blend.for_cold(everything, told=True).popularity["courses"] == 0.25
    assert blend.for_cold(one).popularity["courses"] == POPULAR
    assert recommender.scorer.blend.for_cold(everything, told=True).popularity["courses"] == POPULAR
