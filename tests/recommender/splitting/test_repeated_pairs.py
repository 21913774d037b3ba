"""What is done again is held out for its last day alone, and nothing of that day is left."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kg.errors import ModelError
from kg.instant import DAY, NO_TIME
from kg.snapshot.snapshot import Snapshot
from recommender.evaluation.baselines.baselines import baselines
from recommender.evaluation.evaluation import evaluate
from recommender.evaluation.leakage import check_leaks
from recommender.splitting.file_split import file_split
from recommender.splitting.interaction_splits import Split, last_split, temporal_split
from recommender.splitting.validation import validation_split
from tests.graphs import snapshot_of
from tests.recommender.profiles.test_renewal import REPEATED

PEOPLE, ONCE = 30, {"User": [f"u{n:02}" for n in range(30)], "Product": ["tonic", "mask", "soap"]}
MASK, SOAP, TONIC = range(3)


def _snapshot(folder: Path) -> Snapshot:
    """Everybody bought the tonic on days 10, 50 and 90, the mask on day 60, and a third of them the soap on day 95."""
    rows: list[tuple[object, ...]] = []
    for n, user in enumerate(ONCE["User"]):
        rows += [
            (user, "tonic", 3.0, 90 * DAY, 10 * DAY, 3, 50 * DAY),
            (user, "mask", 1.0, 60 * DAY, 60 * DAY, 1, None),
        ]
        rows += [(user, "soap", 1.0, 95 * DAY, 95 * DAY, 1, None)] if n % 3 == 0 else []
    return snapshot_of(folder, ONCE, {"purchased": rows}, REPEATED, k=1)


def _of(snapshot: Snapshot, user: int) -> dict[int, tuple[float, int, int]]:
    """Item → weight, last day, days."""
    items, weights = snapshot.neighbours("purchased", user)
    start = snapshot.adjacency("purchased").indptr[user]
    days, times = snapshot.occasions("purchased")["occasions"], snapshot.timestamps("purchased")
    return {
        item: (weight, int(times[start + n]) // DAY, int(days[start + n]))
        for n, (item, weight) in enumerate(zip(items.tolist(), weights.tolist(), strict=True))
    }


def test_only_the_last_day_is_held_out_of_what_was_done_on_several(tmp_path: Path) -> None:
    for split in (last_split(_snapshot(tmp_path)), validation_split(_snapshot(tmp_path / "validation"), 0)):
        train, asked = split.train, split.train.asked_at["User"] // DAY
        assert len(split.test) == PEOPLE
        for (_, user), held in split.test.items():
            bought_soap = user % 3 == 0
            assert held.tolist() == [SOAP if bought_soap else TONIC]
            assert asked[user] == (95 if bought_soap else 90)
            assert _of(train, user) == {TONIC: (3.0, 90, 3) if bought_soap else (2.0, 50, 2), MASK: (1.0, 60, 1)}
        assert train.degrees("~purchased")[TONIC] == pytest.approx(3.0 * 10 + 2.0 * 20)
        assert train.newest == 90 * DAY
        check_leaks(split)


def test_at_a_cut_what_was_done_before_it_is_known(tmp_path: Path) -> None:
    """The last of all is what was bought on days 90 and 95: of the tonic, days 10 and 50 are left."""
    split = temporal_split(_snapshot(tmp_path), 0.58)
    train, user = split.train, next(user for (_, user), held in split.test.items() if TONIC in held)
    assert _of(train, user)[TONIC] == (2.0, 50, 2)
    assert set(train.asked_at["User"].tolist()) == {61 * DAY} and train.newest == 60 * DAY
    check_leaks(split)


def test_a_last_day_that_is_left_in_training_is_a_leak(tmp_path: Path) -> None:
    split = last_split(_snapshot(tmp_path))
    split.train.asked_at["User"][1] = 50 * DAY
    with pytest.raises(ModelError, match="1 tested pair is still in relation purchased"):
        check_leaks(split)
    split.train.asked_at = {}
    with pytest.raises(ModelError, match="20 tested pairs are still"):
        check_leaks(Split(split.train, split.test, split.description))


def test_whoever_lost_all_of_a_domain_has_not_done_it_before(tmp_path: Path) -> None:
    rows = {"purchased": [("u00", "tonic", 3.0, 90 * DAY, 10 * DAY, 3, 50 * DAY)]}
    people = {**ONCE, "Concern": ["dryness"]}
    for user in ONCE["User"][1:]:
        rows["purchased"].append((user, "tonic", 3.0, 90 * DAY, 10 * DAY, 3, 50 * DAY))
    said = {"has_concern": [(user, "dryness") for user in ONCE["User"]]}
    split = validation_split(snapshot_of(tmp_path, people, {**rows, **said}, REPEATED, k=1), 0)
    cold = [user for user in range(PEOPLE) if not len(split.train.neighbours("purchased", user)[0])]
    assert cold and {("User", user) for user in cold} == set(split.test)


def test_everything_somebody_may_do_again_is_ranked(tmp_path: Path) -> None:
    """Else the one that is tested on would be the only one of hers in the list."""
    split = last_split(_snapshot(tmp_path))
    found = evaluate(replace(split), baselines(split.train), 2)
    figures = {name: one["ndcg"]["mean"] for name, one in found.models.items()}
    assert figures["gp-topfreq"] == pytest.approx((20 * 1.0 + 10 * 0.0) / PEOPLE)
    assert figures["popularity"] < 1.0
    assert (split.train.asked_at["User"] != NO_TIME).all() and np.isfinite(list(figures.values())).all()


def test_a_file_that_says_when_keeps_what_was_known_by_then(tmp_path: Path) -> None:
    """The tonic was bought on days 10, 50 and 90: before a test on day 91 it is known whole, on day 90 without that
    day, on day 60 not at all, since nothing but the last day but one is kept; and without a time neither."""
    snapshot = _snapshot(tmp_path)
    asked = {"u01": 91 * DAY, "u02": 90 * DAY, "u04": 60 * DAY}
    split = file_split(snapshot, [(user, "tonic") for user in (*asked, "u05")], asked)
    known = {user: _of(split.train, user).get(TONIC) for user in (1, 2, 4, 5)}
    assert known == {1: (3.0, 90, 3), 2: (2.0, 50, 2), 4: None, 5: None}
    assert split.train.asked_at["User"][[1, 2, 4, 5]].tolist() == [91 * DAY, 90 * DAY, 60 * DAY, NO_TIME]
    assert split.description["taken_out"] == 3
    check_leaks(split)
