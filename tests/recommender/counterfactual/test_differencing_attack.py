"""The attack of ``benchmarks/differencing_attack.py``, small: it finds people where nothing protects them."""

from benchmarks.differencing_attack import attack


def test_nobody_is_found_by_differences_of_answers() -> None:
    asked, claims, found = attack(400, k=5, seed=0, each=200)
    assert found == [] and sum(asked.values()) >= 400 and len(asked) == 14 and sum(claims.values()) > 100


def test_the_same_questions_find_people_without_protection() -> None:
    _, _, found = attack(120, k=1, seed=0, each=120)
    assert {text.partition(":")[0] for text in found} >= {
        *("recommend", "why", "similar", "graph show", "audience", "overview"),
    }
