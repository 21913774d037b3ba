"""The explainer by hand: what may not be shown keeps its share, and the embedding names near anchors only."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.vectors.config import TrainingConfig
from embeddings.vectors.vectors import Vectors, VectorsManifest, unit_rows
from kg.snapshot.snapshot import Snapshot
from recommender.explanation.explainer import Explainer
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.profiles.profile import profile_of
from recommender.results.account import Part
from recommender.rules.avoidance import Forbidden
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from tests.graphs import snapshot_of

ATTRIBUTES, PEOPLE = "purchased > contains > ~contains", "purchased > ~purchased > purchased"


def _snapshot(folder: Path) -> Snapshot:
    """Somebody bought a and b, of which each leads to c over an ingredient and over six others."""
    others = [(f"{item}{n}", item) for item in "ab" for n in range(6)]
    triples = {
        "purchased": [("u", "a"), ("u", "b"), *others, *((user, "c") for user, _ in others)],
        "contains": [(item, "i") for item in "abc"],
    }
    entities = {"User": ["u", *(user for user, _ in others)], "Product": [*"abc"], "Ingredient": ["i"]}
    return snapshot_of(folder, entities, triples)


@pytest.mark.parametrize("avoids", ["b", "ab"])
@pytest.mark.parametrize("path", [ATTRIBUTES, PEOPLE])
def test_a_path_over_what_is_avoided_keeps_its_share_untold(tmp_path: Path, path: str, avoids: str) -> None:
    """As much comes over b as over a: half of the score is told of a, the other half is only counted."""
    snapshot = _snapshot(tmp_path)
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), tmp_path / "k"), Blend(metapaths={path: 1.0}), None)
    profile = profile_of(snapshot, "User", snapshot.vocabulary.idx("User", "u"))
    avoided = Forbidden(named={"Product": np.array([one in avoids for one in "abc"])})
    parts = Explainer(scorer, profile, Phrasing(snapshot), avoided).parts(scorer.catalogue.position("Product", 2))
    total = float(scorer.score([profile]).total[0][scorer.catalogue.position("Product", 2)])
    assert sum(part.share for part in parts) == pytest.approx(total)
    told = [*"a"] if avoids == "b" else []
    assert [node.id for part in parts for one in part.paths or [] for node in one.nodes if node.id in [*"ab"]] == told
    assert sum(one.share for part in parts for one in part.paths or []) == pytest.approx(total / 2 * len(told))
    left_out = [part.other_paths.count for part in parts if part.other_paths]
    no_people_told = [0] * len(parts)  # nobody says how many people are behind what is avoided
    assert left_out == ([len(avoids)] if path == ATTRIBUTES else no_people_told)


@pytest.mark.parametrize(
    ("a", "b", "named"),
    [
        ((1.0, 0.0), (1.0, 0.0), ["a", "b"]),
        ((1.0, 0.0), (0.19, 0.98), ["a"]),  # cosine .19 is not near
        ((1.0, 0.0), (-0.6, 0.8), ["a"]),  # what speaks against it is no reason for it
        ((0.19, 0.98), (0.19, 0.98), []),
        ((0.6, 0.8), (-1.0, 0.0), []),  # the sum speaks against it, for which no near one is to blame
    ],
)
def test_the_embedding_names_what_is_near_and_of_its_sign(
    tmp_path: Path, a: tuple[float, float], b: tuple[float, float], named: list[str]
) -> None:
    part = _embedding(tmp_path, a, b)
    assert [one for one in "ab" if f"“{one}”" in part.text] == named
    assert not part.text.startswith("Against")
    assert [one.id for one in part.nearest or []] == (["a", "b"] if part.share > 0 else ["b", "a"])


def _embedding(folder: Path, a: tuple[float, float], b: tuple[float, float]) -> Part:
    """The only part of an account where nothing but the embedding counts; c is at (1, 0)."""
    snapshot = _snapshot(folder)
    counts = snapshot.manifest.entities
    rows = np.ones((sum(counts.values()), 2), dtype=np.float32)
    first = sum(list(counts.values())[: list(counts).index("Product")])
    rows[first : first + 3] = [a, b, (1.0, 0.0)]
    made: Any = {
        "batch_size": 1,
        "triples": 1,
        "losses": (),
        "seconds": 1.0,
        "triples_per_second": 1.0,
        "environment": {},
    }
    config = TrainingConfig(dim=2)
    manifest = VectorsManifest(snapshot=snapshot.hash, config=config, entities=counts, relations=(), **made)
    vectors = Vectors(manifest, rows, rows[:0], unit_rows(rows))
    blend = Blend(metapaths={}, embedding={"cosmetics": 1.0})
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder / "k"), blend, vectors)
    profile = profile_of(snapshot, "User", snapshot.vocabulary.idx("User", "u"))
    (part,) = Explainer(scorer, profile, Phrasing(snapshot)).parts(scorer.catalogue.position("Product", 2))
    assert part.kind == "embedding"
    return part
