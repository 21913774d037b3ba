"""Training learns planted tastes, uses the whole graph, repeats to the bit, and never leaves half a model."""

import importlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from embeddings.link_prediction.prediction import predict
from embeddings.training.network_file import open_network
from embeddings.training.train_vectors import train_vectors
from embeddings.training.typed_negatives import TypedNegatives, bounds_of
from embeddings.vectors.config import CHECKPOINT, TrainingConfig
from embeddings.vectors.models import PRODUCTS, STOCK, TAIL_PRODUCTS
from embeddings.vectors.triples import TripleSet
from embeddings.vectors.vectors import Vectors
from kg.errors import TrainingError, UsageError
from kg.snapshot.snapshot import Snapshot
from tests.graphs import snapshot_of

ITEMS = 40
FAST = PRODUCTS + TAIL_PRODUCTS
SMALL: dict[str, Any] = {"dim": 8, "epochs": 6, "batch_size": 4}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Small matrices gain nothing from threads, and on a busy machine threads wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """200 users; those with even numbers buy 5 of the products 0–19, the others 5 of 20–39; ingredients at random.

    No user has enrolled, no course teaches anything, and nobody has the concern.
    """
    draw = random.Random(0)
    half = ITEMS // 2
    products = [f"p{number:02}" for number in range(ITEMS)]
    bought = [
        (f"u{user:03}", products[half * (user % 2) + item])
        for user in range(200)
        for item in draw.sample(range(half), 5)
    ]
    return snapshot_of(
        tmp_path_factory.mktemp("planted"),
        {
            "User": [f"u{user:03}" for user in range(200)],
            "Product": products,
            "Ingredient": ["Aqua", "Glycerin", "Parfum"],
            "Course": ["c1"],
            "Concern": ["acne"],
        },
        {"purchased": bought, "contains": [(name, draw.choice(["Aqua", "Glycerin", "Parfum"])) for name in products]},
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Two users, two products, everybody bought everything: four triples."""
    return snapshot_of(
        tmp_path_factory.mktemp("tiny"),
        {"User": ["u1", "u2"], "Product": ["p1", "p2"], "Ingredient": ["Aqua", "Parfum"]},
        {"purchased": [("u1", "p1"), ("u1", "p2"), ("u2", "p1"), ("u2", "p2")]},
    )


def stop_after(number: int) -> Any:
    def progress(stage: str, done: int, total: int | None, note: str = "") -> None:
        if done == number:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("model", FAST)
def test_products_of_one_taste_become_similar(model: str, planted: Snapshot, tmp_path: Path) -> None:
    config = TrainingConfig.from_options(model=model, dim=32, epochs=20, validation=0)
    epochs: list[tuple[Any, ...]] = []
    vectors = train_vectors(planted, config, tmp_path, lambda *told: epochs.append(told))

    units = vectors.unit("Product")
    similar = units @ units.T
    half = ITEMS // 2
    same = (similar[:half, :half].sum() + similar[half:, half:].sum() - ITEMS) / (2 * half * (half - 1))
    assert same > similar[:half, half:].mean() + 0.2

    losses = vectors.manifest.losses
    assert [told[:3] for told in epochs] == [(f"Training {model}", number, 20) for number in range(1, 21)]
    assert all(told[3].startswith(f"loss {loss:.4f}, ") for told, loss in zip(epochs, losses, strict=True))
    assert losses[-1] < 0.75 * losses[0]


@pytest.mark.parametrize("model", STOCK)
def test_every_other_model_trains_in_the_stock_loop_and_says_so(model: str, tiny: Snapshot, tmp_path: Path) -> None:
    notices: list[str] = []
    vectors = train_vectors(tiny, TrainingConfig(model=model, dim=4, epochs=2), tmp_path, notice=notices.append)
    assert notices == [f"{model} has no fast loop: PyKEEN's own trains it, several times slower"]
    assert len(vectors.entity) == 6 and len(vectors.relation) == len(vectors.manifest.relations)
    assert np.isfinite(vectors.unit("Product")).all()
    _predicts(tiny, vectors, tmp_path)


@pytest.mark.parametrize("model", [*PRODUCTS, *TAIL_PRODUCTS])
def test_the_fast_models_predict_too(model: str, tiny: Snapshot, tmp_path: Path) -> None:
    vectors = train_vectors(tiny, TrainingConfig(model=model, dim=8, epochs=1), tmp_path)
    assert vectors.manifest.config.loop in ("products", "tail products")
    _predicts(tiny, vectors, tmp_path)


def _predicts(tiny: Snapshot, vectors: Vectors, folder: Path) -> None:
    """What is on disk scores every triple, and does so the same every time."""
    network = vectors.manifest.config.loop != "products"
    first, again = (
        predict(tiny, vectors, "p1", "contains", 3, open_network(folder, vectors.manifest, tiny) if network else None)
        for _ in range(2)
    )
    assert first == again and len(first.candidates) == 2
    assert all(np.isfinite(one.score) for one in first.candidates)


@pytest.mark.parametrize(("model", "dim", "triples"), [("ConvE", 7, 2), ("ERMLPE", 8, 1)])
def test_what_a_model_cannot_do_is_told_before_it_trains(
    model: str, dim: int, triples: int, tiny: Snapshot, tmp_path: Path
) -> None:
    few = snapshot_of(
        tmp_path / "few",
        {"User": ["u1"], "Product": ["p1", "p2"]},
        {"purchased": [("u1", f"p{number + 1}") for number in range(triples)]},
    )
    with pytest.raises(TrainingError, match=r"try a dimension|use more triples"):
        train_vectors(few, TrainingConfig(model=model, dim=dim, epochs=1), tmp_path / "vectors")


def test_most_false_triples_of_the_stock_loop_are_of_the_right_type(planted: Snapshot) -> None:
    triples = TripleSet.of(planted, ["contains", "purchased"])
    bounds = bounds_of(triples, with_inverses=True)
    assert bounds.tolist()[3] == triples.ranges[1, ::-1].tolist()
    rows = torch.from_numpy(triples.rows)
    inverse = rows.flip(1)
    inverse[:, 1] = 2 * rows[:, 1] + 1
    sampler = TypedNegatives(
        bounds=bounds, mapped_triples=inverse, num_entities=triples.entities, num_relations=4, num_negs_per_pos=8
    )
    drawn = sampler.corrupt_batch(inverse)
    assert drawn.shape == (len(rows), 8, 3) and (drawn[..., 1] == inverse[:, None, 1]).all()
    for side in (0, 1):
        kept, changed = drawn[:, side::2, 2 - 2 * side], drawn[:, side::2, 2 * side]
        assert (kept == inverse[:, None, 2 - 2 * side]).all()
        low, high = bounds[inverse[:, 1], side].T[..., None]
        assert ((changed[:, :3] >= low) & (changed[:, :3] < high)).all()
        assert changed[:, 3].unique().numel() > 0.8 * triples.entities  # the fourth may be any entity


def test_training_stops_early_and_keeps_the_best_epoch(planted: Snapshot, tmp_path: Path) -> None:
    config = TrainingConfig(model="DistMult", dim=16, patience=3, validation=0.1, epochs=60)
    epochs: list[tuple[Any, ...]] = []
    whole = train_vectors(planted, config, tmp_path / "whole", lambda *told: epochs.append(told))
    manifest = whole.manifest
    best = int(np.argmax(manifest.curve)) + 1
    assert (manifest.best_epoch, len(manifest.curve), manifest.held_out) == (best, best + 3, 104)
    assert manifest.triples == 1040 - 104 and f"epoch {best})" in epochs[-1][3]
    short = train_vectors(planted, config.model_copy(update={"epochs": best}), tmp_path / "short")
    np.testing.assert_array_equal(short.entity, whole.entity)  # the best epoch's, not the last one's

    with pytest.raises(KeyboardInterrupt):  # after the best epoch, before the end
        train_vectors(planted, config, tmp_path / "parts", stop_after(best + 2))
    parts = train_vectors(planted, config, tmp_path / "parts", resume=True).manifest
    assert (parts.digest, parts.curve, parts.score_card) == (manifest.digest, manifest.curve, manifest.score_card)


def test_the_whole_graph_is_used_under_our_numbers(planted: Snapshot, tmp_path: Path) -> None:
    vectors = train_vectors(planted, TrainingConfig(model="RotatE", dim=4, epochs=1, validation=0), tmp_path)
    manifest = vectors.manifest
    assert manifest.entities == planted.manifest.entities
    assert set(manifest.relations) == set(planted.manifest.triples)
    assert manifest.triples == sum(planted.manifest.triples.values()) == 1040
    assert vectors.entity.shape == (planted.vocabulary.size, 4) and vectors.entity.dtype == np.complex64
    assert vectors.relation.shape == (5, 4)
    assert manifest.environment.keys() == {"python", "numpy", "torch", "pykeen", "device", "threads"}
    first = planted.vocabulary.start("Product")
    row = vectors.entity[first + 3]
    expected = np.concatenate([row.real, row.imag]) / np.linalg.norm(row)
    np.testing.assert_allclose(vectors.unit("Product")[3], expected, rtol=1e-6)


def test_excluded_relations_are_left_out(planted: Snapshot, tmp_path: Path) -> None:
    vectors = train_vectors(planted, TrainingConfig(dim=4, epochs=1, exclude=("purchased",), validation=0), tmp_path)
    assert (vectors.manifest.triples, "purchased" in vectors.manifest.relations) == (40, False)
    with pytest.raises(UsageError, match="'purchase'; nearest: 'purchased'"):
        train_vectors(planted, TrainingConfig(exclude=("purchase",)), tmp_path)
    with pytest.raises(TrainingError, match="nothing to train on: 245 entities, 0 triples"):
        train_vectors(planted, TrainingConfig(exclude=("purchased", "contains")), tmp_path)


@pytest.mark.parametrize("model", (*FAST, "CompGCN"))
def test_stopped_and_resumed_is_the_same_to_the_bit(model: str, tiny: Snapshot, tmp_path: Path) -> None:
    config = TrainingConfig.from_options(model=model, **SMALL)
    torch.manual_seed(1)
    whole = train_vectors(tiny, config, tmp_path / "whole").manifest
    drawn = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(3))  # training leaves the caller's random numbers alone

    with pytest.raises(KeyboardInterrupt):
        train_vectors(tiny, config, tmp_path / "parts", stop_after(3))
    assert not (tmp_path / "parts" / "vectors.json").exists()
    epochs: list[tuple[Any, ...]] = []
    parts = train_vectors(tiny, config, tmp_path / "parts", lambda *told: epochs.append(told), resume=True).manifest
    assert epochs[0][1] > 1
    assert (parts.digest, parts.losses) == (whole.digest, whole.losses)
    assert not (tmp_path / "parts" / CHECKPOINT).exists()
    other = train_vectors(tiny, config.model_copy(update={"seed": 1}), tmp_path / "other").manifest
    assert other.digest != whole.digest


KILLED = """
import os, signal, sys, threading
from pathlib import Path
from embeddings.link_prediction.prediction import predict
from embeddings.training.network_file import open_network
from embeddings.training.train_vectors import train_vectors
from embeddings.vectors.vectors import TrainingConfig
from kg.schema import parse_schema
from kg.snapshot.snapshot import Snapshot
from tests.graphs import SCHEMA

def progress(stage, done, total, note=''):
    if done == 5:  # and a little later, anywhere in the epochs that follow:
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGKILL)).start()

snapshot = Snapshot.open(Path(sys.argv[1]), parse_schema(SCHEMA))
train_vectors(snapshot, TrainingConfig.model_validate_json(sys.argv[3]), Path(sys.argv[2]), progress)
"""


def test_a_killed_training_goes_on_where_it_was(tiny: Snapshot, tmp_path: Path) -> None:
    config = TrainingConfig(dim=8, epochs=40, batch_size=1)
    command = [sys.executable, "-c", KILLED, str(tiny.folder), str(tmp_path / "killed"), config.model_dump_json()]
    done = subprocess.run(command, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == -signal.SIGKILL

    epochs: list[tuple[Any, ...]] = []
    killed = train_vectors(tiny, config, tmp_path / "killed", lambda *told: epochs.append(told), resume=True)
    assert 1 < epochs[0][1] <= 40
    assert killed.manifest.digest == train_vectors(tiny, config, tmp_path / "whole").manifest.digest


def test_resuming_something_else_is_refused(tiny: Snapshot, planted: Snapshot, tmp_path: Path) -> None:
    config = TrainingConfig(**SMALL)
    notices: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        train_vectors(tiny, config, tmp_path, stop_after(2), resume=True, notice=notices.append)
    with pytest.raises(TrainingError, match=r"other settings \(dim 8 there, 9 here\)"):
        train_vectors(tiny, config.model_copy(update={"dim": 9}), tmp_path, resume=True)
    with pytest.raises(TrainingError, match=f"{tiny.hash[:12]}.*{planted.hash[:12]}"):
        train_vectors(planted, config, tmp_path, resume=True)
    (tmp_path / CHECKPOINT).write_bytes((tmp_path / CHECKPOINT).read_bytes()[:-9])
    with pytest.raises(TrainingError, match="damaged; train without `resume`"):
        train_vectors(tiny, config, tmp_path, resume=True)
    train_vectors(tiny, config, tmp_path, notice=notices.append)
    assert ["starts anew" in notices[0], "`resume=True`" in notices[1], len(notices)] == [True, True, 2]


@pytest.mark.parametrize("model", FAST)
def test_an_absurd_learning_rate_fails_or_stays_finite(model: str, tiny: Snapshot, tmp_path: Path) -> None:
    config = TrainingConfig.from_options(model=model, dim=256, learning_rate=1000, epochs=5)
    try:
        vectors = train_vectors(tiny, config, tmp_path)
    except TrainingError as problem:
        assert "not finite after epoch" in str(problem)
        assert list(tmp_path.iterdir()) == []
    else:
        assert np.isfinite(vectors.entity).all() and np.isfinite(vectors.unit("User")).all()


@pytest.mark.parametrize(("learning_rate", "epochs"), [(1e30, 50), (1e300, 1)])  # the loss, the last step
def test_numbers_that_overflow_leave_the_older_vectors_in_place(
    learning_rate: float, epochs: int, tiny: Snapshot, tmp_path: Path
) -> None:
    older = train_vectors(tiny, TrainingConfig(**SMALL), tmp_path)
    with pytest.raises(TrainingError, match=r"DistMult: not finite after epoch \d+; nothing was saved"):
        train_vectors(tiny, TrainingConfig(model="DistMult", epochs=epochs, learning_rate=learning_rate), tmp_path)
    assert Vectors.open(tmp_path, tiny.hash).manifest == older.manifest
    assert not (tmp_path / CHECKPOINT).exists()


def test_without_torch_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "embeddings.training.train_vectors")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TrainingError, match=r"torch.*pip install 'whyrec\[train\]'"):
        importlib.import_module("embeddings.training.train_vectors")
