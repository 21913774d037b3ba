"""The attack of ``benchmarks/differencing_attack.py``, small: it finds people where nothing protects them."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.attacked_shop import ANCHORS, Shop
from benchmarks.differencing_attack import Attack, attack
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Request


def test_nobody_is_found_by_differences_of_answers() -> None:
    asked, claims, found = attack(400, k=5, seed=0, each=200)
    assert found == [] and sum(asked.values()) >= 400 and len(asked) == 22 and sum(claims.values()) > 100


def test_the_same_questions_find_people_without_protection() -> None:
    _, _, found = attack(120, k=1, seed=0, each=120)
    assert {text.partition(":")[0] for text in found} >= {
        *("recommend", "why", "what-if", "similar", "overview", "item", "audit"),
    }


def test_what_one_event_changes_is_found_without_protection(tmp_path: Path) -> None:
    now = Shop(tmp_path / "now", 7, k=1)
    later = Shop(tmp_path / "later", 7, 1, ("purchased", now.ids["User"][3], "product-02"))
    one = Attack(now, np.random.default_rng(1), later)
    for _ in range(6):
        one.event()
    assert one.found and all(text.startswith("one event: ") for text in one.found)


def test_reasons_of_anchors_that_are_only_told_say_nothing_of_the_few_who_have_them(tmp_path: Path) -> None:
    shop = Shop(tmp_path, seed=7, k=5)
    few = [
        (step, one) for step, name in ANCHORS.items() for one in shop.ids[name] if len(shop.users_of((step, one))) < 5
    ]
    others = 0
    for step, one in few:
        request = Request(anchors=(f"{step}:{one}",), n=50)
        for item in shop.recommender.recommend(request).items:
            others += bool(shop.users_of((step, one)) & shop.users_of_item(item.id))
            if item.shares.paths == 0:
                assert item.reason.startswith(("Popular in", "Chosen by", "How popular", "Nothing known")), (
                    step,
                    one,
                    item,
                )
    assert len(few) > 5 and others > 5


@pytest.mark.parametrize("user", [None, "user-03"])
def test_groups_sum_to_the_score_of_anchors_that_are_only_told(user: str | None, tmp_path: Path) -> None:
    shop = Shop(tmp_path, seed=7, k=5)
    for step, name in ANCHORS.items():
        for one in shop.ids[name]:
            for item in (*shop.ids["Product"][:6], shop.ids["Course"][0]):
                account = shop.recommender.why(Request(user, anchors=(f"{step}:{one}",)), item)
                assert sum(group.share for group in account.groups) == pytest.approx(account.score, abs=1e-9)


def test_a_list_of_an_unused_domain_holds_nothing_that_only_a_few_people_link_to_it(tmp_path: Path) -> None:
    shop = Shop(tmp_path, seed=7, k=5)
    rules = Rules(domain="cosmetics")
    lists = [
        shop.recommender.recommend(Request(anchors=(f"enrolled:{c}",), rules=rules, n=50)) for c in shop.ids["Course"]
    ]
    learners = {head for head, _ in shop.triples["enrolled"]}
    few = 0
    for product in shop.ids["Product"]:
        if any(shop.alike(product, course) for course in shop.ids["Course"]):
            continue
        both = shop.users_of_item(product) & learners
        if 0 < len(both) < 5:
            few += 1
            assert all(product not in {item.id for item in one.items} for one in lists), (product, both)
    assert few and all(one.items for one in lists)


def test_a_bridge_leads_on_only_from_what_enough_people_chose_besides(tmp_path: Path) -> None:
    shop = Shop(tmp_path, seed=5, k=5)
    rules, led = Rules(domain="courses"), 0
    for product in shop.ids["Product"]:
        anchor = ("purchased", product)
        for item in shop.recommender.recommend(Request(anchors=(f"purchased:{product}",), rules=rules, n=50)).items:
            joined = len(shop.users_of(anchor) & shop.users_of_item(item.id)) >= 5 or shop.alike(product, item.id)
            if item.shares.paths > 0 and not joined:
                led += 1
                assert shop.bridged(anchor, item.id), (product, item.id, item.reason)
    assert led and not shop.bridged(("purchased", "product-13"), "course-04")
