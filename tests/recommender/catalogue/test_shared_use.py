"""Sums that leave the shop: no difference of two tells of fewer than k people, and nobody is in too many."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.k_anonymity import step_end, told_counts
from recommender.catalogue.shared_use.complementary_suppression import lowered
from recommender.catalogue.shared_use.counting import MOST_ITEMS, capped, shared_use
from tests.graphs import snapshot_of

K = 5


def test_a_sum_over_an_attribute_is_not_told_where_it_would_tell_of_a_pair(tmp_path: Path) -> None:
    """Seven used p0 and p1, four p0 and p2: eleven of ingredient i0, told as ten, and at most nine of the told pair,
    would say that somebody used p0 and p2; so would seven of i1, whose items are of three and of four, as five."""
    bought = [(f"u{n}", "p0") for n in range(30)]
    start = 0
    for product, people in (("p1", 7), ("p2", 4), ("p3", 3), ("p4", 4), ("p5", 3), ("p6", 3), ("p7", 4)):
        bought += [(f"u{n}", product) for n in range(start, start + people)]
        start += people
    products = [f"p{n}" for n in range(8)]
    contains = [("p1", "i0"), ("p2", "i0"), ("p3", "i1"), ("p4", "i1"), *((f"p{n}", "i2") for n in (5, 6, 7))]
    entities = {"User": [f"u{n}" for n in range(30)], "Product": products, "Course": ["c0"]}
    entities["Ingredient"] = ["i0", "i1", "i2"]
    snapshot = snapshot_of(tmp_path, entities, {"purchased": bought, "contains": contains})
    found = shared_use(snapshot, K)
    names = [snapshot.vocabulary.id(kind, idx) for kind, idx in found.things]
    told = {(names[a], names[b]): n for a, b, n in found.pairs.T.tolist()}
    assert told == {("p0", "p1"): 5, ("i0", "p0"): 5, ("i2", "p0"): 10 - K}
    used = dict(zip(names, found.used.tolist(), strict=True))
    assert used == {"p0": 30, "p1": 5, "i0": 5, "i2": 5}, "of i1's people all is about two items that are not told"


@pytest.mark.parametrize("seed", range(30))
def test_no_sum_is_more_than_its_parts_can_be_without_one(seed: int) -> None:
    """All covers of all sums in small worlds are tried; the bound is never above the cheapest, and does not always
    forbid."""
    rng = np.random.default_rng(seed)
    things, groups, people = 7, 5, 60
    matrix = csr_array((rng.random((people, things)) < 0.25).astype(float))
    members = csr_array((rng.random((groups, things)) < 0.5).astype(float))
    theirs = csr_array(matrix @ members.T).sign()
    pairs = told_counts(np.asarray((matrix.T @ matrix).todense()).astype(np.int64), K)
    np.fill_diagonal(pairs, 0)
    whole = told_counts(np.asarray((theirs.T @ matrix).todense()).astype(np.int64), K)
    own = members.toarray() > 0
    whole[own] = 0
    cells = np.stack([*np.nonzero(whole), whole[np.nonzero(whole)]])
    told = lowered(members, csr_array(pairs), cells, K)
    assert (told <= cells[2]).all() and told.any()
    for (group, thing, _), number in zip(cells.T.tolist(), told.tolist(), strict=True):
        parts = [({one}, pairs[one, thing]) for one in np.flatnonzero(own[group]).tolist()]
        others = [one for one in range(groups) if one != group and not own[one, thing]]
        parts += [(set(np.flatnonzero(own[one]).tolist()), whole[one, thing]) for one in others]
        wanted = set(np.flatnonzero(own[group]).tolist())
        for hidden, n in parts:
            rest = [(covers, step_end(m, K) if m else K - 1) for covers, m in parts if covers is not hidden]
            if n or not hidden & wanted:
                continue
            for size in range(1, 4):
                for some in combinations(rest, size):
                    if wanted - hidden <= set().union(*(covers for covers, _ in some)):
                        assert number <= sum(most for _, most in some), (group, thing, hidden)


def test_nobody_counts_with_more_than_so_many_items_and_always_with_the_same() -> None:
    used = np.ones((2, MOST_ITEMS + 50))
    used[1, 3:] = 0
    matrix = csr_array(used)
    found, again = capped(matrix).toarray(), capped(matrix).toarray()
    assert found.sum(axis=1).tolist() == [MOST_ITEMS, 3] and (found <= matrix.toarray()).all()
    np.testing.assert_array_equal(found, again)
