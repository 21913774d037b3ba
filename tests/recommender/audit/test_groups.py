"""Groups that an audit compares: none is left out for being one of many, or a property, and none tells of few."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.audit.exposure import exposure
from recommender.audit.group_quality import UserQuality, group_quality
from recommender.audit.item_groups import MOST_GROUPS, sides
from recommender.learning.model import open_model
from recommender.marketing.crowd import Crowd
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender
from tests.graphs import Entities, Triples, snapshot_of

SCHEMA = {
    "name": "books",
    "entity": {
        "Reader": {"sensitive": True, "properties": {"member": "bool", "speaks": "str"}},
        "Book": {"domain": "books", "properties": {"author": "str", "subtitle": "str", "label_zh": "str"}},
        "Publisher": {},
    },
    "relation": {
        "read": {"head": "Reader", "tail": "Book", "interaction": True},
        "published_by": {"head": "Book", "tail": "Publisher"},
    },
}
BOOKS, READERS, FEW = 70, 60, 3


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Seventy books, each of a publisher of its own, seven authors with ten each; three readers speak Finnish."""
    spoken = ["fi"] * FEW + ["zh"] * 20 + ["en"] * (READERS - FEW - 20)
    entities: Entities = {
        "Reader": [(f"r{n}", None, n % 3 == 0, one) for n, one in enumerate(spoken)],
        "Book": [(f"b{n}", None, f"author {n % 7}", f"subtitle {n}", "书") for n in range(BOOKS)],
        "Publisher": [f"house{n}" for n in range(BOOKS)],
    }
    triples: Triples = {
        "read": [(f"r{n}", f"b{(n + m * m) % BOOKS}") for n in range(READERS) for m in range(1, 6)],
        "published_by": [(f"b{n}", f"house{n}") for n in range(BOOKS)],
    }
    return snapshot_of(tmp_path_factory.mktemp("books"), entities, triples, SCHEMA)


@pytest.fixture(scope="module")
def crowd(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    folder = tmp_path_factory.mktemp("crowd")
    return Crowd(Recommender(open_model(folder / "model", snapshot, folder / "kernels")), Rules(domain="books"))


def test_of_many_brands_the_most_used_are_told_and_the_others_are_one(crowd: Crowd) -> None:
    (side,) = (one for one in sides(crowd, "books") if one.name == "Publisher")
    assert len(side.labels) == MOST_GROUPS and side.labels[-1] == "all others"
    assert np.asarray(side.membership.sum(axis=1)).ravel().tolist() == [1.0] * BOOKS  # each book counts once
    used, items = crowd.recommender.catalogue.used, side.membership.toarray()
    assert used[items[:, -1] > 0].max() <= used[items[:, :-1].any(axis=1)].min()


def test_what_items_have_as_a_property_parts_them_unless_it_is_a_name(crowd: Crowd) -> None:
    found = {one.name: one.labels for one in sides(crowd, "books")}
    assert found["author"] == [f"author {n}" for n in range(7)]
    assert not {"subtitle", "label_zh"} & set(found)


def test_that_nobodys_list_has_a_group_is_not_told(crowd: Crowd) -> None:
    (side,) = (one for one in sides(crowd, "books") if one.name == "author")
    listed = crowd.exposure
    try:
        crowd.exposure = csr_array(listed * (1.0 - side.membership[:, [0]].toarray().T))
        found = exposure(crowd, side, crowd.recommender.catalogue.of_domain("books"))
    finally:
        crowd.exposure = listed
    assert found.exposure[0] == found.low[0] == 0 and found.high[0] > 0


def test_people_are_compared_by_yes_and_no_and_what_is_left_of_a_side_is_k_people(snapshot: Snapshot) -> None:
    users, ndcg = [("Reader", idx) for idx in range(READERS)], np.linspace(0, 1, READERS)
    groups = group_quality(UserQuality(users, ndcg, snapshot, ndcg, np.ones(READERS, dtype=np.int64)))
    by_side = {side: {one.label: one.people for one in groups if one.side == side} for side in ("member", "speaks")}
    assert by_side["member"] == {"yes": 20, "no": 40}
    assert by_side["speaks"] == {"en": 37}  # with zh beside it, the mean of three people would be what is left
