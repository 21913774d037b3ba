"""A sample of people has all that is known of them, and all items; few interactions are taken whole."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.learning import fitting
from recommender.learning.fitting import fit_blend
from recommender.splitting.people_sample import people_sample, sample_notes
from tests.graphs import snapshot_of

PEOPLE, PRODUCTS = 400, 12


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    """Everybody bought four of twelve products, those of one number modulo three, and has a concern."""
    rows = [
        (f"u{person:03}", f"p{product:02}", 1.0, 1_000 + person + product)
        for person in range(PEOPLE)
        for product in range(person % 3, PRODUCTS, 3)
    ]
    entities = {
        "User": [f"u{n:03}" for n in range(PEOPLE)],
        "Product": [f"p{n:02}" for n in range(PRODUCTS)],
        "Concern": ["acne", "dryness", "stress"],
    }
    concerns = [(f"u{n:03}", entities["Concern"][n % 3], 1.0, None) for n in range(PEOPLE)]
    return snapshot_of(tmp_path / "graph", entities, {"purchased": rows, "has_concern": concerns, "enrolled": []})


def test_people_keep_all_that_is_known_of_them(snapshot: Snapshot) -> None:
    sample = people_sample(snapshot, 0, most=4 * PEOPLE // 2, fewest=50)
    ids = [sample.vocabulary.id("User", idx) for idx in range(sample.vocabulary.count("User"))]
    assert PEOPLE / 3 < len(ids) < PEOPLE / 1.5 and sample.vocabulary.count("Product") == PRODUCTS
    for idx, name in enumerate(ids):
        own = snapshot.vocabulary.idx("User", name)
        for step in ("purchased", "has_concern"):
            assert np.array_equal(sample.neighbours(step, idx)[0], snapshot.neighbours(step, own)[0])
    again, other = (people_sample(snapshot, seed, most=4 * PEOPLE // 2, fewest=50) for seed in (0, 1))
    assert again.vocabulary.id("User", 9) == ids[9] and again.manifest == sample.manifest != other.manifest
    assert f"{len(ids)} of 400 people" in sample_notes(snapshot, sample)[0]


def test_few_interactions_or_people_are_taken_whole(snapshot: Snapshot) -> None:
    assert people_sample(snapshot, 0) is snapshot and sample_notes(snapshot, snapshot) == []
    assert people_sample(snapshot, 0, most=10, fewest=PEOPLE) is snapshot
    assert people_sample(snapshot, 0, most=4 * PEOPLE, fewest=1) is snapshot


def test_weights_of_a_sample_are_those_of_its_people_and_that_is_said(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = partial(people_sample, most=1_000, fewest=50)
    alone = fit_blend(chosen(snapshot, 0), tmp_path / "alone", 0, None)
    monkeypatch.setattr(fitting, "people_sample", chosen)
    fitted = fit_blend(snapshot, tmp_path / "sampled", 0, None)
    assert (fitted.blend, fitted.kernels, fitted.reports) == (alone.blend, alone.kernels, alone.reports)
    assert [one for one in fitted.notes if "drawn at random" in one] == [*sample_notes(snapshot, chosen(snapshot, 0))]
    scorer = fitted.scorer(snapshot, tmp_path / "kernels", None)
    assert scorer.snapshot.vocabulary.count("User") == PEOPLE
