"""The attack of ``benchmarks/differencing_attack.py``, small: it finds people where nothing protects them."""

from pathlib import Path

import numpy as np

from benchmarks.attacked_shop import Shop
from benchmarks.differencing_attack import Attack, attack


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
