"""Parity: rates counted by hand, groups of few left out, and differences that chance makes told as such."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recommender.audit.group_quality import UserQuality
from recommender.audit.item_groups import Side
from recommender.audit.parity import parity_of_items, parity_of_people
from recommender.marketing.crowd import Crowd
from tests.graphs import Entities, Triples, snapshot_of
from tests.recommender.audit.test_audit import shop
from tests.recommender.marketing.test_marketing import WITH_CONCERNS

PEOPLE = 100


def quality(folder: Path, recall: NDArray[np.float64], wanted: int = 1, k: int = 1) -> UserQuality:
    """A hundred people, forty with dryness, thirty-five with acne, ten with both and fifteen who say nothing."""
    people = [f"u{n:03}" for n in range(PEOPLE)]
    entities: Entities = {name: [] for name in ("User", "Product", "Course", "Ingredient", "Concern")}
    entities |= {"User": people, "Product": ["cream"], "Concern": ["dryness", "acne", "stress"]}
    triples: Triples = {name: [] for name in WITH_CONCERNS["relation"]}
    triples["has_concern"] = [(one, "dryness") for one in people[:42]] + [(one, "acne") for one in people[40:85]]
    triples["purchased"] = [(one, "cream") for one in people]
    snapshot = snapshot_of(folder, entities, triples, WITH_CONCERNS, k=k)
    users = [("User", snapshot.vocabulary.idx("User", one)) for one in people]
    counts = np.full(PEOPLE, wanted, dtype=np.int64)
    return UserQuality(users, recall, snapshot, recall, counts)


def test_rates_of_people_are_those_counted_by_hand(tmp_path: Path) -> None:
    """Of forty with dryness alone ten have a hit, of 43 with acne alone all; two have both and count in none."""
    recall = np.zeros(PEOPLE)
    recall[:10] = 0.5  # one of two things of hers is listed
    recall[42:85] = 1.0
    [told] = [one for one in parity_of_people(quality(tmp_path, recall, wanted=2)) if one.side == "has_concern"]
    assert (told.groups, told.compared, told.lowest, told.highest) == (2, 83, "dryness", "acne")
    assert (told.lowest_rate, told.highest_rate, told.difference, told.ratio) == (0.25, 1.0, 0.75, 0.25)
    assert told.opportunity == pytest.approx(1 - 10 / 80) and told.odds is None and told.q <= 0.01


def test_few_people_make_no_group_and_rates_are_told_in_steps(tmp_path: Path) -> None:
    recall = (np.arange(PEOPLE) % 7 == 0).astype(np.float64)
    [told] = [one for one in parity_of_people(quality(tmp_path, recall, k=5)) if one.side == "has_concern"]
    assert told.compared == 80 and told.q > 0.05
    assert all(round(rate / 0.2, 9) % 1 == 0 for rate in (told.lowest_rate, told.highest_rate, told.difference))


def test_odds_of_items_are_those_counted_by_hand(tmp_path: Path) -> None:
    """Creams are six and toners six, too few to be compared; of twelve against one nothing is either."""
    crowd = shop(tmp_path, k=1)
    inside = crowd.recommender.catalogue.of_domain("cosmetics")
    assert parity_of_items(crowd, inside, [(_side(crowd, [0] * 6 + [1] * 7), np.ones(2, dtype=bool))]) == []


def _side(crowd: Crowd, group: list[int]) -> Side:
    from scipy.sparse import csr_array

    inside = np.flatnonzero(crowd.recommender.catalogue.of_domain("cosmetics"))
    membership = np.zeros((crowd.recommender.catalogue.size, max(group) + 1))
    membership[inside[: len(group)], group] = 1.0
    return Side("kind", "kind", [f"g{n}" for n in range(max(group) + 1)], csr_array(membership))


def test_equalised_odds_are_the_larger_of_both_differences(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of group 0 three of four used items are shown and one of three unused; of group 1 one of three, and all four."""
    monkeypatch.setattr("recommender.audit.parity.LEAST_ITEMS", 6)
    crowd = shop(tmp_path, k=1)
    inside = np.flatnonzero(crowd.recommender.catalogue.of_domain("cosmetics"))
    side = _side(crowd, [0] * 6 + [1] * 7)
    crowd.recommender.catalogue.people[inside] = [1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    shown = np.array([1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 1, 1], dtype=bool)
    crowd.lists.positions[:] = -1
    crowd.lists.positions[0, : min(shown.sum(), 10)] = inside[shown][:10]
    mask = crowd.recommender.catalogue.of_domain("cosmetics")
    [told] = parity_of_items(crowd, mask, [(side, np.ones(2, dtype=bool))])
    assert told.opportunity == pytest.approx(3 / 4 - 1 / 3) and told.odds == pytest.approx(1 - 1 / 2)
    assert (told.lowest_rate, told.highest_rate) == (pytest.approx(4 / 6), pytest.approx(5 / 7))
    assert told.q > 0.5
