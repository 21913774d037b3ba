"""A new item with its attributes is recommended without training; what was learned stays; what cannot be is said."""

from pathlib import Path

import numpy as np
import pytest

from embeddings.training.train_vectors import train_vectors
from embeddings.vectors.vectors import TrainingConfig
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.metapaths import enumerate_metapaths
from recommender.learning.carry_over import VOCABULARY, keep_vocabulary
from recommender.learning.model import VECTORS, ModelManifest, open_model, save_manifest
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import default_blend
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of
from tests.recommender.serving.test_recommend import TASTES


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> tuple[Snapshot, Snapshot]:
    """Before and after a rose product and a user came."""
    entities, triples = TASTES
    users, products = [*entities["User"], "stranger"], [*entities["Product"], "A0"]
    contains = [*triples["contains"], ("A0", "Rosa")]
    later = ({**entities, "User": users, "Product": products}, {**triples, "contains": contains})
    folder = tmp_path_factory.mktemp("carry")
    return snapshot_of(folder / "before", *TASTES), snapshot_of(folder / "after", *later)


def _model(folder: Path, snapshot: Snapshot, model: str) -> Path:
    config = TrainingConfig.from_options(model=model, dim=8, epochs=20, seed=0)
    train_vectors(snapshot, config, folder / VECTORS)
    blend = default_blend(snapshot.schema, enumerate_metapaths(snapshot.schema), embedding=True)
    save_manifest(folder, ModelManifest(name=model, snapshot=snapshot.hash, blend=blend, training=config))
    keep_vocabulary(folder, snapshot)
    return folder


def test_a_new_item_is_recommended_by_paths_and_a_folded_in_vector(
    snapshots: tuple[Snapshot, Snapshot], tmp_path: Path
) -> None:
    before, after = snapshots
    folder = _model(tmp_path / "model", before, "TransE")
    model = open_model(folder, after, tmp_path / "kernels")
    assert model.info.trained and model.info.snapshot == before.hash
    assert "1 Product, 1 User new" in model.notices_in(Rules())[0] and "whyrec train" in model.notices_in(Rules())[0]
    item = next(
        one
        for one in Recommender(model).recommend(Request("a1", n=20, rules=Rules(domain="cosmetics"))).items
        if one.id == "A0"
    )
    assert item.shares.paths > 0 and item.shares.embedding != 0
    old = open_model(folder, before, tmp_path / "old").scorer.vectors
    assert old is not None and model.scorer.vectors is not None
    for entity_type in before.vocabulary.types:
        kept = [after.vocabulary.idx(entity_type, one) for one in before.vocabulary.ids(entity_type)]
        np.testing.assert_array_equal(model.scorer.vectors.unit(entity_type)[kept], old.unit(entity_type))


def test_without_knowing_what_was_seen_default_weights_are_used(
    snapshots: tuple[Snapshot, Snapshot], tmp_path: Path
) -> None:
    before, after = snapshots
    folder = _model(tmp_path / "model", before, "TransE")
    (folder / VOCABULARY / "User.id.offsets.npy").unlink()
    model = open_model(folder, after, tmp_path / "kernels")
    assert not model.info.trained and "refused" in model.notices_in(Rules())[0]
