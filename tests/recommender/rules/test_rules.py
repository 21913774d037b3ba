"""Rules remove what they say and count it, and nothing they forbid leaks into a list or a path that is shown."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import UnknownEntityError, UsageError
from kg.money import Amount
from recommender.catalogue.catalogue import Catalogue
from recommender.explanation.explainer import Explainer
from recommender.explanation.phrasing import Phrasing
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.model import open_model
from recommender.profiles.profile import profile_of
from recommender.reasons.reasons import Reasons
from recommender.results.account import Account
from recommender.rules.avoidance import NOTHING_FORBIDDEN
from recommender.rules.domain import mix_of
from recommender.rules.rule_set import Rules, RuleSet
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of
from tests.recommender.rules.worlds import COUNTS, RULED, WORLDS, World, id_of

MANY = int(os.environ.get("WHYREC_RULE_CASES", "1000"))
ABOUT = ("contains", "teaches", "made_by")


def _some(entity_type: str) -> st.SearchStrategy[str]:
    return st.integers(0, COUNTS[entity_type] - 1).map(lambda number: id_of(entity_type, number))


AVOID = st.one_of(
    st.builds("{}:{}".format, st.sampled_from(["contains", "teaches", "avoids", "Ingredient"]), _some("Ingredient")),
    st.builds("{}:{}".format, st.sampled_from(["made_by", "Brand", "shuns"]), _some("Brand")),
    st.builds("{}:{}".format, st.sampled_from(["never_again", "Product"]), _some("Product")),
)
RULES = st.builds(
    Rules,
    domain=st.sampled_from([None, None, "cosmetics", "courses"]),
    avoid=st.lists(AVOID, max_size=2).map(tuple),
    max_price=st.sampled_from([None, None, 3.0]),
    min_price=st.sampled_from([None, None, 2.0]),
    in_stock=st.booleans(),
    language=st.sampled_from([(), (), ("en",), ("ZH",), ("en", "zh")]),
    age=st.sampled_from([None, None, 11.0, 40.0]),
    unknown=st.sampled_from([None, "drop", "keep"]),
)
CASES = st.fixed_dictionaries(
    {"world": st.integers(0, WORLDS - 1), "user": _some("User"), "rules": RULES, "asked": st.integers(0, 10)}
)


@pytest.mark.timeout(max(300, MANY // 20))
@settings(max_examples=MANY, deadline=None)
@given(case=CASES)
def test_nothing_forbidden_is_listed_or_on_a_path(worlds: list[World], case: dict[str, Any]) -> None:
    """100,000 cases: ``WHYREC_RULE_CASES=100000 pytest tests/recommender/test_rules.py``."""
    _check(worlds[case["world"]], case["user"], case["rules"], case["asked"])


def _check(world: World, user: str, rules: Rules, asked: int) -> None:
    avoided = _avoided(world, user, rules)
    request = Request(user, rules=rules, n=11)
    answer = world.recommender.recommend(request)
    items = [id_of("Product", n) for n in range(COUNTS["Product"])] + [
        id_of("Course", n) for n in range(COUNTS["Course"])
    ]
    allowed = {item for item in items if not _broken(world, user, rules, item)}
    assert {item.id for item in answer.items} == allowed
    assert sum(answer.excluded.values()) == len(items) - len(allowed)
    for item in answer.items:
        assert not any(entity_id in item.reason for entity_id in avoided if entity_id != item.id)
    account = world.recommender.why(request, items[asked])
    assert (account.excluded is None) == (items[asked] in allowed)
    assert account.score == pytest.approx(sum(part.share for part in account.parts), abs=1e-9)
    _check_paths(world, user, rules, account, avoided)


def _check_paths(world: World, user: str, rules: Rules, account: Account, avoided: set[str]) -> None:
    assert not any(entity_id in account.text for entity_id in avoided if entity_id != account.item.id)
    for part in account.parts:
        if part.kind == "path":
            assert part.paths is not None and part.other_paths is not None
            shown = sum(path.share for path in part.paths)
            assert part.share == pytest.approx(shown + part.other_paths.share, abs=1e-9)
            assert part.other_paths.count > 0 or part.paths or part.metapath is None
        for path in part.paths or []:
            between = [node.id for node in path.nodes[1:-1] if node.id is not None]
            assert not avoided.intersection(between)
            for node in path.nodes[2:-1]:
                assert node.type != "Product" or not _has_to_do_with_it(world, user, rules, node.id or "")
                assert node.type != "Product" or not _too_old(world, user, rules, node.id or "")


def _avoided(world: World, user: str, rules: Rules) -> set[str]:
    told = {text.partition(":")[2] for text in rules.avoid}
    return told | {
        tail for name in ("avoids", "shuns", "never_again") for head, tail in world.triples[name] if head == user
    }


def _has_to_do_with_it(world: World, user: str, rules: Rules, item: str) -> bool:
    """Whether an item is avoided, or has a triple to something avoided, of the relation told where one is told."""
    told = [text.split(":") for text in rules.avoid]
    whole = {entity for name, entity in told if name not in ABOUT} | _avoided(world, user, Rules())
    by_name = any((item, entity) in world.triples[name] for name, entity in told if name in ABOUT)
    return by_name or item in whole or any((item, one) in world.triples[name] for name in ABOUT for one in whole)


def _too_old(world: World, user: str, rules: Rules, item: str) -> bool:
    minimum = world.values.get((item, "min_age"), 0)
    age = rules.age if rules.age is not None else world.values.get((user, "age"))
    return bool(minimum > 0 and (rules.unknown != "keep" if age is None else minimum > age))


def _broken(world: World, user: str, rules: Rules, item: str) -> bool:
    """Whether a rule removes an item, worked out from the plain graph."""
    product, drop = item.startswith("Product"), rules.unknown != "keep"
    price, stock, language = (world.values.get((item, key)) for key in ("price", "in_stock", "language"))
    asks_price = rules.max_price is not None or rules.min_price is not None
    return any(
        (
            (user, item) in world.triples["purchased"] | world.triples["enrolled"],
            _has_to_do_with_it(world, user, rules, item),
            rules.domain == ("courses" if product else "cosmetics"),
            asks_price and (drop if price is None else not (rules.min_price or 0) <= price <= (rules.max_price or 9)),
            rules.in_stock and product and (drop if stock is None else not stock),
            rules.language
            and not product
            and (drop if language is None else language not in {one.lower() for one in rules.language}),
            product and _too_old(world, user, rules, item),
        )
    )


@settings(max_examples=200, deadline=None)
@given(world=st.integers(0, WORLDS - 1), rules=RULES)
def test_a_block_of_users_has_the_candidates_of_each(worlds: list[World], world: int, rules: Rules) -> None:
    recommender = worlds[world].recommender
    ready = RuleSet(recommender.snapshot, recommender.catalogue, rules)
    allowed, own = ready.block("User", np.arange(COUNTS["User"])[::-1])
    for row, user in enumerate(reversed(range(COUNTS["User"]))):
        alone = ready.candidates(profile_of(recommender.snapshot, "User", user)).allowed
        assert allowed[row].tolist() == alone.tolist()
        assert own[row] >= ready._everybody.sum() - alone.sum()


def test_an_association_names_no_avoided_anchor(tmp_path: Path) -> None:
    """``ann`` bought both; a soap is bought with each, but she will never buy the scrub again."""
    entities: dict[str, list[Any]] = {
        "User": ["ann", *[f"u{n}" for n in range(6)]],
        "Product": ["scrub", "sponge", "soap"],
        "Ingredient": [],
        "Brand": [],
    }
    triples = {
        "purchased": [
            ("ann", "scrub"),
            ("ann", "sponge"),
            *[(f"u{n}", p) for n in range(6) for p in entities["Product"]],
        ],
        "never_again": [("ann", "scrub")],
    }
    snapshot = snapshot_of(tmp_path, entities, triples, RULED)
    (path,) = [one for one in scored_paths(snapshot) if str(one) == "purchased > ≈Product-Product"]
    kernels = Kernels(snapshot, KernelConfig(), tmp_path / "kernels")
    scorer = Scorer(snapshot, kernels, Blend(metapaths={str(path): 1.0}), None)
    profile, rules = profile_of(snapshot, "User", 0), RuleSet(snapshot, Catalogue(snapshot), Rules())
    position = scorer.catalogue.position("Product", snapshot.vocabulary.idx("Product", "soap"))
    for forbidden, named in ((NOTHING_FORBIDDEN, {"scrub", "sponge"}), (rules.forbidden(profile), {"sponge"})):
        explainer = Explainer(scorer, profile, Phrasing(snapshot), forbidden)
        (part,) = explainer.parts(position)
        assert {one.id for one in part.nearest or []} == named
        assert part.share == pytest.approx(scorer.score([profile]).total[0, position])
        reasons = Reasons(scorer, profile, Phrasing(snapshot), forbidden)
        for text in (part.text, *(reasons.text(one) for one in reasons.of(position))):
            assert ("scrub" in text) is ("scrub" in named) and "sponge" in text


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """Four products and two courses; ``ann``, 16, avoids parfum and shuns Nivea; nothing is known of ``bob``."""
    folder = tmp_path_factory.mktemp("shop")
    entities: dict[str, list[Any]] = {
        "User": [("ann", None, 16), "bob"],
        "Product": [
            ("scented", "Scented", 10.0, True, 0),
            ("nivea", "Nivea cream", 20.0, False, 0),
            ("peel", "Peel", None, None, 18),
            ("balm", "Balm", 5.0, True, None),
        ],
        "Course": [("perfumery", None, 30.0, "en"), ("skin", None, 40.0, "zh")],
        "Ingredient": ["PARFUM", "AQUA"],
        "Concern": [],
        "Brand": ["Nivea"],
    }
    triples = {
        "contains": [("scented", "PARFUM"), ("scented", "AQUA"), ("balm", "AQUA")],
        "teaches": [("perfumery", "PARFUM")],
        "made_by": [("nivea", "Nivea")],
        "avoids": [("ann", "PARFUM")],
        "shuns": [("ann", "Nivea")],
    }
    snapshot = snapshot_of(folder, entities, triples, RULED)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


@pytest.mark.parametrize(
    ("user", "rules", "left", "excluded"),
    [
        ("ann", Rules(), {"balm", "skin"}, {"avoids:PARFUM": 2, "shuns:Nivea": 1, "min_age": 1}),
        ("bob", Rules(), {"scented", "nivea", "balm", "perfumery", "skin"}, {"age_unknown": 1}),
        ("bob", Rules(unknown="keep"), {"scented", "nivea", "peel", "balm", "perfumery", "skin"}, {}),
        ("bob", Rules(domain="cosmetics", age=18), {"scented", "nivea", "peel", "balm"}, {"other_domain": 2}),
        (
            "bob",
            Rules(domain="cosmetics", avoid=("contains:AQUA",), age=18),
            {"nivea", "peel"},
            {"avoid contains:AQUA": 2},
        ),
        ("bob", Rules(avoid=("Ingredient:PARFUM",)), {"nivea", "balm", "skin"}, {"avoid Ingredient:PARFUM": 2}),
        ("bob", Rules(avoid=("Product:balm",)), {"scented", "nivea", "perfumery", "skin"}, {"avoid Product:balm": 1}),
        ("bob", Rules(min_price=8, max_price=20), {"scented", "nivea"}, {"price_unknown": 1, "max_price": 2}),
        ("bob", Rules(domain="cosmetics", min_price=8, unknown="keep"), {"scented", "nivea", "peel"}, {"min_price": 1}),
        ("bob", Rules(in_stock=True), {"scented", "balm", "perfumery", "skin"}, {"stock_unknown": 1}),
        (
            "bob",
            Rules(only=("made_by:Nivea", "contains:AQUA")),
            set(),
            {"only made_by:Nivea": 5, "only contains:AQUA": 1},
        ),
        ("bob", Rules(only=("contains:PARFUM", "contains:AQUA")), {"scented", "balm"}, {"only contains:PARFUM": 4}),
        ("bob", Rules(language=("EN",)), {"scented", "nivea", "balm", "perfumery"}, {"other_language": 1}),
    ],
)
def test_each_rule_removes_and_counts(
    shop: Recommender, user: str, rules: Rules, left: set[str], excluded: dict[str, int]
) -> None:
    answer = shop.recommend(Request(user, rules=rules))
    assert {item.id for item in answer.items} == left
    assert excluded.items() <= answer.excluded.items()
    assert sum(answer.excluded.values()) == 6 - len(left)


def test_an_anchor_of_a_rule_binds_somebody_unknown(shop: Recommender) -> None:
    answer = shop.recommend(Request(anchors=("avoids:PARFUM",), rules=Rules(age=20)))
    assert {item.id for item in answer.items} == {"nivea", "peel", "balm", "skin"}
    assert answer.excluded == {"avoids:PARFUM": 2} and not answer.personal


def test_rules_of_a_workspace_and_of_a_call_add_up() -> None:
    ours = Rules.asked({"avoid": ["contains:PARFUM"], "max_price": 50, "language": "en"})
    rules = Rules(avoid=("made_by:Nivea",), max_price=20).over(ours)
    assert (rules.avoid, rules.max_price) == (("contains:PARFUM", "made_by:Nivea"), 20)
    assert (rules.language, rules.unknown) == (("en",), None)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"avoid": ("contain:AQUA",)}, "nearest: 'contains'"),
        ({"avoid": ("Ingredients:AQUA",)}, "nearest: 'Ingredient'"),
        ({"avoid": ("AQUA",)}, "relation:ID"),
        ({"language": ("eng",)}, "nearest: 'en'"),
        ({"min_price": -1}, "`min_price` -1: .*greater than or equal to 0"),
        ({"min_price": 9, "max_price": 3}, "no price is both"),
        ({"max_price": "1.000"}, "`max_price` '1.000': may be 1000 or 1: write it without the point"),
        ({"max_price": "12.500 EUR"}, "may be 12500 or 12.5"),
        ({"max_price": "30 pounds"}, "`max_price` '30 pounds': .*30 GBP"),
        ({"max_price": -1}, "^`max_price` -1: a price is a number"),
        ({"max_price": "30 GBP"}, r"`max_price` 30 GBP: the schema does not say .* \[entity.Product\]"),
        ({"max_price": 3, "rates": "GBP"}, "`rates` 'GBP': expected a CSV file"),
        ({"mix": ("courses=much",)}, "from 0 to 1"),
        ({"age": -3}, "`age` -3: .*greater than or equal to 0"),
        ({"only": ("made_bye:Nivea",)}, "only 'made_bye:Nivea'.* nearest: 'made_by'"),
        *(
            ({rule: (text.format(by=by),)}, f"'{by}': leads to people, and no rule names one; name what items have; ")
            for by in ("~purchased", "~never_again", "User")
            for rule, text in {
                "avoid": "{by}:ann",
                "only": "{by}:ann",
                "boost": "{by}:ann",
                "bury": "9% {by}:zoe",
                "quota": "5% not {by}:ann",
            }.items()
        ),
        ({"unknown": "dorp"}, "'drop' or 'keep'"),
        ({"max_prise": 3}, "nearest: 'max_price'"),
    ],
)
def test_wrong_rules_say_what_is_allowed(shop: Recommender, rules: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        RuleSet(shop.snapshot, shop.catalogue, Rules.asked(rules))


def test_a_part_of_a_mixed_list_may_be_nothing_or_all() -> None:
    assert mix_of(("courses=0", "cosmetics=1"), ("courses", "cosmetics")) == {"courses": 0.0, "cosmetics": 1.0}


COURSE, PRODUCT = "Course", "Product"
IN_POUNDS = {"a": 9.99, "b": 30.0, "c": None}
IN_YUAN = {"d": 199.0, "e": 90.0}


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ({"max_price": "25 GBP", "rates": ("GBP=9", "CNY=1")}, {"a", "d", "e"}),
        ({"max_price": "￥199", "rates": ("GBP=1", "CNY=0.111")}, {"a", "d", "e"}),
        ({"min_price": "£8", "max_price": "100 CNY", "rates": ("EUR=1", "GBP=1.2", "CNY=0.12")}, {"a", "e"}),
        ({"max_price": 30, "domain": "cosmetics"}, {"a", "b"}),
        ({"max_price": "100 CNY", "domain": "courses"}, {"e"}),
        ({"max_price": 30}, "prices are in CNY (Course) and GBP (Product), and are not compared"),
        ({"max_price": "30 EUR", "rates": ("GBP=1.2",)}, "EUR: the prices of Course are in CNY, and there is no rate"),
        ({"min_price": "£30", "max_price": "$1", "rates": ("GBP=1", "CNY=1", "USD=1")}, "no price is both"),
    ],
)
def test_prices_of_several_currencies_are_compared_by_rates(
    tmp_path: Path, asked: dict[str, Any], left: set[str] | str
) -> None:
    priced = {"properties": {"price": "float"}}
    schema = {
        "name": "two",
        "entity": {
            "User": {"sensitive": True},
            COURSE: {"domain": "courses", **priced, "currency": {"price": "CNY"}},
            PRODUCT: {"domain": "cosmetics", **priced, "currency": {"price": "GBP"}},
        },
        "relation": {"bought": {"head": "User", "tail": PRODUCT, "interaction": True}},
    }
    items = {PRODUCT: IN_POUNDS, COURSE: IN_YUAN}
    entities = {name: [(one, None, price) for one, price in prices.items()] for name, prices in items.items()}
    snapshot = snapshot_of(tmp_path, {"User": ["u"], **entities}, {"bought": []}, schema=schema)
    catalogue = Catalogue(snapshot)
    if isinstance(left, str):
        with pytest.raises(UsageError, match=re.escape(left)):
            RuleSet(snapshot, catalogue, Rules.asked(asked))
        return
    allowed = RuleSet(snapshot, catalogue, Rules.asked(asked)).candidates(profile_of(snapshot, "User", 0)).allowed
    found = [catalogue.item(position) for position in np.flatnonzero(allowed).tolist()]
    assert {snapshot.vocabulary.id(name, idx) for name, idx in found} == left


def test_unknown_entities_to_avoid_are_refused_with_the_nearest(shop: Recommender) -> None:
    with pytest.raises(UnknownEntityError, match="nearest: PARFUM"):
        RuleSet(shop.snapshot, shop.catalogue, Rules(avoid=("contains:PARFUMM",)))


def test_a_property_that_no_item_has_is_named(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, {"User": ["u"], "Product": ["p"]}, {})
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    for rules, name in (
        (Rules(in_stock=True), "no item has a 'in_stock'"),
        (Rules(language=("en",)), "no item has a 'language'"),
        (Rules(min_price=3.0), "`min_price`: no item has a 'price'"),
        (Rules(max_price=3.0), "`max_price`: no item has a 'price'"),
    ):
        with pytest.raises(UsageError, match=name):
            recommender.recommend(Request("u", rules=rules))


@pytest.mark.parametrize("price", [1e30, 1e-7, 30, 30.5])
def test_a_price_is_a_number_however_python_writes_it(price: float) -> None:
    assert Amount.parse(price) == Amount(float(price))
