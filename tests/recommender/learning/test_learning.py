"""Learning the blend: planted signals are found, noise gets weight 0, too few users change nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.learned import union
from recommender.kernels.metapaths import Metapath
from recommender.learning import candidate_features
from recommender.learning.blend_learning import ENOUGH, learn_blend
from recommender.learning.candidate_features import POPULARITY, CandidateFeatures
from recommender.learning.coordinate_ascent import best_ascent, ndcg
from recommender.learning.fitting import fit_blend
from recommender.scoring.blend import Blend
from recommender.splitting.interaction_splits import Split
from recommender.splitting.validation import validation_split
from tests.graphs import snapshot_of
from tests.recommender.serving.test_recommend import TASTES

SIGNAL, NOISE = Metapath(("likes", "~likes")), Metapath(("sees", "~sees"))
DEFAULT = Blend(metapaths={str(SIGNAL): 1.0, str(NOISE): 1.0}, popularity={"d": 1.0})


def _planted(users: int, candidates: int = 20) -> CandidateFeatures:
    """The right candidate is the first; ``likes`` tells it with some noise, the others are noise."""
    random = np.random.default_rng(3)
    values = random.random((3, users, candidates))
    values[0, :, 0] += 0.8
    return CandidateFeatures(
        domain="d",
        audience="warm",
        names=(str(SIGNAL), str(NOISE), POPULARITY),
        values=values,
        truth=np.zeros(users, dtype=np.int64),
        filled=np.ones((users, candidates), dtype=bool),
        marks=random.random(users),
    )


def test_the_planted_signal_is_found_and_noise_weighs_nothing() -> None:
    blend, (report,) = learn_blend([_planted(600)], [SIGNAL, NOISE], DEFAULT)
    assert report.kept and report.after > report.before + 0.1
    assert blend.metapaths[str(SIGNAL)] > 0
    assert blend.metapaths[str(NOISE)] == blend.popularity["d"] == 0
    assert set(report.adds) == {str(SIGNAL)} and report.adds[str(SIGNAL)] > 0.3


def test_what_adds_nothing_weighs_nothing_though_it_comes_with_what_adds() -> None:
    """Two halves of a signal, of which the second is too small to be found from the first alone; beside them, in the
    weights to start from, something that says the same of every candidate."""
    planted, random = _planted(600), np.random.default_rng(8)
    half, other, level = (np.zeros((600, 20)) for _ in range(3))
    half[:, 0], other[:, 0] = random.random(600) * 2, random.random(600) * 2
    half, other = half + random.random((600, 20)), 1e-4 * (other + random.random((600, 20)))
    features = replace(planted, values=np.stack([half, other, level + 1.0]))
    fit, check = features.part(features.marks < 0.65), features.part(features.marks >= 0.65)
    weights = best_ascent(fit, check, np.array([1.0, 1e4, 5.0]))
    assert weights[0] > 0 and weights[1] > 1e3 * weights[0] and weights[2] == 0


def test_learning_is_deterministic_and_right_candidates_score_one() -> None:
    first, second = (learn_blend([_planted(600)], [SIGNAL, NOISE], DEFAULT)[0] for _ in range(2))
    assert first == second
    planted = _planted(600)
    assert planted.scores(planted.weights(first, [SIGNAL, NOISE]))[:, 0].mean() == pytest.approx(1.0)


def test_few_users_keep_the_default_proportions() -> None:
    blend, (report,) = learn_blend([_planted(20)], [SIGNAL, NOISE], DEFAULT)
    assert not report.kept
    assert blend.metapaths[str(SIGNAL)] == blend.metapaths[str(NOISE)] == blend.popularity["d"] > 0


def test_several_rankings_of_a_person_count_as_one_person() -> None:
    planted = _planted(100)
    tenfold = replace(
        planted,
        values=np.tile(planted.values, (1, 10, 1)),
        **{
            name: np.repeat(getattr(planted, name)[None], 10, axis=0).reshape(-1, *getattr(planted, name).shape[1:])
            for name in ("truth", "filled", "marks")
        },
    )
    once, repeated = (learn_blend([one], [SIGNAL, NOISE], DEFAULT)[1][0] for one in (planted, tenfold))
    assert (repeated.users, repeated.people, once.users, once.people) == (1000, 100, 100, 100)
    assert repeated.held_back == once.held_back < 100
    assert repeated.p >= 0.8 * once.p  # ten copies are no evidence


def test_ties_count_against_the_right_candidate() -> None:
    scores = np.array([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0]])
    np.testing.assert_allclose(ndcg(scores, np.array([0, 0])), [1 / np.log2(3), 1.0])


def test_a_blend_refuses_negative_weights() -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Blend(metapaths={"a > b": -0.1})


def test_fitting_holds_one_item_per_user_out_and_gives_weights_for_every_domain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = snapshot_of(tmp_path, *TASTES)
    split: Split = validation_split(snapshot, seed=0)
    catalogue = Catalogue(snapshot)
    for (_, user), found in split.test.items():
        gone = {snapshot.schema.entity[catalogue.item(int(position))[0]].domain for position in found}
        left = [len(split.train.neighbours(name, user)[0]) for name in ("purchased", "enrolled")]
        assert len(gone) == 1 and (len(found) == 1 or 0 in left)
    fitted = fit_blend(snapshot, tmp_path / "fitting", seed=0, train_vectors=None)
    monkeypatch.setattr(candidate_features, "LARGE", 0)
    monkeypatch.setattr(candidate_features, "CELLS", 1)
    monkeypatch.setattr(candidate_features, "cores", lambda: 2)  # which changes nothing
    assert fitted == fit_blend(snapshot, tmp_path / "again", seed=0, train_vectors=None)
    assert {report.domain for report in fitted.reports} == {"cosmetics", "courses"}
    assert set(fitted.blend.popularity) == {"cosmetics", "courses"}


def test_what_kernels_do_without_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(union, "MOST_WORK", 3)
    fitted = fit_blend(snapshot_of(tmp_path / "graph", *TASTES), tmp_path / "fit", 0, None)
    assert any("union of all relations between Product and Product: left empty" in one for one in fitted.left_out)


def test_newcomers_get_what_is_popular_where_nothing_is_better() -> None:
    planted = _planted(200)
    popular = np.zeros_like(planted.values)
    popular[2], popular[2, :, 0] = planted.values[2], 1.5  # the right one is always the most popular one
    popular[:2] = planted.values[1]
    blend, (report,) = learn_blend([replace(planted, audience="crossing", values=popular)], [SIGNAL, NOISE], DEFAULT)
    assert report.only_popularity and not report.kept and 0 < report.beside_popularity <= 0.1
    means = popular.mean(axis=(1, 2))
    beside = sum(blend.cold["d"].metapaths.values()) / (blend.cold["d"].popularity * means[2])
    assert 0 < beside < 0.3  # what popularity leaves room for, and no more


def test_newcomers_keep_what_is_surely_better_than_popularity() -> None:
    blend, (report,) = learn_blend([replace(_planted(600), audience="crossing")], [SIGNAL, NOISE], DEFAULT)
    assert report.kept and report.after > report.popularity + 0.1
    assert blend.cold["d"].metapaths[str(SIGNAL)] > 0


def test_a_path_that_no_ranking_knows_keeps_its_prior_whatever_the_others_show() -> None:
    """Nobody among the validation users has what the path starts from: nothing of the verdict is about it."""
    planted = _planted(400)
    values = planted.values.copy()
    values[1] = 0.0
    values[1, : ENOUGH - 1] = planted.values[1, : ENOUGH - 1]
    popular = values.copy()
    popular[0], popular[2, :, 0] = planted.values[1], 1.5
    for shown in (values, popular):
        raw = replace(planted, audience="crossing", values=shown)
        blend, (report,) = learn_blend([raw], [SIGNAL, NOISE], DEFAULT, {str(NOISE): 1.0})
        cold = blend.cold["d"]
        loud = max(cold.metapaths[str(SIGNAL)], cold.popularity / 0.05)
        assert report.prior == 1 and cold.metapaths[str(NOISE)] == pytest.approx(loud)
    more = values.copy()
    more[1, :ENOUGH] = planted.values[1, :ENOUGH]
    judged = replace(planted, audience="crossing", values=more)
    _, (report,) = learn_blend([judged], [SIGNAL, NOISE], DEFAULT, {str(NOISE): 1.0})
    assert report.prior == 0


def test_with_nobody_to_learn_from_the_prior_goes_before_popularity() -> None:
    nobody = replace(_planted(40), audience="told").part(np.zeros(40, dtype=bool))
    blend, (report,) = learn_blend([nobody], [SIGNAL, NOISE], DEFAULT, {str(SIGNAL): 1.0, str(NOISE): 0.5})
    told = blend.told["d"]
    assert report.users == 0 and report.only_popularity and not blend.cold
    assert told.popularity == 1.0 and told.metapaths == {str(SIGNAL): 20.0, str(NOISE): 10.0}
