"""Private answers: with next to no noise they are the exact numbers, and nobody counts for more than the cap."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from kg.errors import LimitError, UsageError
from kg.privacy.budget.ledger import PrivacyLedger
from kg.privacy.differential_privacy import Payment
from kg.workspace.settings import PrivacySettings
from recommender.marketing.audience import people_of, subject_of
from recommender.marketing.crowd import Crowd
from recommender.marketing.private.release import private_answer
from recommender.results.responsibility.private import PrivateAnswer
from recommender.rules.rule_set import Rules
from tests.recommender.marketing.test_marketing import shop


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    return Crowd(shop(tmp_path_factory.mktemp("shop")), Rules())


def answer(
    crowd: Crowd, folder: Path, question: str, about: tuple[str, str] | None = None, cap: int = 99
) -> PrivateAnswer:
    """Without noise to speak of: ε is 1,000,000."""
    settings = PrivacySettings(contributions=cap, epsilon_per_day=1e9)
    payment = Payment(PrivacyLedger(folder, settings), settings, 1e6)
    subject = subject_of(crowd, (about[0], crowd.snapshot.vocabulary.idx(*about))) if about else None
    return private_answer(crowd, (question, subject, None), payment)


def counts(found: PrivateAnswer, table: str) -> dict[str, int]:
    """Of next to no noise: what does not stand out is nobody."""
    told = [one for each in found.tables if each.name == table for one in each.counts]
    return {one.id: one.people if isinstance(one.people, int) else 0 for one in told}


def test_without_noise_the_numbers_are_those_of_the_people(crowd: Crowd, tmp_path: Path) -> None:
    dry = answer(crowd, tmp_path, "audience", ("Concern", "dryness"))
    assert counts(dry, "uses") == {"dryness": int(people_of(crowd, ("Concern", 0)).sum())} == {"dryness": 30}
    bought = counts(dry, "interaction")
    assert (
        bought["other1"] == 3 and bought["toner1"] == 0 and bought["tax"] == 0 and not {"cream0", "oats"} & set(bought)
    )
    assert counts(answer(crowd, tmp_path, "overview"), "domains") == {
        "courses": 0,
        "cosmetics": 0,
        "cosmetics+courses": 60,
    }
    missing = answer(crowd, tmp_path, "gaps")
    assert counts(missing, "say") == {"dryness": 30, "acne": 30, "stress": 0}
    assert {one.id: one.supply for one in missing.tables[0].counts} == {"dryness": 6, "acne": 6, "stress": 0}
    led = counts(answer(crowd, tmp_path, "bridge", ("Product", "cream0")), "both")
    assert (led["other0"], led["other5"], led["other1"]) == (3, 3, 0)
    assert counts(answer(crowd, tmp_path, "item", ("Product", "cream0")), "has") == {"OAT": 30, "dryness": 30}


@pytest.mark.parametrize("question", ["audience", "item", "bridge", "gaps", "overview"])
def test_nobody_counts_for_more_than_the_cap_in_any_table(crowd: Crowd, tmp_path: Path, question: str) -> None:
    about = None if question in ("gaps", "overview") else ("Product", "cream0")
    found = answer(crowd, tmp_path, question, about, cap=1)
    assert all(sum(counts(found, table.name).values()) <= crowd.size for table in found.tables)
    assert sum(one.epsilon for one in found.tables) == pytest.approx(found.private.epsilon)


def test_lists_are_not_told_and_the_day_is_paid_for_before(crowd: Crowd, tmp_path: Path) -> None:
    settings = PrivacySettings(epsilon_per_day=1.0)
    payment = Payment(PrivacyLedger(tmp_path, settings), settings, 0.7)
    found = private_answer(crowd, ("overview", None, None), payment)
    assert "lists" not in crowd.__dict__ and "no noise" in found.left_out and found.private.spent_today == 0.7
    with pytest.raises(LimitError, match=r"0\.3 of 1"):
        private_answer(crowd, ("gaps", None, None), payment)
    with pytest.raises(UsageError, match="name what it is about"):
        private_answer(crowd, ("audience", None, None), payment)
    assert len(payment.ledger.releases()) == 1


def test_what_stands_out_from_the_noise_is_there(crowd: Crowd, tmp_path: Path) -> None:
    settings = PrivacySettings(contributions=1, epsilon_per_day=1e9)
    payment = Payment(PrivacyLedger(tmp_path, settings), settings, 2.0)
    false = [
        one.low > 0
        for _ in range(40)
        for table in private_answer(crowd, ("overview", None, None), payment).tables
        for one in table.counts
        if one.id in ("tax", "law", "courses", "cosmetics")
    ]
    assert np.mean(false) <= 0.05


def test_what_noise_alone_could_have_made_is_told_alike_whatever_came_out(crowd: Crowd, tmp_path: Path) -> None:
    """Nothing of thirty people stands out at ε = .01: the answer says so, and not what came out."""
    settings = PrivacySettings(contributions=1, epsilon_per_day=1e9)
    payment = Payment(PrivacyLedger(tmp_path, settings), settings, 0.01)
    told = [private_answer(crowd, ("overview", None, None), payment).tables for _ in range(12)]
    for first, other in pairwise(told):
        for table, again in zip(first, other, strict=True):
            kept = {one.id: one for one in again.counts if isinstance(one.people, str)}
            for one in table.counts:
                if isinstance(one.people, str) and one.id in kept:
                    assert (one.low, one.lift, one.people) == (0, None, f"<{one.high}")
                    assert table.name != "domains" or kept[one.id] == one
    loud = [any(isinstance(one.people, int) for one in tables[1].counts) for tables in told]
    assert sum(loud) <= 5  # each with odds of one in twenty at most: more than five of twelve, one time in 100,000


@pytest.mark.parametrize("epsilon", [0.3, 2.0, 50.0])
def test_no_number_is_larger_than_what_it_is_of_and_every_ratio_has_an_interval(
    crowd: Crowd, tmp_path: Path, epsilon: float
) -> None:
    settings = PrivacySettings(contributions=1, epsilon_per_day=1e9)
    payment = Payment(PrivacyLedger(tmp_path, settings), settings, epsilon)
    subject = subject_of(crowd, ("Concern", crowd.snapshot.vocabulary.idx("Concern", "dryness")))
    for _ in range(20):
        tables = private_answer(crowd, ("audience", subject, None), payment).tables
        most = tables[0].counts[0].high
        for one in (one for table in tables for one in table.counts):
            assert 0 <= one.low <= one.high <= most and (isinstance(one.people, str) or one.people <= most)
            assert one.lift is None or (one.lift_low or 0) <= one.lift <= (one.lift_high or 0)
            assert (one.lift is None) == (one.lift_low is None) == (one.lift_high is None)


def test_the_interval_of_a_ratio_holds_the_ratio(crowd: Crowd, tmp_path: Path) -> None:
    """Half of sixty people have a dry skin and all of them oat creams: twice as often as everybody."""
    settings = PrivacySettings(contributions=1, epsilon_per_day=1e9)
    true = answer(crowd, tmp_path, "audience", ("Product", "cream0"))
    exact = {(table.name, one.id): one.lift for table in true.tables for one in table.counts if one.lift is not None}
    subject, missed, seen = subject_of(crowd, ("Product", crowd.snapshot.vocabulary.idx("Product", "cream0"))), 0, 0
    for _ in range(30):
        payment = Payment(PrivacyLedger(tmp_path, settings), settings, 8.0)
        found = private_answer(crowd, ("audience", subject, None), payment)
        for table in found.tables:
            for one in table.counts:
                ratio = exact.get((table.name, one.id))
                if one.lift is not None and ratio is not None and table.name == "attribute":
                    seen += 1
                    missed += not (one.lift_low or 0) - 0.01 <= ratio <= (one.lift_high or 0) + 0.01
    assert seen >= 30 and missed <= seen * 0.05


def test_domains_are_told_apart_from_their_sums(crowd: Crowd, tmp_path: Path) -> None:
    [domains] = [one for one in answer(crowd, tmp_path, "overview").tables if one.name == "domains"]
    assert {one.label for one in domains.counts} == {"only courses", "only cosmetics", "cosmetics + courses"}
