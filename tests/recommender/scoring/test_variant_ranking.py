"""Lists with sizes and shades merged are the whole lists, without what stands behind a twin."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg.errors import SchemaError
from kg.schema import parse_schema
from kg.snapshot.snapshot import Snapshot, current_snapshot
from recommender.counterfactual.why_not import why_not
from recommender.learning.model import open_model
from recommender.reranking.mmr import Arrangement
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender, Request
from recommender.serving.similar_items import SimilarItems
from tests.graphs import SCHEMA, snapshot_of

N = 7
GROUPS = [["p00", "p01", "p02"], ["p03", "p04"], [f"p{n:02}" for n in range(20, 30)], ["c00", "c01"]]


def _schema(variant: bool) -> dict[str, Any]:
    ends = {"shade_of": "Product", "edition_of": "Course"}
    relations = {name: {"head": end, "tail": end, "variant": variant} for name, end in ends.items()}
    through = {"max_length": 3, "exclude": [f"* > {sign}{name} > *" for name in ends for sign in ("", "~")]}
    return {**SCHEMA, "relation": {**SCHEMA["relation"], **relations}, "metapaths": through}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People with histories of one domain or both; shades are chains, stars and both directions."""
    random, made = np.random.default_rng(3), tmp_path_factory.mktemp("variants")
    items = {"Product": [f"p{n:02}" for n in range(30)], "Course": [f"c{n:02}" for n in range(8)]}
    users = [f"u{n:02}" for n in range(12)]

    def pairs(heads: list[str], tails: list[str], count: int) -> list[tuple[str, str, float]]:
        found = {(str(random.choice(heads)), str(random.choice(tails))) for _ in range(count)}
        return [(*pair, float(random.random()) + 0.1) for pair in sorted(found)]

    large = GROUPS[2]
    shades = [("p00", "p01"), ("p02", "p01"), ("p04", "p03"), *((large[0], one) for one in large[1:])]
    triples = {
        "purchased": pairs(users[:9], items["Product"], 40),
        "enrolled": pairs(users[6:], items["Course"], 14),
        "contains": pairs(items["Product"], ["i0", "i1", "i2", "i3"], 50),
        "teaches": pairs(items["Course"], ["i0", "i1", "i2", "i3"], 14),
        "shade_of": shades,
        "edition_of": [("c00", "c01"), ("c01", "c00")],
    }
    entities = {"User": users, **items, "Ingredient": ["i0", "i1", "i2", "i3"], "Concern": []}
    snapshot_of(made, entities, triples, _schema(True), k=1)
    return made


def _snapshot(folder: Path, variant: bool) -> Snapshot:
    return current_snapshot(folder / "snapshot", parse_schema(_schema(variant)), 1)


def _recommender(folder: Path, variant: bool) -> Recommender:
    return Recommender(open_model(folder / "model", _snapshot(folder, variant), folder / "kernels"))


@pytest.fixture(scope="module")
def merged(folder: Path) -> Recommender:
    """Shades are variants."""
    return _recommender(folder, True)


@pytest.fixture(scope="module")
def apart(folder: Path) -> Recommender:
    """The same graph, whose shades are items like all others."""
    return _recommender(folder, False)


def _rows(recommender: Recommender, request: Request) -> list[tuple[str, float]]:
    return [(row.id, row.score) for row in recommender.recommend(request).items]


def _first_of_each(rows: list[tuple[str, float]]) -> list[tuple[str, float]]:
    found: dict[str, tuple[str, float]] = {}
    for row in rows:
        found.setdefault(next((group[0] for group in GROUPS if row[0] in group), row[0]), row)
    return list(found.values())


@pytest.mark.parametrize("domain", ["cosmetics", "courses"])
def test_a_merged_list_is_the_whole_list_without_twins(merged: Recommender, apart: Recommender, domain: str) -> None:
    rules = Rules(domain=domain)
    for _, idx in merged.users():
        user = merged.snapshot.vocabulary.id("User", idx)
        whole = _first_of_each(_rows(apart, Request(user, rules=rules, n=100)))
        assert _rows(merged, Request(user, rules=rules, n=N)) == whole[:N]
        ranks = {row[0]: rank for rank, row in enumerate(whole, start=1)}
        for item in ("p00", "p01", "p20", "p29", "c00", "c01"):
            account = merged.why(Request(user, rules=rules), item)
            assert account.rank == ranks.get(item)
            assert (account.excluded is None) == (account.rank is not None)


def test_lists_of_everybody_and_of_all_domains_are_merged_alike(merged: Recommender) -> None:
    rules = Rules(mix=("courses=0.3", "cosmetics=0.3"))
    users = np.arange(len(merged.users()))
    block = merged.rank_block("User", users, merged.rule_set(rules), N)
    for idx in users.tolist():
        user = merged.snapshot.vocabulary.id("User", idx)
        rows = merged.recommend(Request(user, rules=rules, n=N)).items
        part = block.positions[block.indptr[idx] : block.indptr[idx + 1]].tolist()
        assert [row.id for row in rows] == [merged.item(position).id for position in part]
        assert _first_of_each([(row.id, row.score) for row in rows]) == [(row.id, row.score) for row in rows]
        for row in rows:
            assert merged.why(Request(user, rules=rules, n=N), row.id).rank == row.rank
            assert row.variants == next((len(group) - 1 for group in GROUPS if row.id in group), 0)
        arranged = Request(user, rules=rules, n=N, arrangement=Arrangement(diversity=0.6))
        assert _first_of_each(_rows(merged, arranged)) == _rows(merged, arranged)


def test_why_not_names_the_twin_that_stands_for_an_item(merged: Recommender, apart: Recommender) -> None:
    whole = _rows(apart, Request("u00", rules=Rules(domain="cosmetics"), n=100))
    first, second, *_ = [row[0] for row in whole if row[0] in GROUPS[2]]
    answer = why_not(merged, Request("u00", rules=Rules(domain="cosmetics"), n=N), second)
    reason = next(one for one in answer.reasons if one.rule == "variant")
    assert answer.rank is None and first in reason.text


def test_nothing_is_similar_to_its_own_shade(folder: Path) -> None:
    near = SimilarItems(_snapshot(folder, True), "en").of("p20", 30, "cosmetics").items
    rows = [(row.id, row.score) for row in near]
    assert rows and not {row[0] for row in rows} & set(GROUPS[2]) and rows == _first_of_each(rows)


@pytest.mark.parametrize(
    ("head", "tail", "told"), [("Product", "Course", "of one type"), ("Concern", "Concern", "only items have variants")]
)
def test_variants_are_items_of_one_type(head: str, tail: str, told: str) -> None:
    wrong = {"head": head, "tail": tail, "variant": True}
    with pytest.raises(SchemaError, match=told):
        parse_schema({**SCHEMA, "relation": {**SCHEMA["relation"], "wrong": wrong}})
