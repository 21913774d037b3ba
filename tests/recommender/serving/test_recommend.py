"""A list holds nothing used and nothing forbidden, has the same scores everywhere, and is honest about strangers."""

import gc
from pathlib import Path

import pytest

from kg.errors import UnknownEntityError, UsageError
from recommender.learning.model import open_model
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import NOT_PERSONAL, Recommender, Request
from recommender.texts.languages import language
from tests.graphs import Entities, Triples, snapshot_of

TASTES: tuple[Entities, Triples] = (
    {
        "User": ["a1", "a2", "a3", "b1", "b2", "b3", "new", "profile"],
        "Product": [("A1", "Rose", 10.0), ("A2", None, 20.0), ("A3", None, 30.0), "B1", "B2", "B3", ("H", None, 5.0)],
        "Course": ["cA", "cB"],
        "Ingredient": ["Aqua", "Rosa", "Retinol"],
        "Concern": ["acne"],
    },
    {
        "purchased": [
            *[("a1", "A1"), ("a1", "A2"), ("a1", "H"), ("a2", "A1"), ("a2", "A3"), ("a2", "H"), ("a3", "A2")],
            *[("a3", "A3"), ("b1", "B1"), ("b1", "B2"), ("b1", "H"), ("b2", "B1"), ("b2", "B3"), ("b2", "H")],
            *[("b3", "B2"), ("b3", "B3")],
        ],
        "contains": [
            *[(product, "Rosa") for product in ("A1", "A2", "A3")],
            *[(product, "Retinol") for product in ("B1", "B2", "B3")],
            *[(product, "Aqua") for product in ("A1", "A2", "A3", "B1", "B2", "B3", "H")],
        ],
        "teaches": [("cA", "Rosa"), ("cB", "Retinol"), ("cB", "Aqua"), ("cA", "Aqua")],
        "has_concern": [("profile", "acne"), ("b1", "acne"), ("b2", "acne"), ("b3", "acne")],
    },
)


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """Two taste groups: a* buy rose products, b* retinol ones, all buy the bestseller H; no course was ever taken."""
    folder = tmp_path_factory.mktemp("tastes")
    snapshot = snapshot_of(folder, *TASTES, k=1)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


def _ids(recommender: Recommender, user: str, **options: object) -> list[str]:
    return [item.id for item in recommender.recommend(Request(user, n=20, rules=Rules(**options))).items]


@pytest.mark.parametrize(("user", "own", "other"), [("a1", "A3", "B3"), ("b1", "B3", "A3"), ("a3", "A1", "B1")])
def test_taste_beats_popularity_and_the_other_taste(recommender: Recommender, user: str, own: str, other: str) -> None:
    ranked = _ids(recommender, user, domain="cosmetics")
    assert ranked[0] == own
    assert ranked.index(own) < ranked.index(other)


@pytest.mark.parametrize(("user", "course"), [("a1", "cA"), ("b1", "cB")])
def test_a_buyer_gets_the_course_that_teaches_what_she_bought(recommender: Recommender, user: str, course: str) -> None:
    first = recommender.recommend(Request(user, rules=Rules(domain="courses"))).items[0]
    assert first.id == course
    assert first.reason.startswith("It teaches about “") and "you bought “" in first.reason


@pytest.mark.parametrize("n", [1, 2, 10])
def test_used_items_never_come_back(recommender: Recommender, n: int) -> None:
    result = recommender.recommend(Request("a1", n=n))
    assert not {item.id for item in result.items} & {"A1", "A2", "H"}
    assert result.excluded == {"interacted": 3}
    assert len({item.id for item in result.items}) == len(result.items)


def test_shared_rare_ingredient_is_the_reason_not_the_common_one(recommender: Recommender) -> None:
    assert "Rosa" in recommender.recommend(Request("a1", rules=Rules(domain="courses"))).items[0].reason


def test_domain_changes_no_score(recommender: Recommender) -> None:
    everywhere = {item.id: item.score for item in recommender.recommend(Request("a1", n=20)).items}
    for domain in ("cosmetics", "courses"):
        inside = recommender.recommend(Request("a1", n=20, rules=Rules(domain=domain))).items
        assert {item.id: item.score for item in inside} == {item.id: everywhere[item.id] for item in inside}


def test_the_account_has_the_score_and_rank_of_the_list(recommender: Recommender) -> None:
    for item in recommender.recommend(Request("b1", n=20)).items:
        account = recommender.why(Request("b1"), item.id)
        assert (account.rank, account.score) == (item.rank, item.score)
        assert item.shares.paths + item.shares.embedding + item.shares.popularity == pytest.approx(item.score, abs=1e-9)


def test_the_account_tells_the_rank_within_the_domain(recommender: Recommender) -> None:
    courses = recommender.recommend(Request("a1", n=20, rules=Rules(domain="courses"))).items
    accounts = [recommender.why(Request("a1"), item.id) for item in courses]
    assert [account.domain_rank for account in accounts] == [1, 2]
    assert [account.rank for account in accounts] != [1, 2]


def test_the_account_of_an_owned_item_names_the_rule(recommender: Recommender) -> None:
    account = recommender.why(Request("a1"), "A1")
    assert (account.rank, account.excluded) == (None, "interacted")


def test_somebody_without_history_is_told_that_the_list_is_not_personal(recommender: Recommender) -> None:
    result = recommender.recommend(Request("new"))
    assert not result.personal and language("en").notice(NOT_PERSONAL) in result.notices
    assert result.items[0].id == "H"
    assert not any("You " in item.reason for item in result.items)


def test_anchors_describe_somebody_who_is_not_in_the_graph(recommender: Recommender) -> None:
    stranger = recommender.recommend(Request(anchors=("purchased:A1", "purchased:A2", "purchased:H")))
    known = recommender.recommend(Request("a1"))
    assert [(i.id, i.score) for i in stranger.items] == [(i.id, i.score) for i in known.items]
    assert stranger.user.id is None


def test_rules_remove_and_count(recommender: Recommender) -> None:
    result = recommender.recommend(
        Request("new", n=20, rules=Rules(domain="cosmetics", avoid=("contains:Retinol",), max_price=25))
    )
    assert {item.id for item in result.items} == {"A1", "A2", "H"}
    assert result.excluded == {"other_domain": 2, "avoid contains:Retinol": 3, "max_price": 1}


def test_everything_owned_gives_an_empty_list_with_the_reason(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, {"User": ["u"], "Product": ["p"]}, {"purchased": [("u", "p")]})
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    result = recommender.recommend(Request("u"))
    assert (result.items, result.excluded) == ([], {"interacted": 1})


def test_ids_that_look_like_row_numbers_stay_ids(tmp_path: Path) -> None:
    entities: Entities = {"User": ["2", "0", "1"], "Product": ["2", "1", "0"]}
    snapshot = snapshot_of(tmp_path, entities, {"purchased": [("2", "1"), ("0", "2")]})
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    assert {item.id for item in recommender.recommend(Request("2")).items} == {"0", "2"}


@pytest.mark.parametrize("user", ["a9", "A1", "1", ""])
def test_unknown_users_are_refused_with_the_nearest(recommender: Recommender, user: str) -> None:
    with pytest.raises(UnknownEntityError, match="unknown User"):
        recommender.recommend(Request(user))


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request("a1", rules=Rules(domain="cosmetic")), "nearest: 'cosmetics'"),
        (Request("a1", rules=Rules(avoid=("contain:Aqua",))), "nearest: 'contains'"),
        (Request("a1", lang="fr"), "en or zh"),
        (Request(anchors=("purchase:A1",)), "nearest: 'purchased'"),
        (Request(anchors=("A1",)), "relation:ID"),
    ],
)
def test_wrong_requests_say_what_is_allowed(recommender: Recommender, request_: Request, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        recommender.recommend(request_)


def test_an_answer_leaves_nothing_for_the_garbage_collector(recommender: Recommender) -> None:
    def ask() -> None:
        listed = recommender.recommend(Request("a1", n=20))
        recommender.why(Request("a1"), listed.items[0].id)

    ask()  # what is made once for all answers
    gc.collect()
    gc.disable()
    try:
        ask()
        assert gc.collect() == 0
    finally:
        gc.enable()
