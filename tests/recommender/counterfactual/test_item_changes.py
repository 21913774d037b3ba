"""Changes of an item's own attributes: the column that is counted anew is that of the changed graph, and a change does
there what it says."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.attribute_lift import carries
from recommender.counterfactual.changes import Change
from recommender.counterfactual.search import Counterfactual
from recommender.counterfactual.why_not import why_not
from recommender.kernels.item_column import ItemColumn
from recommender.kernels.kernel import Values
from recommender.kernels.metapaths import enumerate_metapaths
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import open_model
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender, Request
from tests.graphs import SCHEMA, Entities, Triples, snapshot_of
from tests.recommender.explanation.test_explanation import COUNTS, _name, graphs

Weighted = dict[str, list[tuple[str, str, float]]]
ENTITIES: Entities = {name: [_name(name, number) for number in range(count)] for name, count in COUNTS.items()}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(triples=graphs(), attribute=st.integers(0, 2), item=st.integers(0, 3), degree=st.sampled_from(["sum", "length"]))
def test_a_column_counted_anew_is_that_of_the_changed_graph(
    tmp_path_factory: pytest.TempPathFactory, triples: Weighted, attribute: int, item: int, degree: str
) -> None:
    folder, (head, tail) = tmp_path_factory.mktemp("graph"), (_name("Product", item), _name("Ingredient", attribute))
    changed = {**triples, "contains": [one for one in triples["contains"] if one[:2] != (head, tail)]}
    if len(changed["contains"]) == len(triples["contains"]):
        changed["contains"].append((head, tail, 1.0))
    before, after = (snapshot_of(folder / name, ENTITIES, one) for name, one in (("a", triples), ("b", changed)))
    assume(np.array_equal(carries(before, "contains"), carries(after, "contains")))  # which of them lead across stays
    config = KernelConfig.model_validate({"degree": degree})
    old, new = (Kernels(one, config, folder / one.hash[:8]) for one in (before, after))
    for path in enumerate_metapaths(before.schema):
        anchors = np.arange(before.vocabulary.count(before.schema.ends(path.tail[0])[0]))
        if path.tail[-1] == "~contains":
            column = old.column(path.tail, anchors, item, ["contains"])
            assert column is not None
            now, then = (_entries(one, column, item, before) for one in (before, after))
            assert now == pytest.approx(old.kernel(path.tail)[:, [item]].toarray()[:, 0], abs=1e-12)
            expected = new.kernel(path.tail)[:, [item]].toarray()[:, 0] * old.scale(path.tail) / new.scale(path.tail)
            assert then == pytest.approx(expected, abs=1e-12)


def _entries(snapshot: Snapshot, column: ItemColumn, item: int, before: Snapshot) -> Values:
    """What the column says for the links that the item has in a snapshot."""
    idx, weight = snapshot.neighbours("contains", item)
    known = np.isin(idx, before.neighbours("contains", item)[0])
    told = weight if column.degree.power else np.ones(len(weight))
    sums = column.fixed + column.ways["contains"][:, idx[known]] @ told[known]
    sums += column.added["contains"][:, idx[~known]] @ told[~known]
    total = sum(column.degree.size("contains", one) for one in weight.tolist())
    entries = sums * column.degree.damping(np.array([total]))
    return np.where(entries >= column.least, entries, 0.0)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(triples=graphs(), attribute=st.integers(0, 2))
def test_a_union_counted_anew_is_that_of_the_changed_graph(
    tmp_path_factory: pytest.TempPathFactory, triples: Weighted, attribute: int
) -> None:
    """One attribute for another, which leaves the mean number of attributes, hence the weights, as they are."""
    folder, item, link = tmp_path_factory.mktemp("graph"), 2, ("product-2", _name("ingredient", attribute), 1.0)
    others = [one for one in triples["contains"] if one[0] != "product-2"]
    had = ("product-2", _name("ingredient", (attribute + 1) % 3), 1.0)
    one, other = ({**triples, "contains": [*others, some]} for some in (had, link))
    before, after = (snapshot_of(folder / name, ENTITIES, some) for name, some in (("a", one), ("b", other)))
    old, new = (Kernels(some, KernelConfig(), folder / some.hash[:8]) for some in (before, after))
    for anchor_type in ("Product", "Course"):
        tail, anchors = (f"∪{anchor_type}-Product",), np.arange(COUNTS[anchor_type])
        column = old.column(tail, anchors, item, ["contains"])
        if column is None:
            assert old.kernel(tail).nnz == 0
            continue
        now, then = (_entries(some, column, item, before) for some in (before, after))
        assert now == pytest.approx(old.kernel(tail)[:, [item]].toarray()[:, 0], abs=1e-12)
        expected = new.kernel(tail)[:, [item]].toarray()[:, 0] * old.scale(tail) / new.scale(tail)
        assert then == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("top", [1, 2])
def test_a_pruned_entry_counts_only_where_it_is_large_enough(tmp_path: Path, top: int) -> None:
    triples: Triples = {
        "purchased": [("user-0", "product-0")],
        "contains": [("product-0", "ingredient-0"), ("product-1", "ingredient-0"), ("product-2", "ingredient-1")],
        "enrolled": [],
        "has_concern": [],
        "teaches": [],
    }
    kernels = Kernels(snapshot_of(tmp_path, ENTITIES, triples), KernelConfig(top=top), tmp_path / "kernels")
    column = kernels.column(("contains", "~contains"), np.array([0]), 3, ["contains"])
    assert column is not None
    entry = column.added["contains"][:, [0]].toarray()[0, 0] * column.degree.damping(np.ones(1))[0]
    assert (entry >= column.least[0]) == (
        top == 2
    )  # one more that shares it comes after the first: its degree is larger


SHOP: tuple[Entities, Triples] = (
    {
        "User": ["u", "careful", *(f"o{n}" for n in range(6))],
        "Product": [("clay", "Clay"), ("mint", "Mint Oil"), ("soap", "Bare Soap"), *(f"other{n}" for n in range(12))],
        "Course": [("oils", "Oils")],
        "Ingredient": [("rosa", "Rosa"), ("mentha", "Mentha"), ("kaolin", "Kaolin")],
        "Concern": [("acne", "Acne")],
    },
    {
        "purchased": [("u", "clay"), *((f"o{n}", "mint") for n in range(6)), *((f"o{n}", "clay") for n in range(6))],
        "contains": [("clay", "kaolin"), ("mint", "mentha")],
        "teaches": [],
        "enrolled": [],
        "has_concern": [],
        "avoids": [("careful", "mentha")],
    },
)
AVOIDING = {
    **SCHEMA,
    "relation": {**SCHEMA["relation"], "avoids": {"head": "User", "tail": "Ingredient", "rule": "avoid"}},
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """Six people bought clay and mint; nothing leads to the soap, nor to a dozen others that are named before it."""
    return _open(tmp_path_factory.mktemp("shop"), SHOP[1])


def _open(folder: Path, triples: Triples) -> Recommender:
    snapshot = snapshot_of(folder, SHOP[0], triples, AVOIDING)
    return Recommender(open_model(folder / "model", snapshot, folder / "kernels"))


def test_a_change_does_in_the_changed_graph_what_it_says(shop: Recommender, tmp_path: Path) -> None:
    answer = why_not(shop, Request("u", n=2), "soap")
    assert answer.change is not None and (answer.change.add, answer.change.remove) == ([], [])
    assert answer.change.item_add == ["contains:kaolin"] and answer.change.item_remove == []
    assert "“Bare Soap” would be number 2 if it were also true that it contains “Kaolin”." in answer.change.text
    changed = {**SHOP[1], "contains": [*SHOP[1]["contains"], ("soap", "kaolin")]}
    listed = _open(tmp_path / "changed", changed).recommend(Request("u", n=2)).items
    assert [(row.id, row.rank) for row in listed] == [("mint", 1), ("soap", answer.change.rank_after)]
    assert [row.id for row in shop.recommend(Request("u", n=2)).items] == ["mint", "other0"]


def test_it_is_said_in_chinese(shop: Recommender) -> None:
    answer = why_not(shop, Request("u", n=2, lang="zh"), "soap")
    assert "假如多了这一点：「Bare Soap」含有「Kaolin」，它就会排到第 2 位。" in answer.text


def test_an_attribute_for_which_a_rule_keeps_the_item_out_can_go_and_no_forbidden_one_is_added(
    shop: Recommender,
) -> None:
    idx = shop.snapshot.vocabulary.idx
    mint, soap = (shop.catalogue.position("Product", idx("Product", name)) for name in ("mint", "soap"))
    kaolin, mentha = (("contains", idx("Ingredient", name)) for name in ("kaolin", "mentha"))
    for request in (Request("careful", n=1), Request("u", rules=Rules(avoid=("contains:mentha",)), n=1)):
        search = Counterfactual(shop, request, mint, 1)
        assert search.ranked(Change()).rank is None
        change = search.unblocked(by_item=True)
        assert change == Change(item_remove=(mentha,)) and search.ranked(change).rank is not None
    avoiding = Request("u", rules=Rules(avoid=("contains:kaolin",)), n=2)
    forbidden = why_not(shop, avoiding, "soap").change
    assert forbidden is None or "contains:kaolin" not in forbidden.item_add
    assert Counterfactual(shop, avoiding, soap, 2).ranked(Change(item_add=(kaolin,))).rank is None


def test_it_is_said_where_nothing_would_help(tmp_path: Path) -> None:
    answer = why_not(_open(tmp_path, {**SHOP[1], "contains": []}), Request("u", n=2), "soap")
    assert answer.change is None and "Nothing can be changed that would help" in answer.text


def test_both_change_where_neither_alone_is_enough(shop: Recommender) -> None:
    change = why_not(shop, Request("u", n=1), "soap").change
    assert change is not None and (change.add, change.item_add) == (["purchased:mint"], ["contains:kaolin"])
    assert change.rank_after == 1 and "you bought “Mint Oil”; it contains “Kaolin”" in change.text
