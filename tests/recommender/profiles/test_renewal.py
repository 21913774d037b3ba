"""What somebody does again about now weighs by how often and when it was done, and never by anything later."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot
from recommender.profiles.profile import Profile, anchors_of, profile_of
from recommender.profiles.renewal import SHAPES, WITHIN, Renewal, renewal_of
from tests.graphs import SCHEMA, snapshot_of

AGAIN = "again-purchased"
REPEATED = {**SCHEMA, "relation": {**SCHEMA["relation"]}}
REPEATED["relation"]["purchased"] = {**SCHEMA["relation"]["purchased"], "repeat": True}


def weight(renewal: Renewal, occasions: int, days: float, since: float) -> float:
    told = (np.array([float(one)]) for one in (occasions, days, since))
    return float(renewal.weights(np.array([0]), *told)[0])


def bought(folder: Path, pairs: list[tuple[Any, ...]], people: int, items: int = 3, k: int = 1) -> Snapshot:
    """(person, item, first day, last day but one, last day, days)."""
    entities = {"User": [f"u{n}" for n in range(people)], "Product": [f"p{n}" for n in range(items)]}
    rows = [
        (f"u{who}", f"p{what}", float(times), last * DAY, first * DAY, times, None if before is None else before * DAY)
        for who, what, first, before, last, times in pairs
    ]
    return snapshot_of(folder, entities, {"purchased": rows}, REPEATED, k=k)


def test_with_no_regularity_and_no_dropout_every_day_is_alike() -> None:
    poisson = Renewal(interval=30.0, shape=1.0, going_on=np.ones(4), coming_back=np.ones(1))
    sure = 1 - np.exp(-WITHIN / ((4 * 20 + 30) / 5))  # of four intervals of 20 days, and one of all
    assert [weight(poisson, 5, 80, since) for since in (0, 10, 500)] == pytest.approx([sure] * 3)


def test_what_is_due_weighs_most_and_what_is_long_overdue_least() -> None:
    regular = Renewal(interval=40.0, shape=32.0, going_on=np.full(4, 0.9), coming_back=np.array([0.3]))
    fresh, due, late, over = (weight(regular, 5, 160, since) for since in (3, 38, 50, 120))
    assert due > 0.4
    assert max(fresh, over) < 1e-3 < late < due
    assert weight(regular, 1, 0, 5) < 0.3  # never more than come back at all
    assert weight(regular, 0, 0, 0) == 0.0  # nobody said when


@pytest.mark.parametrize("shape", [1.0, 16.0])
def test_the_regularity_of_planted_intervals_is_found(shape: float, tmp_path: Path) -> None:
    random, pairs = np.random.default_rng(3), []
    for who in range(400):
        gaps = np.maximum(np.rint(random.uniform(20, 90) * random.gamma(shape, 1 / shape, random.integers(2, 7))), 1)
        days = np.cumsum(gaps).astype(int).tolist()
        pairs.append((who, who % 3, 1, 1 + ([0, *days])[-2], 1 + days[-1], len(days) + 1))
    found = renewal_of(bought(tmp_path, pairs, 400), "purchased")
    assert abs(SHAPES.index(found.shape) - SHAPES.index(shape)) <= 1
    assert 30 < found.interval < 70


def test_an_item_that_is_bought_once_by_all_does_not_come_back_and_of_few_people_nothing_is_learned(
    tmp_path: Path,
) -> None:
    razor = [(who, 0, 1, None, 1, 1) for who in range(40)]
    blades = [(who, 1, 1, 1, 40, 2) for who in range(40)]
    rare = [(who, 2, 1, 1, 40, 2) for who in range(4)]
    found = renewal_of(bought(tmp_path, razor + blades + rare, 40, k=5), "purchased").coming_back
    assert found[0] < 0.15 < 0.85 < found[1]
    assert found[2] == pytest.approx((40 + 4 + 1) / (84 + 2))  # as of all items together


def test_a_block_gets_the_same_bits_and_each_person_is_asked_at_her_own_time(tmp_path: Path) -> None:
    pairs = [(who, item, 0, 40, 80, 3) for who in range(3) for item in range(3)]
    snapshot = bought(tmp_path, [*pairs, (3, 0, 0, 300, 320, 4)], 4)
    block = anchors_of(snapshot, AGAIN, np.arange(4)).toarray()
    assert (block[:3] < block[3].max()).all()
    snapshot.asked_at = {"User": np.array([118 * DAY, NO_TIME, 82 * DAY, NO_TIME])}
    asked = anchors_of(snapshot, AGAIN, np.arange(4)).toarray()
    assert asked[0].min() > asked[2].max()
    assert (asked[[1, 3]] == block[[1, 3]]).all()
    for who in range(4):
        mine = profile_of(snapshot, "User", who).anchors[AGAIN]
        assert (asked[who, mine.idx] == mine.weight).all()


def test_what_was_done_this_moment_or_not_at_all_is_not_done_again(tmp_path: Path) -> None:
    snapshot = bought(tmp_path, [(0, item, 0, 40, 80, 3) for item in range(3)], 1)

    def idx(profile: Profile) -> list[int]:
        return profile.anchors[AGAIN].idx.tolist()

    assert idx(profile_of(snapshot, "User", 0)) == [0, 1, 2]
    assert idx(profile_of(snapshot, "User", 0, extra=[("purchased", 1)])) == [0, 2]
    changed = profile_of(snapshot, "User", 0, without=[("purchased", 2)])
    assert idx(changed) == [0, 1] == changed.anchors["purchased"].idx.tolist()
    assert changed.own is not None
    assert changed.own[AGAIN].idx.tolist() == [0, 1, 2]
