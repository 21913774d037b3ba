"""What is between two nodes is the same whether they have few neighbours or many."""

from pathlib import Path

import numpy as np
import pytest

from recommender.reasons.cells import SHARED, Source
from recommender.reasons.evidence.neighbourhoods import MANY, Neighbourhoods
from tests.graphs import snapshot_of


@pytest.mark.parametrize("people", [30, 3 * MANY])
def test_who_used_both_is_between_two_items(tmp_path: Path, people: int) -> None:
    """Of 30 sets are made, of 600 arrays are compared; nobody used the last item, the last person the first two."""
    rng = np.random.default_rng(0)
    used = {
        item: np.flatnonzero(rng.random(people - 1) < share) for item, share in (("a", 0.9), ("b", 0.4), ("c", 0.05))
    }
    used = {item: np.append(some, people - 1) if item < "c" else some for item, some in used.items()}
    users = [f"u{n:04}" for n in range(people)]
    bought = [(users[one], item) for item, some in used.items() for one in some]
    snapshot = snapshot_of(tmp_path, {"User": users, "Product": [*used, "d"]}, {"purchased": bought})
    source = Source(0, "purchased", "Product", SHARED, ("~purchased", "purchased"))
    near, sets = Neighbourhoods(snapshot), [set(some.tolist()) for some in used.values()] + [set[int]()]
    for anchor in range(4):
        for item in range(4):
            assert near.between(source, (anchor, item), 1) == sets[anchor] & sets[item]
    assert people - 1 in near.between(source, (0, 1), 1)
    for item in range(4):
        place, who = near.met(source, [3, 2, 0], item)
        met = [set(who[place == number].tolist()) for number in range(3)]
        assert met == [sets[anchor] & sets[item] for anchor in (3, 2, 0)] and len(who) == sum(map(len, met))
