"""Mixed lists: unused domains get evenly spread places, only for items that a path leads to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from kg.errors import UsageError
from recommender.catalogue.catalogue import Catalogue
from recommender.scoring.block_ranking import RankedBlock, rank_dense
from recommender.scoring.mixed_ranking import mixed_rank, mixed_slots, rank_mixed
from tests.graphs import snapshot_of

PRODUCTS, COURSES = 12, 8


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    entities = {"Product": [f"p{n:02}" for n in range(PRODUCTS)], "Course": [f"c{n}" for n in range(COURSES)]}
    return Catalogue(snapshot_of(tmp_path_factory.mktemp("mixed"), entities, {}))


def _list(
    catalogue: Catalogue, paths: np.ndarray, n: int, share: float | None = None
) -> tuple[RankedBlock, np.ndarray]:
    scores = paths + np.linspace(0.5, 0.1, catalogue.size)
    mix = (f"courses={0.2 if share is None else share}",)
    slots = mixed_slots(catalogue, (None, mix), frozenset({"courses"}), n)
    candidates = np.ones((1, catalogue.size), dtype=bool), np.zeros(1, dtype=np.int64)
    bounds = list[list[int]]()

    def rank(may: np.ndarray, own: np.ndarray, k: int) -> RankedBlock:
        bounds.append(own.tolist())
        return rank_dense(scores[None], paths[None], may, k)

    ranked = rank_mixed(rank, paths[None], candidates, n, slots)
    dense, bounds = bounds, []
    sparse = rank_mixed(rank, csr_array(paths[None]), candidates, n, slots)
    assert sparse.positions.tolist() == ranked.positions.tolist() and bounds == dense
    return ranked, scores


def test_two_of_ten_places_are_ranks_five_and_ten(catalogue: Catalogue) -> None:
    paths = np.zeros(catalogue.size)
    paths[PRODUCTS + 3], paths[PRODUCTS + 5], paths[PRODUCTS + 1] = 3.0, 2.0, 1.0
    ranked, scores = _list(catalogue, paths, 10)
    assert ranked.positions.tolist() == [0, 1, 2, 3, PRODUCTS + 3, 4, 5, 6, 7, PRODUCTS + 5]
    np.testing.assert_array_equal(ranked.totals, scores[ranked.positions])


def test_what_no_path_leads_to_is_never_mixed_in(catalogue: Catalogue) -> None:
    paths = np.zeros(catalogue.size)
    paths[PRODUCTS + 6] = -1.0
    ranked, _ = _list(catalogue, paths, 10)
    assert ranked.positions.tolist() == list(range(10))
    paths[PRODUCTS + 7] = 1e-3
    assert _list(catalogue, paths, 10)[0].positions.tolist() == [0, 1, 2, 3, PRODUCTS + 7, 4, 5, 6, 7, 8]
    assert _list(catalogue, paths, 10, share=0.0)[0].positions.tolist() == list(range(10))


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=COURSES, max_size=COURSES), st.integers(1, 15), st.floats(0, 1))
def test_places_are_bounded_and_each_domain_keeps_its_order(
    catalogue: Catalogue, found: list[float], n: int, share: float
) -> None:
    paths = np.zeros(catalogue.size)
    paths[PRODUCTS:] = found
    ranked, scores = _list(catalogue, paths, n, share)
    crossing = ranked.positions >= PRODUCTS
    assert crossing.sum() == min(int(share * n + 0.5), np.count_nonzero(found), n)
    assert len(ranked.positions) == min(n, PRODUCTS + crossing.sum())
    assert (ranked.paths[crossing] > 0).all()
    slots = mixed_slots(catalogue, (None, (f"courses={share}",)), frozenset({"courses"}), n)
    allowed = np.ones(catalogue.size, dtype=bool)
    ranks = [mixed_rank((scores, paths), allowed, position, slots) for position in range(catalogue.size)]
    assert [ranks[position] for position in ranked.positions] == list(range(1, len(ranked.positions) + 1))
    listed = set(ranked.positions.tolist())
    assert all(rank is None or rank > n for position, rank in enumerate(ranks) if position not in listed)
    for part in (ranked.positions[crossing], ranked.positions[~crossing]):
        assert (np.diff(scores[part]) <= 0).all()


def test_who_used_everything_or_nothing_gets_a_plain_list(catalogue: Catalogue) -> None:
    for unused in (frozenset(), frozenset({"courses", "cosmetics"})):
        assert mixed_slots(catalogue, (None, ("courses=0.2",)), unused, 10) is None


@pytest.mark.parametrize(
    ("mix", "problem"),
    [(("course=0.2",), "courses"), (("courses=1.2",), "0 to 1"), (("courses=half",), "0 to 1"), (("0.3",), "DOMAIN")],
)
def test_a_mix_that_does_not_fit_says_why(catalogue: Catalogue, mix: tuple[str, ...], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        mixed_slots(catalogue, (None, mix), frozenset({"courses"}), 10)
