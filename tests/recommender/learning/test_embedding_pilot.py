"""The pilot: closeness that tells something gets a say, noise none, and then nothing else is touched."""

from dataclasses import replace

import numpy as np
import pytest

from recommender.kernels.metapaths import Metapath
from recommender.learning.blend_learning import learn_blend
from recommender.learning.candidate_features import EMBEDDING, POPULARITY, CandidateFeatures
from recommender.learning.pilot.embedding_pilot import try_embedding
from recommender.scoring.blend import Blend

PATH = Metapath(("likes", "~likes"))
DEFAULT = Blend(metapaths={str(PATH): 1.0}, popularity={"d": 1.0})


def _rankings(told: float, users: int = 600) -> tuple[CandidateFeatures, CandidateFeatures]:
    """Without and with closeness, which tells the right candidate, the first, by so much above its noise."""
    random = np.random.default_rng(5)
    values = random.random((3, users, 20))
    values[0, :, 0] += 0.5
    values[1, :, 0] += told
    names, marks = (str(PATH), EMBEDDING, POPULARITY), random.random(users)
    filled, truth = np.ones((users, 20), dtype=bool), np.zeros(users, dtype=np.int64)
    whole = CandidateFeatures("d", "warm", names, values, truth, filled, marks)
    return replace(whole, names=(names[0], names[2]), values=values[[0, 2]]), whole


@pytest.mark.parametrize(("told", "kept"), [(0.5, True), (0.0, False), (-0.5, False)])
def test_closeness_gets_a_say_only_where_it_is_surely_better(told: float, kept: bool) -> None:
    without, with_it = _rankings(told)
    blend, reports = learn_blend([without], [PATH], DEFAULT)
    tried, (report,) = try_embedding([with_it], [PATH], blend, reports)
    assert report.embedding is not None and report.embedding.kept == kept == tried.embeds
    if not kept:
        assert tried == blend
        return
    assert report.embedding.gain > 0.05 and report.embedding.p < 0.05
    scores = with_it.scores(with_it.weights(tried, [PATH]))
    assert scores[:, 0].mean() == pytest.approx(without.scores(without.weights(blend, [PATH]))[:, 0].mean())


def test_too_few_people_decide_nothing() -> None:
    without, with_it = _rankings(0.5, users=40)
    blend, reports = learn_blend([without], [PATH], DEFAULT)
    tried, (report,) = try_embedding([with_it], [PATH], blend, reports)
    assert tried == blend and report.embedding is not None and not report.embedding.kept
