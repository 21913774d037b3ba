"""Attribute ranks: what two items share, the rarest first, without what nearly all items have."""

from itertools import combinations, product
from pathlib import Path

from kg.schema import inverse_of
from recommender.catalogue.attributes import attribute_steps
from recommender.reasons.evidence.attribute_ranks import NEARLY_ALL, AttributeRanks, most_that_say
from tests.graphs import SCHEMA, snapshot_of
from tests.recommender.rules.worlds import COUNTS, world_of


def test_what_two_items_share_is_ranked_from_what_the_fewest_have(tmp_path: Path) -> None:
    worlds, items, several = [world_of(tmp_path / str(seed), seed) for seed in range(3)], range(COUNTS["Product"]), 0
    for world, (one, other) in product(worlds, combinations(items, 2)):
        snapshot = world.recommender.snapshot
        ranks, most = AttributeRanks(snapshot, "Product"), NEARLY_ALL * len(items)
        expected = []
        for number, step in enumerate(attribute_steps(snapshot.schema, "Product")):
            tails = [set(snapshot.neighbours(step, item)[0].tolist()) for item in (one, other)]
            having = {idx: len(snapshot.neighbours(inverse_of(step), idx)[0]) for idx in tails[0] & tails[1]}
            expected += [(count, number, (step, snapshot.schema.ends(step)[1], idx)) for idx, count in having.items()]
        shared = [ranks.attribute(rank) for rank in ranks.of(one) if rank in ranks.of(other)]
        assert shared == [attribute for count, _, attribute in sorted(expected) if count <= most]
        several += len(shared) > 1
    assert several


def test_what_a_relation_without_words_leads_to_comes_last(tmp_path: Path) -> None:
    """“It is linked by ‘sold in’ to …” was said of what fewer had than what it contains."""
    products = [f"p{n}" for n in range(10)]
    schema = {
        **SCHEMA,
        "entity": {**SCHEMA["entity"], "Shop": {}},
        "relation": {**SCHEMA["relation"], "sold_in": {"head": "Product", "tail": "Shop"}},
    }
    triples = {"contains": [(p, "shea") for p in products[:4]], "sold_in": [(p, "corner") for p in products[:2]]}
    entities = {"Product": products, "Ingredient": ["shea"], "Shop": ["corner"], "Course": [], "User": []}
    ranks = AttributeRanks(snapshot_of(tmp_path, entities, {**triples, "purchased": []}, schema), "Product")
    assert [ranks.attribute(rank)[0] for rank in ranks.of(0)] == ["contains", "sold_in"]


def test_what_two_of_a_few_items_share_may_always_be_told() -> None:
    assert [most_that_say(items) for items in (2, 3, 4, 5, 10)] == [2, 2, 2, 2.5, 5]
