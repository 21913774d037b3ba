"""A new item's vector from its triples is nearly as good as a trained one, old vectors stay, torch is not needed."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings.training.train_vectors import train_vectors
from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.fold_in import fitted, fold_in, softmax_gradients
from embeddings.vectors.geometry import GEOMETRIES
from embeddings.vectors.models import PRODUCTS
from embeddings.vectors.scoring import VectorScorer
from embeddings.vectors.vectors import Vectors
from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot
from tests.graphs import snapshot_of

ITEMS, NEW, TASTES, USERS = 80, 8, 4, 240
PRODUCTS_SOLD = [f"p{number:02}" for number in range(ITEMS)]
DRAW = random.Random(0)
BOUGHT = [(user, item) for user in range(USERS) for item in DRAW.sample(range(user % TASTES, ITEMS, TASTES), 6)]
"""Every user has one of four tastes, and buys 6 of the 20 products of it."""
LEFT_OUT = dict(reversed(BOUGHT))
"""User → the first product that she bought, which nothing is learned from."""


def graph(folder: Path, products: int) -> Snapshot:
    """What users bought; the last products may not be there yet."""
    bought = [(f"u{user:03}", PRODUCTS_SOLD[item]) for user, item in BOUGHT if item < products]
    return snapshot_of(
        folder,
        {
            "User": [f"u{user:03}" for user in range(USERS)],
            "Product": PRODUCTS_SOLD[:products],
            "Ingredient": ["a", "b"],
        },
        {"purchased": [pair for pair in bought if LEFT_OUT[int(pair[0][1:])] != int(pair[1][1:])]},
    )


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    folder = tmp_path_factory.mktemp("graphs")
    return graph(folder / "old", ITEMS - NEW), graph(folder / "new", ITEMS)


def likeliest(vectors: Vectors, new: Snapshot, number: int = 8) -> tuple[float, float]:
    """How often the likeliest purchases of somebody have the new product among them that was left out of hers, and
    which part of them is new."""
    start, found, shown = new.vocabulary.start("Product"), [], []
    relation, scorer = vectors.manifest.relations.index("purchased"), VectorScorer.of(vectors)
    for user, hidden in LEFT_OUT.items():
        head = new.vocabulary.start("User") + user
        scores = scorer.score(np.array([(head, relation, start + item) for item in range(ITEMS)]))
        scores[[item for buyer, item in BOUGHT if buyer == user and item != hidden]] = -np.inf
        best = np.argsort(-scores)[:number]
        shown.append(np.mean(best >= ITEMS - NEW))
        if hidden >= ITEMS - NEW:
            found.append(hidden in best)
    return float(np.mean(found)), float(np.mean(shown))


@pytest.mark.parametrize("model", PRODUCTS)
def test_folded_in_items_are_as_good_as_trained_ones_and_do_not_crowd_out_the_old(
    model: str, graphs: tuple[Snapshot, Snapshot], tmp_path: Path
) -> None:
    old, new = graphs
    config = TrainingConfig(model=model, dim=16, epochs=15, validation=0)
    vectors = train_vectors(old, config, tmp_path / "old")
    folded = fold_in(vectors, old.vocabulary, new)
    again = train_vectors(new, config, tmp_path / "new")
    (hits, share), (goal, usual) = likeliest(folded, new), likeliest(again, new)
    assert hits >= 0.8 * goal > 0.2
    assert share < 1.8 * usual  # twice as much without the push

    for name in ("User", "Ingredient", "Product"):
        before, after = (v.start(name) for v in (old.vocabulary, new.vocabulary))
        count = old.vocabulary.count(name)
        np.testing.assert_array_equal(folded.entity[after : after + count], vectors.entity[before : before + count])
    saved = folded.save(tmp_path / "folded")
    assert (saved.manifest.snapshot, saved.manifest.folded_in) == (new.hash, NEW)
    assert saved.manifest.entities == new.manifest.entities
    assert fold_in(vectors, old.vocabulary, new).save(tmp_path / "twice").manifest.digest == saved.manifest.digest


def test_vectors_of_something_else_are_refused(graphs: tuple[Snapshot, Snapshot], tmp_path: Path) -> None:
    old, new = graphs
    vectors = train_vectors(old, TrainingConfig(dim=4, epochs=1), tmp_path)
    with pytest.raises(ModelError, match="older vocabulary"):
        fold_in(vectors, new.vocabulary, new)
    config = TrainingConfig(model="TuckER", dim=4, epochs=1)
    with pytest.raises(ModelError, match="only TransE"):
        fold_in(train_vectors(old, config, tmp_path), old.vocabulary, new)


@pytest.mark.parametrize("model", ["TransE", "DistMult"])
def test_gradients_are_those_of_the_loss(model: str) -> None:
    draw = np.random.default_rng(0)
    query, true, wrong = (draw.normal(size=(n, 5)).astype(np.float32) for n in (3, 3, 7))
    same = np.zeros((3, 7), dtype=bool)
    same[1, 2] = True
    geometry = GEOMETRIES[model]

    def loss(query: np.ndarray, true: np.ndarray) -> float:
        total = 0.0
        for row, goal, hidden in zip(query.astype(float), true.astype(float), same, strict=True):
            if geometry.distance:
                scores = -geometry.sharpness * np.linalg.norm(wrong - row, axis=1)
                right = -geometry.sharpness * np.linalg.norm(goal - row)
            else:
                scores, right = wrong @ row, goal @ row
            total += np.log1p(np.exp(scores[~hidden] - right).sum())
        return total

    found = softmax_gradients(geometry, query, true, wrong, same)
    for number, array in enumerate((query, true)):
        for place in np.ndindex(array.shape):
            up, down = (array.astype(float) for _ in range(2))
            up[place] += 1e-5
            down[place] -= 1e-5
            ends = [loss(*((moved, true) if number == 0 else (query, moved))) for moved in (up, down)]
            assert found[number][place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-3)


def test_without_new_entities_nothing_changes(graphs: tuple[Snapshot, Snapshot]) -> None:
    from embeddings.vectors.triples import TripleSet

    entity = np.ones((USERS + ITEMS + 2, 4), dtype=np.float32)
    triples = TripleSet.of(graphs[0], ["purchased"])
    none = np.empty(0, dtype=np.int64)
    np.testing.assert_array_equal(fitted(TrainingConfig(), entity, entity[:1], none, triples), entity)


def test_folding_in_and_predicting_import_nothing_heavy() -> None:
    modules = "embeddings.vectors.fold_in, embeddings.link_prediction.prediction, embeddings.link_prediction"
    heavy = "{'torch', 'pykeen', 'polars', 'pyarrow'} & set(sys.modules)"
    code = f"import sys, {modules}; sys.exit(str({heavy}) if {heavy} else 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
