"""Decisions of the staff: in every list at once, previewed, rolled back, with four eyes, in a log that only grows."""

from pathlib import Path
from shutil import copytree

import pytest

import whyrec
from kg.errors import UnknownEntityError, UsageError
from recommender.catalogue.prices import Prices
from whyrec import Engine
from whyrec.decisions.log import DecisionLog
from whyrec.privacy.forgotten_decisions import forget_in_decisions


@pytest.fixture
def shop(demo: Path, tmp_path: Path) -> Engine:
    return whyrec.open(copytree(demo, tmp_path / "shop"))


def _ids(engine: Engine) -> list[str]:
    return [one.id for one in engine.recommend("u0002", n=5, domain="cosmetics").items]


def test_published_rules_hold_for_every_list_at_once_and_are_rolled_back(shop: Engine) -> None:
    other = whyrec.open(shop.workspace.folder)  # as another worker, or a program
    before, dear = _ids(other), max(other.recommend("u0002", n=5, domain="cosmetics").items, key=lambda one: one.score)
    shop.publish_rules({"avoid": [f"Product:{dear.label}"], "in_stock": True}, "ann")
    assert dear.id not in _ids(other) and _ids(other) == _ids(shop)
    assert dear.id not in [row for batch in shop.lists(["u0002"], n=5) for row in batch["item_id"].to_pylist()]
    shop.roll_back_rules(0, "ben")
    assert _ids(other) == before
    shop.roll_back_rules(1, "ben")
    assert [one.by for one in shop.decisions.all()] == ["ann", "ben", "ben"] and dear.id not in _ids(other)


def test_who_asks_narrows_what_was_published_and_does_not_lift_it(shop: Engine) -> None:
    """A key of the shop's server asked for all prices, and got what the staff had ruled out for every list."""

    def prices(**asked: object) -> list[float]:
        catalogue = shop.recommender.catalogue
        values = Prices(catalogue.properties, {}).values
        found = [shop.snapshot.vocabulary.idx(one.type, one.id) for one in shop.recommend("u0002", n=8, **asked).items]
        return [float(values[catalogue.position("Product", one)]) for one in found]

    shop.publish_rules({"max_price": 15.0, "min_price": 5.0}, "ann")
    assert prices(domain="cosmetics") and all(
        5 <= one <= 15 for one in prices(domain="cosmetics", max_price=1000, min_price=0, unknown="keep")
    )
    assert all(5 <= one <= 9 for one in prices(domain="cosmetics", max_price=9))
    with pytest.raises(UsageError, match=r"`max_price` '30 GBP': the shop's own, 15.0, holds for every list"):
        shop.recommend("u0002", max_price="30 GBP")
    brands = sorted(shop.snapshot.vocabulary.ids("Brand"))[:3]
    shop.publish_rules({"only": [f"made_by:{one}" for one in brands[:2]], "in_stock": True}, "ann")
    asked = shop._rules(None, {"only": [f"made_by:{one}" for one in brands[1:]], "in_stock": False})
    assert asked.only == (f"made_by:{brands[1]}",) and asked.in_stock
    with pytest.raises(UsageError, match="nothing of it is left by the shop's own rule"):
        shop.recommend("u0002", only=[f"made_by:{brands[2]}"])
    shop.roll_back_rules(0, "ben")
    assert shop._rules(None, {"max_price": 1000.0}).max_price == 1000.0


def test_what_is_unknown_stays_as_the_configuration_has_it_under_a_published_price(shop: Engine) -> None:
    """Nothing was asked, and items without a price went all the same."""
    path = shop.workspace.folder / "whyrec.toml"
    path.write_text(path.read_text().replace("[rules]", '[rules]\nunknown = "keep"', 1))
    other = whyrec.open(shop.workspace.folder)
    other.publish_rules({"max_price": 15.0}, "ann")
    assert other.standing_rules.unknown == other._rules(None, {}).unknown == "keep"
    other.publish_rules({"max_price": 15.0, "unknown": "drop"}, "ann")
    assert other._rules(None, {"unknown": "keep"}).unknown == "drop"


def test_rolling_back_lifts_nothing_and_names_nobody(shop: Engine) -> None:
    """What was published by an earlier version, or of what is gone since, is looked at again before it holds."""
    gone, brand = "made_by:gone", f"made_by:{shop.snapshot.vocabulary.ids('Brand')[0]}"
    for rules in ({"only": [brand, gone]}, {"only": ["~purchased:u0042"]}, {"avoid": [gone, "User:u0042", brand]}):
        shop.decisions.publish(rules, "ann")
    for number in (1, 2):
        with pytest.raises(UsageError, match="they would hold less back than they did; publish others") as refused:
            shop.roll_back_rules(number, "ben")
        assert "u0042" not in str(refused.value)
    assert shop.roll_back_rules(3, "ben").content == {"avoid": (brand,)}
    assert len(shop.decisions.all()) == 4
    with pytest.raises(UsageError, match="no rules were published with it"):
        shop.roll_back_rules(9, "ben")


def test_a_preview_says_what_publishing_would_do_and_does_nothing(shop: Engine) -> None:
    first = shop.recommend("u0002", n=10).items[0]
    wanted = {"avoid": [f"{first.type}:{first.id}"]}
    before = {user: _top(shop, user) for user in ("u0002", "u0042")}
    preview = shop.preview_rules(wanted, n=10)
    assert [one.item.id for one in preview.leaving] == [first.id] and preview.changed == preview.leaving[0].people
    assert {user: _top(shop, user) for user in before} == before and not shop.decisions.all()
    assert shop.preview_rules({}).changed == 0
    users = [user for kind in ("User",) for user in shop.snapshot.vocabulary.ids(kind)]
    having = sum(first.id in _top(shop, user) for user in users)
    assert having - 10 < int(preview.changed) <= having  # in steps of k, of 2 k from ten on


def _top(engine: Engine, user: str) -> list[str]:
    return [one.id for one in engine.recommend(user, n=10, told=False).items]


def test_what_cannot_be_is_not_published(shop: Engine) -> None:
    for rules, error in (
        ({"max_price": -1.0}, UsageError),
        ({"avoid": ["contains:NO SUCH THING AT ALL"]}, UnknownEntityError),
        ({"colour": "red"}, UsageError),
        ({"avoid": ["User:u0042"]}, UsageError),
        ({"only": ["~purchased:u0042"]}, UsageError),
    ):
        with pytest.raises(error):
            shop.publish_rules(rules, "ann")
    assert not shop.decisions.all()


def test_rules_that_an_earlier_version_published_about_people_hold_no_longer(shop: Engine) -> None:
    before = _ids(shop)
    shop.decisions.publish({"only": ["~purchased:u0042"], "avoid": ["User:u0042", f"Product:{before[0]}"]}, "ann")
    assert _ids(shop)[:4] == before[1:]


def test_reports_are_decided_by_somebody_else(shop: Engine) -> None:
    before = _ids(shop)
    number = shop.report_item(before[0], "harmful", "ann").number
    assert _ids(shop) == before
    with pytest.raises(UsageError, match="somebody else"):
        shop.decisions.review(number, "block", "ann")
    shop.decisions.review(number, "block", "ben")
    assert before[0] not in _ids(shop) and _ids(shop)[:4] == before[1:]
    shop.decisions.review(number, "approve", "cem")
    assert _ids(shop) == before
    with pytest.raises(UsageError, match="expected one of wrong, harmful"):
        shop.report_item(before[0], "ugly", "ann")


def test_a_line_that_was_cut_off_does_not_count_and_what_has_gone_stops_nothing(shop: Engine) -> None:
    log = DecisionLog(shop.workspace.folder)
    log.publish({"avoid": ["Product:gone", "contains:GONE"]}, "ann")
    log.review(log.report("Product:gone", "other", "ann").number, "block", "ben")
    with log.path.open("ab") as file:
        file.write(b'{"number": 4, "at"')
    assert len(log.all()) == 3 and _ids(shop)
    assert log.publish({}, "ben").number == 4 and [one.number for one in log.all()] == [1, 2, 3, 4]


def test_who_is_forgotten_leaves_the_decisions_that_an_earlier_version_let_name_her(shop: Engine) -> None:
    decided, product = shop.decisions, shop.snapshot.vocabulary.ids("Product")[0]
    decided.publish({"avoid": ["User:u0042", f"Product:{product}"], "bury": ["30% follows:u0042"]}, "ann")
    decided.report(f"Product:{product}", "wrong", "ann")
    untouched = decided.path.read_bytes().splitlines()[1]
    decided.path.write_bytes(decided.path.read_bytes() + b'{"number": 3, "content": {"avoid": ["User:u0042')
    report = shop.forget("u0042")
    told = decided.path.read_bytes()
    assert b"u0042" not in told and told.splitlines()[1:] == [untouched]
    assert decided.all()[0].content["avoid"] == ["User:[forgotten]", f"Product:{product}"]
    assert not any("decisions.jsonl" in one for one in report.notices)
    assert len(decided.reports) == 1 and decided.report(f"Product:{product}", "other", "ben").number == 3


def test_of_an_id_that_something_else_has_only_the_person_leaves_the_decisions(shop: Engine) -> None:
    decided = shop.decisions
    decided.publish({"avoid": ["User:p0018", "Product:p0018", "~purchased:p0018", "purchased:p0018"]}, "p0018")
    assert forget_in_decisions(shop.workspace, "p0018", ["User"]) == 1
    kept = ["User:[forgotten]", "Product:p0018", "~purchased:[forgotten]", "purchased:p0018"]
    assert decided.all()[0].content["avoid"] == kept and decided.all()[0].by == "p0018"
