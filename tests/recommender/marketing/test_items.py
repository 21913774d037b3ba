"""Changes of an item: what is said of them is what a graph with them does, and rules bind them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recommender.learning.model import open_model
from recommender.marketing.crowd import Crowd
from recommender.marketing.items.changed_item import Change, ChangedItem
from recommender.marketing.items.report import item_report
from recommender.profiles.profile import profile_of
from recommender.results.marketing import ItemReport
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender
from tests.graphs import Entities, Triples, snapshot_of
from tests.recommender.marketing.test_marketing import WITH_CONCERNS

WITH_RULE: dict[str, Any] = {
    **WITH_CONCERNS,
    "relation": {
        **WITH_CONCERNS["relation"],
        "avoids": {"head": "User", "tail": "Ingredient", "rule": "avoid", "phrase": {"en": "avoid", "zh": "避开"}},
    },
}
DRY, ACNE = [f"d{n:02}" for n in range(20)], [f"a{n:02}" for n in range(20)]


def shop(folder: Path, more: list[tuple[str, str]] | None = None) -> Recommender:
    """Twenty people have dryness and twenty acne, and for each there are a dozen creams that treat it; those with acne,
    but eight who avoid musk, would be shown nothing else. ``plain`` treats nothing, ``musky`` acne, with musk; and
    ``dear`` acne, for 90."""
    creams = [f"c{n:02}" for n in range(24)]
    entities: Entities = {
        "User": [*DRY, *ACNE],
        "Product": [*((one, one, 10.0) for one in creams), *((one, one, 10.0) for one in ("musky", "plain")),
                    ("dear", "dear", 90.0)],
        "Course": ["oats"],
        "Ingredient": ["OAT", "MUSK", "WATER"],
        "Concern": ["dryness", "acne"],
    }  # fmt: skip
    triples: Triples = {name: [] for name in WITH_RULE["relation"]}
    triples |= {
        "has_concern": [*((one, "dryness") for one in DRY), *((one, "acne") for one in ACNE)],
        "avoids": [(one, "MUSK") for one in ACNE[:8]],
        "contains": [*((one, "WATER") for one in creams), ("musky", "MUSK"), ("plain", "OAT"), ("dear", "OAT")],
        "treats": [*((one, "dryness") for one in creams), *((one, "acne") for one in creams[12:]),
                   ("musky", "acne"), ("dear", "acne"), *(more or [])],
    }  # fmt: skip
    snapshot = snapshot_of(folder, entities, triples, WITH_RULE)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    return shop(tmp_path_factory.mktemp("items"))


def report(recommender: Recommender, item: str, **rules: Any) -> ItemReport:
    position = recommender.catalogue.position("Product", recommender.snapshot.vocabulary.idx("Product", item))
    return item_report(Crowd(recommender, Rules(domain="cosmetics", **rules)), position)


def test_a_change_is_worth_what_it_is_in_a_graph_that_has_it(recommender: Recommender, tmp_path: Path) -> None:
    crowd, vocabulary = Crowd(recommender, Rules(domain="cosmetics")), recommender.snapshot.vocabulary
    position = recommender.catalogue.position("Product", vocabulary.idx("Product", "plain"))
    item = ChangedItem(crowd, position)
    acne = Change((("treats", vocabulary.idx("Concern", "acne")),))
    after = item.after([acne])[:, 0]
    really = shop(tmp_path, [("plain", "acne")])
    for scores, there, near in ((item.now, recommender, 1e-9), (after, really, 0.01)):  # kernels have another scale
        profiles = [profile_of(there.snapshot, "User", idx) for idx in range(crowd.size)]
        assert scores == pytest.approx(there.cold_start.totals(profiles)[:, position], rel=near, abs=1e-9)
    lists = Crowd(really, Rules(domain="cosmetics")).has(np.array([position]))
    (lift,) = (one for one in report(recommender, "plain").lifts if one.add == ["treats:acne"])
    assert not crowd.has(np.array([position])).any() and lift.people_reached == 20 == lists.sum()
    assert (lift.size, lift.remove, lift.change) == (1, [], "it treats acne")


def test_what_keeps_an_item_out_is_told_and_may_be_changed(recommender: Recommender) -> None:
    musky = report(recommender, "musky")
    assert musky.excluded == {"avoids:MUSK": 5} and musky.rules == {"avoids:MUSK": "they avoid MUSK"}
    assert musky.lists == 10 and musky.of == 30  # of the twelve with acne who may have it, of thirty-two
    (without,) = (one for one in musky.lifts if one.remove == ["contains:MUSK"] and not one.add)
    assert without.people_reached == 5 and without.change.startswith("it were not so that it contains")
    dear = report(recommender, "dear", max_price=30)
    assert dear.of == 0 and dear.excluded == {"max_price": 40} and dear.lifts[0].price == 30.0
    assert dear.lifts[0].people_reached == 20 and "Hypothetically, if it cost 30" in dear.text
    assert all("contains:MUSK" not in one.add for one in report(recommender, "plain", avoid=("contains:MUSK",)).lifts)
