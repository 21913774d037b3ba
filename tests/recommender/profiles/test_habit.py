"""A habit is told of the relation that is asked for; of several the one with the most days is the default."""

from pathlib import Path

from kg.instant import DAY
from recommender.profiles.habit import habit_with
from recommender.profiles.profile import profile_of
from tests.graphs import SCHEMA, snapshot_of

REPEATED = {**SCHEMA, "relation": {**SCHEMA["relation"]}}
REPEATED["relation"]["purchased"] = {**SCHEMA["relation"]["purchased"], "repeat": True}
REPEATED["relation"]["viewed"] = {"head": "User", "tail": "Product", "interaction": True, "repeat": True}


def test_each_of_two_relations_with_an_item_has_its_own_days(tmp_path: Path) -> None:
    rows = {
        "purchased": [("ann", "soap", 3.0, 60 * DAY, 0, 3, 30 * DAY)],
        "viewed": [("ann", "soap", 5.0, 8 * DAY, 0, 5, 6 * DAY), ("ann", "mask", 2.0, 9 * DAY, 0, 2, 0)],
    }
    snapshot = snapshot_of(tmp_path, {"User": ["ann"], "Product": ["soap", "mask"]}, rows, REPEATED, k=1)
    profile = profile_of(snapshot, "User", 0)
    soap, mask = (snapshot.vocabulary.idx("Product", name) for name in ("soap", "mask"))
    bought = habit_with(snapshot, profile, "Product", soap, "purchased")
    assert bought is not None and (bought.relation, bought.occasions, bought.days) == ("purchased", 3, 30.0)
    most = habit_with(snapshot, profile, "Product", soap)
    assert most is not None and (most.relation, most.occasions, most.days) == ("viewed", 5, 2.0)
    assert habit_with(snapshot, profile, "Product", mask, "purchased") is None
