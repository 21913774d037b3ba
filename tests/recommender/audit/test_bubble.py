"""Filter bubble: people who turn from everything to one thing are seen to, and of few people nothing is told."""

from pathlib import Path

import numpy as np
import pytest

from recommender.audit.bubble import bubble
from recommender.audit.group_quality import UserQuality, group_quality
from recommender.learning.model import open_model
from recommender.marketing.crowd import Crowd
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender
from recommender.texts.languages import language
from tests.graphs import SCHEMA, Entities, Triples, snapshot_of


def crowd(folder: Path, people: int) -> Crowd:
    """Everybody first uses four things that have nothing in common, then four that are the same to a hair."""
    various, same = [f"various{n}" for n in range(4)], [f"same{n}" for n in range(4)]
    users = [f"u{n:02}" for n in range(people)]
    entities: Entities = {
        "User": users,
        "Product": [*various, *same],
        "Course": ["c"],
        "Ingredient": ["SAME", *(f"I{n}" for n in range(4))],
    }
    dated = [(one, item, 1.0, 1_000 * day) for one in users for day, item in enumerate([*various, *same], start=1)]
    triples: Triples = {
        "purchased": dated,
        "contains": [*((one, f"I{n}") for n, one in enumerate(various)), *((one, "SAME") for one in same)],
    }
    snapshot = snapshot_of(folder, entities, triples, SCHEMA)
    return Crowd(Recommender(open_model(folder / "model", snapshot, folder / "kernels")), Rules(domain="cosmetics"))


def test_who_turns_to_one_thing_is_in_a_bubble(tmp_path: Path) -> None:
    found = bubble(crowd(tmp_path, 40), "cosmetics")
    assert found is not None and (found.people, found.early, found.late) == (40, 1.0, 0.0)
    assert found.change == found.low == found.high == -1.0 and found.sure
    assert "more alike" in language("en").bubble(found) and "越来越相似" in language("zh").bubble(found)


def test_of_few_people_or_without_dates_nothing_is_told(tmp_path: Path) -> None:
    assert bubble(crowd(tmp_path, 15), "cosmetics") is None


@pytest.mark.parametrize("age", [True, False])
def test_people_are_compared_by_their_properties(tmp_path: Path, age: bool) -> None:
    schema = {
        **SCHEMA,
        "entity": {**SCHEMA["entity"], "User": {"sensitive": True, "properties": {"age": "int", "language": "str"}}},
    }
    rows = [(f"u{n:02}", None, 20 + n, "zh" if n % 2 else "en") for n in range(40)]
    snapshot = snapshot_of(
        tmp_path, {"User": rows, "Product": ["p"], "Course": ["c"]}, {"purchased": [("u00", "p")]}, schema
    )
    ndcg = np.array([float(n % 2) for n in range(40)])
    found = group_quality(
        UserQuality([("User", n) for n in range(40)], ndcg, snapshot, ndcg, np.ones(40, dtype=np.int64))
    )
    told = {one.label: (one.people, one.mean) for one in found if one.side == ("age" if age else "language")}
    if age:
        assert list(told) == ["< 30", "30–40", "40–50", "≥ 50"] and sum(people for people, _ in told.values()) == 40
    else:
        assert told == {"en": (20, 0.0), "zh": (20, 1.0)}
