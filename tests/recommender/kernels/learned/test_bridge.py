"""The bridge: what the people of an item also use stands for a link that it has not, where enough of them do."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue import inferred_attributes
from recommender.catalogue.inferred_attributes import BELIEF, inferred, makers, surely_more
from recommender.kernels.kernel import KernelInputs
from recommender.kernels.learned.bridge import BridgeKernel
from recommender.kernels.learned.far_bridge import FarBridge
from recommender.kernels.registry import scored_paths
from recommender.learning.priors.crossing_prior import RelationWorth, crossing_prior
from tests.graphs import SCHEMA, snapshot_of

COMING, FEW, OTHERS = 12, 4, 60
SIZES = {"User": 200, "Course": 30, "Product": 5, "Ingredient": 12}


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
    chance = 18 * 12 / 48  # of those who took two; three took one only
    mint, rose = (1 - (chance + BELIEF) / (seen + BELIEF) for seen in (6, 12))
    np.testing.assert_allclose(found.strength.toarray()[[calm, dull]], [[0, rose], [0, 0]])
    np.testing.assert_allclose(found.leaning.toarray()[[calm, dull]], [[mint, rose], [0, 0]])
    assert found.people.toarray()[[calm, dull]].tolist() == [[6, 12], [0, 0]]


def test_who_uses_much_uses_everything_together_and_that_says_nothing(tmp_path: Path) -> None:
    """Ten people took all twenty courses, sixty one of the first ten each: the ten alone bring what is rarely taken
    together with the rest, as often as their number makes it."""
    courses = [f"c{n:02}" for n in range(20)]
    taken = [(f"all{n}", course) for n in range(10) for course in courses]
    taken += [(f"one{n}", courses[n % 10]) for n in range(60)] + [
        (f"two{n}", one) for n in range(8) for one in courses[:2]
    ]
    triples = {"enrolled": taken, "teaches": [("c19", "Rosa")], "contains": [("oil", "Rosa")]}
    users = sorted({user for user, _ in taken})
    entities = {"User": users, "Course": courses, "Product": ["oil"], "Ingredient": ["Rosa"]}
    assert inferred(snapshot_of(tmp_path, entities, triples), "teaches").people.nnz == 0


@pytest.mark.parametrize(
    ("second", "others", "lifted"), [("Clean", "Other", 0), ("Other", "Other", 12), ("Clean", "Clean", 12)]
)
def test_who_comes_back_to_a_brand_does_not_come_back_to_what_it_is_about(
    tmp_path: Path, second: str, others: str, lifted: int
) -> None:
    """Twelve people bought a lotion and a soap: of one brand, or of another one, or of one that everything is of."""
    schema = {
        **SCHEMA,
        "entity": {**SCHEMA["entity"], "Brand": {}},
        "relation": {**SCHEMA["relation"], "made_by": {"head": "Product", "tail": "Brand"}},
    }
    bought = [(f"a{n}", item) for n in range(12) for item in ("lotion", "soap")]
    bought += [(f"b{n}", item) for n in range(60) for item in ("gel", "mist")]
    brands = {"lotion": "Clean", "soap": second, "gel": others, "mist": others}
    triples = {
        "purchased": bought,
        "made_by": sorted(brands.items()),
        "contains": [("soap", "Rosa")],
        "teaches": [("rose", "Rosa")],
    }
    entities = {
        "User": sorted({user for user, _ in bought}),
        "Product": sorted(brands),
        "Course": ["rose"],
        "Ingredient": ["Rosa"],
        "Brand": ["Clean", "Other"],
    }
    snapshot = snapshot_of(tmp_path, entities, triples, schema)
    assert makers(snapshot, "Product") == ["made_by"]
    found = inferred(snapshot, "contains").people.toarray()[:, 0]
    assert found[snapshot.vocabulary.idx("Product", "lotion")] == lifted and np.count_nonzero(found) == bool(lifted)


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


@pytest.mark.parametrize("kind", [BridgeKernel, FarBridge])
def test_people_behind_all_entries_are_those_behind_each(tmp_path: Path, kind: type[BridgeKernel]) -> None:
    """Of four pairs of courses that so many took together, the second teaches something."""
    taken = [(f"u{pair}-{n}", f"c{pair}{part}") for pair in range(4) for n in range(12 + 3 * pair) for part in "ab"]
    taken += [(f"v{n}", course) for n in range(150) for course in ("x", "y")]
    teaches = [(f"c{pair}b", f"t{pair}") for pair in range(4)]
    contains = [("p0", "t0"), ("p1", "t1"), ("p2", "t0"), ("p2", "t2"), ("p3", "t1"), ("p3", "t3")]
    entities = {
        "User": sorted({user for user, _ in taken}),
        "Course": sorted({course for _, course in taken}),
        "Product": [f"p{n}" for n in range(5)],
        "Ingredient": [f"t{n}" for n in range(4)],
    }
    snapshot = snapshot_of(tmp_path, entities, {"enrolled": taken, "teaches": teaches, "contains": contains})
    ends = ("Course", "Product") if kind is BridgeKernel else ("Product", "Course")
    kernel = kind(KernelInputs(snapshot, 20, {}), *ends)
    shape = tuple(snapshot.vocabulary.count(end) for end in ends)
    chosen = csr_array(np.random.default_rng(3).random(shape) < 0.8).astype(np.float64)
    each = np.stack([kernel.people(np.arange(shape[0]), item) for item in range(shape[1])], axis=1)
    expected = each[chosen.nonzero()].tolist()
    rows = np.arange(shape[0])
    assert kernel.people_behind(chosen, rows).tolist() == expected and set(expected) > {0, 12, 15}
    few = rows[1::2]
    assert kernel.people_behind(csr_array(chosen[few]), few).tolist() == each[few][chosen[few].nonzero()].tolist()


def test_a_bridge_weighs_half_of_the_best_path_and_a_far_one_a_quarter(snapshot: Snapshot) -> None:
    worths = {
        ("courses", "teaches"): RelationWorth(0.9, 100, 0.5),
        ("cosmetics", "contains"): RelationWorth(0.9, 100, 0.5),
    }
    prior = crossing_prior(snapshot.schema, scored_paths(snapshot), worths)
    assert prior["enrolled > ⇢Course-Product"] == 0.5 * prior["enrolled > teaches > ~contains"]
    assert prior["enrolled > ⇠Course-Product"] == 0.25 * prior["enrolled > teaches > ~contains"]


def test_parts_are_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three groups of people, courses and topics, who mostly keep to themselves."""
    random = np.random.default_rng(5)
    names = {end: [f"{end[0].lower()}{n:03}" for n in range(size)] for end, size in SIZES.items()}
    ends = {"enrolled": ("User", "Course"), "teaches": ("Course", "Ingredient"), "contains": ("Product", "Ingredient")}
    triples = dict[str, list[tuple[str, str]]]()
    for name, (head, tail) in ends.items():
        alike = np.arange(SIZES[head])[:, None] % 3 == np.arange(SIZES[tail]) % 3
        drawn = np.argwhere(random.random(alike.shape) < np.where(alike, 0.4, 0.02))
        triples[name] = [(names[head][one], names[tail][other]) for one, other in drawn]
    snapshot = snapshot_of(tmp_path, names, triples)
    whole = inferred(snapshot, "teaches")
    monkeypatch.setattr(inferred_attributes, "ENTRIES", 100)
    monkeypatch.setattr(inferred_attributes, "ITEMS", 7)
    parts = inferred(snapshot, "teaches")
    assert whole.leaning.nnz
    for one, other in ((whole.people, parts.people), (whole.strength, parts.strength), (whole.leaning, parts.leaning)):
        np.testing.assert_array_equal(one.toarray(), other.toarray())
