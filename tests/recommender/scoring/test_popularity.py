"""An item is popular from k people on: who viewed and bought it is one of them."""

from pathlib import Path

import pytest

from recommender.learning.model import open_model
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, snapshot_of

VIEWED = {"head": "User", "tail": "Product", "interaction": True}


@pytest.mark.parametrize("people", [3, 4, 5])
def test_nobody_counts_twice_for_viewing_and_buying(tmp_path: Path, people: int) -> None:
    """Three people were six: the item was popular, and its score told of them."""
    schema = {**SCHEMA, "relation": {**SCHEMA["relation"], "viewed": VIEWED}}
    names = [f"u{n}" for n in range(people)]
    both = [(name, "soap") for name in names]
    others = [(f"v{n}", "cream") for n in range(9)]
    triples = {"purchased": both, "viewed": [*both, *others]}
    entities = {"User": ["ann", *names, *(name for name, _ in others)], "Product": ["cream", "soap"]}
    snapshot = snapshot_of(tmp_path / "shop", entities, triples, schema)
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    assert recommender.catalogue.people.tolist() == [9, people]
    listed = {row.id: row for row in recommender.recommend(Request("ann", n=2)).items}
    assert (listed["soap"].shares.popularity > 0) == (people >= snapshot.k)
    assert ("Chosen by" in listed["soap"].reason) == (people >= snapshot.k)
    assert listed["cream"].shares.popularity > 0
