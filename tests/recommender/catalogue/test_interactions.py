"""How many people used two things is counted from what each of them used."""

from pathlib import Path

import numpy as np

from recommender.catalogue.interactions import Interactions
from tests.graphs import snapshot_of


def test_people_who_used_both_are_those_of_the_matrix(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    users, products = [f"u{n:02}" for n in range(40)], [f"p{n}" for n in range(9)]
    bought = [(user, item) for user in users for item in products[:-2] if rng.random() < 0.3]
    entities = {"User": users, "Product": products, "Course": ["c0"]}
    interactions = Interactions(snapshot_of(tmp_path, entities, {"purchased": bought}))
    matrix = interactions.matrix.toarray()
    nobodys = [position for position, count in enumerate(interactions.counts) if not count]
    assert len(nobodys) == 3
    for anchors in (np.array([0, 2, 3, nobodys[0]]), np.array(nobodys), np.empty(0, dtype=np.int64)):
        items = np.array([1, 2, nobodys[-1]])
        assert interactions.pairs(anchors, items).tolist() == (matrix[:, items].T @ matrix[:, anchors]).tolist()
        for item in items.tolist():
            assert interactions.both(anchors, item).tolist() == (matrix[:, item] @ matrix[:, anchors]).tolist()
            assert interactions.any(anchors, item) == (matrix[:, item] * matrix[:, anchors].any(axis=1)).sum()
