"""The bridge: what the people of an item also use stands for a link that it has not, where enough of them do."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import KernelInputs
from recommender.kernels.learned.bridge import BELIEF, BridgeKernel, inferred, surely_more
from recommender.kernels.learned.far_bridge import FarBridge
from recommender.kernels.registry import scored_paths
from recommender.learning.priors.crossing_prior import RelationWorth, crossing_prior
from tests.graphs import snapshot_of

COMING, FEW, OTHERS = 12, 4, 60


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Twelve people took “calm” and “rose”, four “rare” and “rose”, sixty two courses about nothing; “rose” is about
    roses."""
    taken = [(f"a{n}", course) for n in range(COMING) for course in ("calm", "rose")]
    taken += [(f"b{n}", course) for n in range(FEW) for course in ("rare", "rose")]
    taken += [(f"c{n}", course) for n in range(OTHERS) for course in ("code", "data")]
    triples = {"enrolled": taken, "teaches": [("rose", "Rosa")], "contains": [("oil", "Rosa")]}
    entities = {
        "User": sorted({user for user, _ in taken}),
        "Course": ["calm", "code", "data", "rare", "rose"],
        "Product": ["oil", "water"],
        "Ingredient": ["Rosa"],
    }
    return snapshot_of(tmp_path_factory.mktemp("bridge"), entities, triples)


def test_only_what_enough_people_also_use_is_inferred_and_no_link_of_its_own(snapshot: Snapshot) -> None:
    idx = {name: snapshot.vocabulary.idx("Course", name) for name in ("calm", "rare", "rose", "code")}
    found = inferred(snapshot, "teaches")
    people, strength = found.people.toarray()[:, 0], found.strength.toarray()[:, 0]
    assert [people[idx[name]] for name in idx] == [COMING, 0, 0, 0]
    expected = COMING * (COMING + FEW) / (2 * (COMING + FEW + OTHERS))
    lift = (COMING + BELIEF) / (expected + BELIEF)
    assert strength[idx["calm"]] == pytest.approx(1 - 1 / lift)


def test_what_is_surely_more_is_a_third_above_chance_at_its_lower_bound() -> None:
    seen, expected = np.array([10.0, 20.0, 14.0, 0.0]), np.array([5.0, 5.0, 6.5, 0.0])
    assert surely_more(seen, expected).tolist() == [False, True, False, False]


def test_what_an_item_only_leans_to_counts_where_anything_is_sure(tmp_path: Path) -> None:
    """Twelve people of “calm” took “rose”, surely more than by chance, and six “mint”, just more; of “dull” six took
    “mint”, which is not sure either, and nothing else is: it leads nowhere."""
    taken = [(f"a{n}", course) for n in range(12) for course in ("calm", "rose")]
    taken += [(f"{course}{n}", one) for course in ("calm", "dull") for n in range(6) for one in (course, "mint")]
    taken += [(f"z{n}", "mint") for n in range(3)]
    triples = {
        "enrolled": taken,
        "teaches": [("mint", "Mentha"), ("rose", "Rosa")],
        "contains": [("oil", "Mentha"), ("oil", "Rosa")],
    }
    courses = ["calm", "dull", "mint", "rose"]
    entities = {
        "User": sorted({user for user, _ in taken}),
        "Course": courses,
        "Product": ["oil"],
        "Ingredient": ["Mentha", "Rosa"],
    }
    found = inferred(snapshot_of(tmp_path, entities, triples), "teaches")
    calm, dull = courses.index("calm"), courses.index("dull")
    mint = 1 - (18 * 15 / 51 + BELIEF) / (6 + BELIEF)
    rose = 1 - (18 * 12 / 51 + BELIEF) / (12 + BELIEF)
    np.testing.assert_allclose(found.strength.toarray()[[calm, dull]], [[0, rose], [0, 0]])
    np.testing.assert_allclose(found.leaning.toarray()[[calm, dull]], [[mint, rose], [0, 0]])
    assert found.people.toarray()[[calm, dull]].tolist() == [[6, 12], [0, 0]]


def test_the_kernel_leads_on_to_items_with_the_attribute(snapshot: Snapshot) -> None:
    kernel = BridgeKernel(KernelInputs(snapshot, 10, {}), "Course", "Product")
    calm, oil = snapshot.vocabulary.idx("Course", "calm"), snapshot.vocabulary.idx("Product", "oil")
    rows, columns = kernel.matrix().nonzero()
    assert (rows.tolist(), columns.tolist()) == ([calm], [oil])
    assert kernel.people(np.array([calm]), oil).tolist() == [COMING]
    assert kernel.about(calm, oil) == ("Ingredient", 0)
    assert kernel.about(snapshot.vocabulary.idx("Course", "code"), oil) is None
    assert BridgeKernel.exists(snapshot, "Product", "Course") and not BridgeKernel.exists(snapshot, "Course", "Course")


def test_the_far_bridge_leads_back_to_items_whose_people_also_use_what_has_it(snapshot: Snapshot) -> None:
    kernel = FarBridge(KernelInputs(snapshot, 10, {}), "Product", "Course")
    oil, water = (snapshot.vocabulary.idx("Product", name) for name in ("oil", "water"))
    calm = snapshot.vocabulary.idx("Course", "calm")
    strength = inferred(snapshot, "teaches").strength.toarray()[calm, 0]
    matrix = kernel.matrix().toarray()
    assert matrix[oil, calm] == pytest.approx(strength) and np.count_nonzero(matrix) == 1
    assert kernel.people(np.array([oil, water]), calm).tolist() == [COMING, 0]


def test_a_bridge_weighs_half_of_the_best_path_and_a_far_one_a_quarter(snapshot: Snapshot) -> None:
    worths = {
        ("courses", "teaches"): RelationWorth(0.9, 100, 0.5),
        ("cosmetics", "contains"): RelationWorth(0.9, 100, 0.5),
    }
    prior = crossing_prior(snapshot.schema, scored_paths(snapshot), worths)
    assert prior["enrolled > ⇢Course-Product"] == 0.5 * prior["enrolled > teaches > ~contains"]
    assert prior["enrolled > ⇠Course-Product"] == 0.25 * prior["enrolled > teaches > ~contains"]
