"""Paths through people: told from exactly five different ones on, the fewest where people stand at several places."""

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.explanation.k_anonymity import group_paths
from recommender.kernels.path_instances import Instances
from tests.graphs import snapshot_of

ONE_PLACE = ("Product", "User", "Product")
TWO_PLACES = ("Product", "User", "Product", "User", "Product")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    entities = {"User": [f"u{n}" for n in range(9)], "Product": ["a", "b", "c"]}
    return snapshot_of(tmp_path_factory.mktemp("people"), entities, {})


def _instances(nodes: list[tuple[int, ...]]) -> Instances:
    return Instances(np.array(nodes, dtype=np.int32), np.arange(1.0, len(nodes) + 1))


@pytest.mark.parametrize("people", [4, 5, 6])
def test_a_group_is_told_from_five_people_on(snapshot: Snapshot, people: int) -> None:
    found = group_paths(snapshot, ONE_PLACE, _instances([(0, n, 1) for n in range(people)]), 2.0, most=3)
    share = 2.0 * people * (people + 1) / 2
    if people < 5:
        assert found.largest == [] and (found.others, found.rest, found.untold) == (0, 0.0, share)
    else:
        (group,) = found.largest
        assert (group.nodes, group.people, group.share) == ((0, -1, 1), 5, share)  # counts go in steps of five
        assert (found.others, found.rest, found.untold) == (0, 0.0, 0.0)


def test_one_person_by_five_ways_is_one_person(snapshot: Snapshot) -> None:
    """Five starts or ends make five groups of one person each; the same person five times is no crowd."""
    ways = _instances([(0, 7, 1)] * 5)
    assert group_paths(snapshot, ONE_PLACE, ways, 1.0, most=3).largest == []


@pytest.mark.parametrize("few", [4, 5])
def test_the_place_with_the_fewest_people_decides(snapshot: Snapshot, few: int) -> None:
    """Six people bought the first two products, four or five of them what comes last."""
    paths = _instances([(0, first, 1, last, 2) for first in range(6) for last in range(few)])
    found = group_paths(snapshot, TWO_PLACES, paths, 1.0, most=3)
    assert [group.people for group in found.largest] == ([5] if few == 5 else [])
    assert (found.rest, found.untold) == (0.0, 0.0 if few == 5 else float(paths.product.sum()))


def test_the_largest_groups_are_told_and_the_rest_is_summed(snapshot: Snapshot) -> None:
    """Without people each path is a group: 1, 2, 3, of which the two largest are told."""
    found = group_paths(snapshot, ("Product", "Product"), _instances([(0, 1), (0, 2), (1, 2)]), 1.0, most=2)
    assert [group.share for group in found.largest] == [3.0, 2.0]
    assert (found.others, found.rest) == (1, 1.0)


@pytest.mark.parametrize("first", [2, 3])
def test_two_small_groups_are_other_paths_where_five_people_are_behind_both(snapshot: Snapshot, first: int) -> None:
    """One group is told; of two more, of two people and of two or three others, nothing is said but together."""
    told = [(0, n, 1) for n in range(5)]
    small = [(1, n, 1) for n in range(first)] + [(2, n, 1) for n in range(first, first + 2)]
    paths = _instances(told + small)
    found = group_paths(snapshot, ONE_PLACE, paths, 1.0, most=3)
    share = float(paths.product[5:].sum())
    assert len(found.largest) == 1
    assert (found.others, found.rest, found.untold) == ((5, share, 0.0) if first == 3 else (0, 0.0, share))
    nothing_told = group_paths(snapshot, ONE_PLACE, _instances(small), 1.0, most=3)
    assert (nothing_told.largest, nothing_told.others, nothing_told.rest) == ([], 0, 0.0)


@pytest.mark.parametrize("people", [5, 6])
def test_who_asks_is_none_of_the_people_who_are_counted(snapshot: Snapshot, people: int) -> None:
    paths = _instances([(0, n, 1) for n in range(people)])
    found = group_paths(snapshot, ONE_PLACE, paths, 1.0, most=3, asks=("User", 0))
    assert [group.people for group in found.largest] == ([5] if people == 6 else [])


def test_the_largest_for_or_against_go_first_and_equal_ones_by_their_nodes(snapshot: Snapshot) -> None:
    paths = Instances(np.array([(2, 1), (0, 1), (1, 0), (0, 2)], dtype=np.int32), np.array([1.0, 1.0, -2.0, 1.0]))
    found = group_paths(snapshot, ("Product", "Product"), paths, 1.0, most=3)
    assert [(group.nodes, group.share) for group in found.largest] == [((1, 0), -2.0), ((0, 1), 1.0), ((0, 2), 1.0)]
    assert (found.others, found.rest) == (1, 1.0)


def test_paths_too_long_for_one_number_are_told_apart(snapshot: Snapshot) -> None:
    """4 ** 40 groups of products are more than 64 bits hold; the paths differ in their first place only."""
    rest = (0,) * 39
    paths = _instances([(first, *rest, person) for first in range(2) for person in range(5)])
    found = group_paths(snapshot, (*("Product",) * 40, "User"), paths, 1.0, most=3)
    assert [group.nodes[0] for group in found.largest] == [1, 0]
    assert [group.people for group in found.largest] == [5, 5]
