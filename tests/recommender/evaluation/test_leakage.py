"""A leak that is planted anywhere in what a model learns from is found before a figure is printed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.vectors import Vectors, VectorsManifest
from kg.errors import ModelError
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset
from recommender.catalogue.catalogue import Catalogue
from recommender.evaluation.baselines.baselines import baselines
from recommender.evaluation.evaluation import evaluate
from recommender.evaluation.leakage import check_leaks, leaks, telling_relations
from recommender.kernels.metapaths import enumerate_metapaths
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.fitting import fit_blend
from recommender.scoring.blend import default_blend
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import Split, random_split
from tests.graphs import SCHEMA, snapshot_of

ENTITIES: dict[str, list[Any]] = {"User": [f"u{n}" for n in range(12)], "Product": [f"p{n}" for n in range(8)]}
PAIRS = sorted({(f"u{n}", f"p{(n * m) % 8}") for n in range(12) for m in (1, 2, 3)})
SEEN: dict[str, Any] = {
    **SCHEMA,
    "relation": {
        **SCHEMA["relation"],
        "viewed": {"head": "User", "tail": "Product", "interaction": True},
        "listed": {"head": "Product", "tail": "User"},
    },
}
Plant = Callable[[Split, Snapshot], Split]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return snapshot_of(tmp_path_factory.mktemp("graph"), ENTITIES, {"purchased": PAIRS})


def _scorer(snapshot: Snapshot, folder: Path, vectors: Vectors | None = None) -> Scorer:
    blend = default_blend(snapshot.schema, enumerate_metapaths(snapshot.schema), embedding=vectors is not None)
    return Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder), blend, vectors)


def _vectors(snapshot: Snapshot) -> Vectors:
    counts = snapshot.manifest.entities
    manifest = VectorsManifest(
        snapshot=snapshot.hash,
        config=TrainingConfig(dim=2),
        batch_size=1,
        entities=counts,
        relations=(),
        triples=1,
        losses=(),
        seconds=1.0,
        triples_per_second=1.0,
        environment={},
    )
    rows = np.ones((sum(counts.values()), 2), dtype=np.float32)
    return Vectors(manifest, rows, rows[:0], rows)


def test_a_clean_split_and_a_model_of_it_have_no_leak(snapshot: Snapshot, tmp_path: Path) -> None:
    split = random_split(snapshot, 0.3, seed=1)
    assert leaks(split, [_scorer(split.train, tmp_path, _vectors(split.train))]) == []
    check_leaks(split)


class _OneArray(TripleSubset):
    """A training part with one array of the whole graph left in it."""

    def plant(self, name: str) -> "_OneArray":
        place, _, part = name.rpartition(".")
        self._parts[place] = {**self._parts[place], part: self.whole._array(name)}
        return self


def _with_array(name: str) -> Plant:
    def plant(split: Split, snapshot: Snapshot) -> Split:
        held_out = {"purchased": np.zeros(snapshot.manifest.triples["purchased"], dtype=bool)}
        matrix = snapshot.adjacency("purchased")
        rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        for (_, user), positions in split.test.items():
            held_out["purchased"] |= (rows == user) & np.isin(matrix.indices, positions)
        return replace(split, train=_OneArray(snapshot, held_out).plant(name))

    return plant


@pytest.mark.parametrize(
    ("plant", "said"),
    [
        (lambda split, snapshot: replace(split, train=snapshot), "tested pairs are still in relation purchased"),
        (_with_array("purchased.forward.degree"), "degrees of purchased"),
        (_with_array("purchased.inverse.degree"), "degrees of ~purchased"),
    ],
)
def test_a_leak_in_the_training_part_is_found(snapshot: Snapshot, plant: Plant, said: str) -> None:
    split = plant(random_split(snapshot, 0.3, seed=1), snapshot)
    assert any(said in text for text in leaks(split))
    with pytest.raises(ModelError, match="the test part leaks"):
        evaluate(split, baselines(split.train), k=3)


def test_a_leak_into_the_inverse_is_found(snapshot: Snapshot) -> None:
    split = random_split(snapshot, 0.3, seed=1)
    split.train._steps["~purchased"] = snapshot.adjacency("~purchased")
    assert any("~purchased holds other triples" in text for text in leaks(split))


def test_a_leak_in_the_model_is_found(snapshot: Snapshot, tmp_path: Path) -> None:
    split = random_split(snapshot, 0.3, seed=1)
    scorer = _scorer(split.train, tmp_path / "train", _vectors(snapshot))
    assert leaks(split, [scorer]) == [f"vectors were trained on snapshot {snapshot.hash[:12]}"]
    scorer = _scorer(split.train, tmp_path / "train")
    scorer.kernels = Kernels(snapshot, KernelConfig(), tmp_path / "whole")
    assert leaks(split, [scorer]) == [f"kernels were made from snapshot {snapshot.hash[:12]}"]
    scorer = _scorer(split.train, tmp_path / "train")
    scorer.catalogue = Catalogue(snapshot)
    assert leaks(split, [scorer]) == ["popularity counts interactions that are held out"]


def test_a_pair_held_out_of_one_interaction_is_held_out_of_all_and_other_relations_are_named(tmp_path: Path) -> None:
    """What was bought was viewed before, and a third relation, no interaction, says the same the other way round."""
    triples = {"purchased": PAIRS, "viewed": PAIRS, "listed": [(item, user) for user, item in PAIRS]}
    split = random_split(snapshot_of(tmp_path, ENTITIES, triples, SEEN), 0.3, seed=1)
    assert leaks(split) == []
    result = evaluate(split, baselines(split.train), k=3)
    assert result.notes[:1] == ["relation listed stays in the training part and holds 100% of the tested pairs"]
    learned = fit_blend(snapshot_of(tmp_path / "again", ENTITIES, triples, SEEN), tmp_path / "fit", 0, None)
    assert any(
        note.startswith("relation listed is no interaction and holds 100% of what weights") for note in learned.notes
    )


@pytest.mark.parametrize("people", [4, 5])
def test_a_relation_that_tells_is_named_where_enough_people_are_tested(tmp_path: Path, people: int) -> None:
    entities = {**ENTITIES, "User": ENTITIES["User"][1 : people + 1]}  # the first of all used one thing alone
    pairs = [(user, item) for user, item in PAIRS if user in entities["User"]]
    triples = {"purchased": pairs, "listed": [(item, user) for user, item in pairs]}
    split = random_split(snapshot_of(tmp_path, entities, triples, SEEN), 0.3, seed=1)
    assert len(split.test) == people and bool(telling_relations(split)) == (people == 5)
