"""Anomalies: what is planted is flagged, by the right signal, and people with tastes are not."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.instant import DAY
from kg.quality import anomalies as module
from kg.quality.anomalies import Accounts, Mask

PEOPLE, ITEMS, MADE = 400, 120, 20


def people(seed: int) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Used, ratings and times of people of four tastes; each item is mostly used by those of its taste."""
    rng = np.random.default_rng(seed)
    liked = rng.permutation(4).repeat(ITEMS // 4)
    appeal = rng.random(ITEMS) ** 2 + 0.05
    used, rated = np.zeros((PEOPLE, ITEMS)), np.zeros((PEOPLE, ITEMS))
    times = []
    for person in range(PEOPLE):
        chance = appeal * np.where(liked == person % 4, 8.0, 0.5)
        some = rng.choice(ITEMS, rng.integers(5, 12), replace=False, p=chance / chance.sum())
        used[person, some] = 1
        rated[person, some] = rng.choice([2, 3, 4, 5], len(some), p=[0.1, 0.2, 0.4, 0.3])
        times.append(np.sort(rng.integers(0, 700 * DAY, len(some))))
    return used, rated, times


def flags(used: np.ndarray, rated: np.ndarray, times: list[np.ndarray]) -> dict[str, Mask]:
    """Who shows which signal."""
    accounts = Accounts(csr_array(used), csr_array(rated), times)
    active = used.sum(axis=1) >= module.FEWEST
    found = {
        "duplicate": module._duplicates(accounts),
        "burst": module._bursts(accounts),
        "bot": module._bots(accounts),
        "rating": module._ratings(accounts),
    }
    found["shilling"], _ = module._shilling(accounts.used, active, list(module._ways(accounts)))
    return found


@pytest.mark.parametrize("kind", ["random", "segment"])
def test_accounts_made_for_an_item_are_flagged_and_people_are_not(kind: str) -> None:
    used, rated, times = people(0)
    assert not any(mask.any() for mask in flags(used, rated, times).values())
    rng, target = np.random.default_rng(1), int(np.argmin(used.sum(axis=0)))
    for made in range(MADE):
        fillers = rng.choice(ITEMS, 8, replace=False) if kind == "random" else np.arange(made % 3, 24, 3)
        used[made], rated[made] = 0, 0
        used[made, fillers], rated[made, fillers] = 1, 5 if kind == "segment" else rng.choice([3, 4, 5], len(fillers))
        used[made, target], rated[made, target] = 1, 5
        times[made] = np.sort(rng.integers(690 * DAY, 697 * DAY, int(used[made].sum())))
    found = flags(used, rated, times)
    flagged = found["shilling"] | found["duplicate"]
    assert flagged[:MADE].mean() >= 0.9 and flagged[MADE:].sum() <= 4


def test_many_accounts_that_are_equally_odd_do_not_hide_one_another() -> None:
    """A tenth of all, made within one day each: more than the oddest twentieth, and none odder than the others."""
    used, rated, times = people(3)
    rng, target, made = np.random.default_rng(1), int(np.argmin(used.sum(axis=0))), PEOPLE // 10
    for one in range(made):
        used[one], rated[one] = 0, 0
        fillers = rng.choice(ITEMS, 8, replace=False)
        used[one, fillers], rated[one, fillers] = 1, rng.choice([2, 3, 4, 5], 8)
        used[one, target], rated[one, target] = 1, 5
        times[one] = np.full(int(used[one].sum()), rng.integers(600, 700) * DAY)
    found = flags(used, rated, times)["shilling"]
    assert found[:made].all() and found[made:].sum() <= 4


def test_each_signal_is_of_what_it_is_called() -> None:
    used, rated, times = people(2)
    used[0], rated[0], times[1] = used[1], rated[1], times[0] - DAY
    used[2, :], rated[2, :] = 1, 4
    times[2] = np.arange(ITEMS) * 3_600_000
    used[3, :40], rated[3, :40] = 1, 4
    times[3] = 5 * DAY + np.arange(40) * 500 + np.random.default_rng(0).integers(0, 400, 40)
    means = rated.sum(axis=0) / used.sum(axis=0)
    used[4, 40:60], rated[4, 40:60] = 1, np.where(means[40:60] > 3, -20, 30)
    found = flags(used, rated, times)
    for signal, account in (("duplicate", 0), ("bot", 2), ("burst", 3), ("rating", 4)):
        assert found[signal][account], signal
    assert found["burst"].sum() == 1 and found["duplicate"].sum() == 1 and found["bot"].sum() <= 2
