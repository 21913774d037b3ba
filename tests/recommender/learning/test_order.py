"""What comes after what is learned where it was planted, and nothing is where times are shuffled."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.fitting import Fitted, fit_blend
from recommender.learning.kernel_learning import kernel_trials
from recommender.learning.model import ModelManifest, open_model, save_manifest
from recommender.learning.recency_learning import learn_recency
from recommender.profiles.profile import profile_of
from recommender.profiles.weights import with_recency
from recommender.serving.recommender import Recommender, Request
from recommender.splitting.validation import validation_split
from tests.graphs import snapshot_of

PEOPLE, PRODUCTS, STEP = 500, 40, 17
DAY = 86_400_000
ORDER = "purchased > →Product-Product"


def _shop(folder: Path, *, shuffled: bool) -> Snapshot:
    """After product p comes p + 17, three times of four, else any: six products each, a day apart or more."""
    random, rows = np.random.default_rng(5), list[tuple[Any, ...]]()
    for person in range(PEOPLE):
        history = [int(random.integers(PRODUCTS))]
        while len(history) < 6:
            following = (history[-1] + STEP) % PRODUCTS
            if random.random() > 0.75 or following in history:
                following = int(random.choice(np.setdiff1d(np.arange(PRODUCTS), history)))
            history.append(following)
        times = random.integers(0, 100) + np.cumsum(random.integers(1, 9, len(history)))
        if shuffled:
            random.shuffle(times)
        rows += [(f"u{person:03}", f"p{item:02}", 1.0, DAY * int(t)) for item, t in zip(history, times, strict=True)]
    entities = {"User": [f"u{n:03}" for n in range(PEOPLE)], "Product": [f"p{n:02}" for n in range(PRODUCTS)]}
    return snapshot_of(folder, entities, {"purchased": rows})


@pytest.fixture(scope="module")
def ordered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Fitted]:
    folder = tmp_path_factory.mktemp("ordered")
    snapshot = _shop(folder / "shop", shuffled=False)
    return snapshot, fit_blend(snapshot, folder / "fit", 0, None)


def test_a_planted_order_weighs_most_and_the_latest_counts_most(ordered: tuple[Snapshot, Fitted]) -> None:
    _, fitted = ordered
    assert fitted.kernels.learned["sequence"].get("window") != 0
    assert fitted.recency["purchased"].place_exponent >= 1
    (report, *_) = [one for one in fitted.reports if one.domain == "cosmetics"]
    assert report.kept and max(report.adds.values()) == report.adds[ORDER]
    within = [one for path, one in fitted.blend.metapaths.items() if path.endswith("Product-Product") and path != ORDER]
    assert fitted.blend.metapaths[ORDER] > 5 * max(within)


def test_shuffled_times_say_nothing(tmp_path: Path) -> None:
    fitted = fit_blend(_shop(tmp_path / "shop", shuffled=True), tmp_path / "fit", 0, None)
    assert fitted.kernels.learned["sequence"] == {"window": 0} and fitted.recency == {}
    assert fitted.blend.metapaths[ORDER] == 0


@pytest.mark.parametrize("shuffled", [False, True])
def test_what_is_trending_is_popular_where_fashions_pass(tmp_path: Path, shuffled: bool) -> None:
    """Every twenty days two other products are in fashion; three purchases each within 400 days, or in any order."""
    random = np.random.default_rng(6)
    days = random.integers(0, 400, 1_200)
    items = 2 * (days // 20) + random.integers(0, 2, 1_200)
    if shuffled:
        random.shuffle(days)
    pairs = zip(items.tolist(), days.tolist(), strict=True)
    rows = [(f"u{number // 3:03}", f"p{item:02}", 1.0, DAY * day) for number, (item, day) in enumerate(pairs)]
    entities = {"User": [f"u{n:03}" for n in range(400)], "Product": [f"p{n:02}" for n in range(PRODUCTS)]}
    snapshot = snapshot_of(tmp_path / "shop", entities, {"purchased": list({row[:2]: row for row in rows}.values())})
    split = validation_split(snapshot, 0)
    found = learn_recency(kernel_trials(split), Kernels(split.train, KernelConfig(), tmp_path / "kernels"))
    assert ("purchased" in found and found["purchased"].trend_days is not None) is not shuffled
    if not shuffled:
        plain, trending = (Catalogue(one) for one in (snapshot, with_recency(snapshot, found)))
        matrix = snapshot.adjacency("purchased")
        age = (snapshot.newest - snapshot.timestamps("purchased")) / DAY
        left = np.bincount(matrix.indices, 0.5 ** (age / found["purchased"].trend_days), PRODUCTS)
        np.testing.assert_allclose(trending.popularity[:PRODUCTS], np.log1p(left) / np.log1p(left).max(), atol=1e-9)
        assert (trending.used == plain.used).all() and not np.allclose(trending.popularity, plain.popularity)


def test_a_model_keeps_what_was_learned_and_its_reasons_are_the_score(
    ordered: tuple[Snapshot, Fitted], tmp_path: Path
) -> None:
    snapshot, fitted = ordered
    manifest = ModelManifest(
        name="order", snapshot=snapshot.hash, blend=fitted.blend, kernels=fitted.kernels, recency=fitted.recency
    )
    save_manifest(tmp_path / "model", manifest)
    model = open_model(tmp_path / "model", snapshot, tmp_path / "kernels")
    plain, faded = (profile_of(one, "User", 0).anchors["purchased"].weight for one in (snapshot, model.scorer.snapshot))
    assert plain.min() == plain.max() and faded.max() > 2 * np.median(faded)
    recommender, last = Recommender(model), int(np.argmax(faded))
    history = snapshot.neighbours("purchased", 0)[0]
    best = recommender.recommend(Request("u000", n=1)).items[0]
    following = (int(history[last]) + STEP) % PRODUCTS
    assert following in history or best.id == f"p{following:02}"
    account = recommender.why(Request("u000"), best.id)
    assert sum(part.share for part in account.parts) == pytest.approx(best.score, abs=1e-9)
    assert "people who" in account.parts[0].text and "soon after" in account.parts[0].text
