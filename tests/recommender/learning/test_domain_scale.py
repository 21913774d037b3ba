"""The domain scale: what comes first in lists over all domains follows from how many people turn to a new domain."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.domain_scale import SCALES, _gains, domain_scales, scaled
from recommender.scoring.blend import Blend, ColdWeights
from recommender.scoring.scorer import Scorer
from recommender.splitting.interaction_splits import hold_out
from tests.graphs import snapshot_of

CO_PURCHASE = "purchased > ~purchased > purchased"
SHARED = ["A", "B"]


def _scales(folder: Path, coming: int) -> dict[str, float]:
    """Twelve people buy both articles, and in the validation part one of them is held out for six; others bought one
    of them and took a course, which is held out for half of them. Only its popularity speaks for the course."""
    people = [f"p{number}" for number in range(12)]
    both = [f"q{number}" for number in range(coming)]
    entities = {"User": [*people, *both], "Product": SHARED, "Course": ["c"]}
    purchased = [(person, item) for person in people for item in SHARED]
    triples = {"purchased": [*purchased, *((one, "A") for one in both)], "enrolled": [(one, "c") for one in both]}
    snapshot = snapshot_of(folder, entities, triples)
    masks = {name: np.zeros(snapshot.adjacency(name).nnz, dtype=bool) for name in snapshot.schema.interactions}
    masks["purchased"][:12:2] = True
    masks["enrolled"][: coming // 2] = True
    split = hold_out(snapshot, masks, {})
    blend = Blend(metapaths={CO_PURCHASE: 1.0}, cold={"courses": ColdWeights(metapaths={}, popularity=2.0)})
    scorer = Scorer(split.train, Kernels(split.train, KernelConfig(), folder / "kernels"), blend, None)
    return domain_scales(scorer, split, snapshot)


def test_a_new_domain_stands_back_where_few_come(tmp_path: Path) -> None:
    few, many = _scales(tmp_path / "few", 2), _scales(tmp_path / "many", 60)
    assert few["courses"] < many["courses"] <= 1.0


def test_scaled_weights_are_multiplied_together() -> None:
    blend = Blend(metapaths={"a > b": 2.0}, cold={"d": ColdWeights(metapaths={"a > b": 4.0}, popularity=1.0)})
    found = scaled(blend, {"d": 0.25})
    assert found.cold["d"] == ColdWeights(metapaths={"a > b": 1.0}, popularity=0.25)
    assert found.metapaths == blend.metapaths


@given(st.lists(st.tuples(st.integers(0, 64), st.booleans()), min_size=1, max_size=30), st.data())
def test_gains_are_those_of_lists_ranked_anew(items: list[tuple[int, bool]], data: st.DataObject) -> None:
    scores, inside = np.array([score / 8 for score, _ in items]), np.array([new for _, new in items])
    right = data.draw(st.integers(0, len(items) - 1))
    found = _gains(scores, inside, right)
    for place, scale in enumerate(SCALES):
        anew = np.where(inside, scores * scale, scores)
        rank = int((anew >= anew[right] * (1 - 1e-12)).sum())
        assert found[place] == pytest.approx(1 / np.log2(1 + rank) if rank <= 10 else 0.0)
