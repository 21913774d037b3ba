"""Crossing: who is reached by a path is counted, who is not is told so, and what is too broad leads nowhere."""

import numpy as np
import pytest

from recommender.catalogue.attribute_lift import attribute_lift, carries
from recommender.counterfactual.why_not import why_not
from recommender.evaluation.crossing import crossings
from recommender.kernels.path_instances import paths_between
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.learning.model import Model
from recommender.profiles.profile import Anchors
from recommender.results.document import ModelInfo
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import snapshot_of

CROSSING = "enrolled > teaches > ~contains"
RARE, BROAD = 6, 40


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    """Half of the buyers buy two rose products; water is in every product and in a course. Six learners take the course
    about rose, five the one about water, four one about nothing."""
    roses, others = [f"r{n}" for n in range(4)], [f"o{n}" for n in range(8)]
    buyers = [f"b{n:02}" for n in range(BROAD)]
    learners = [f"l{n:02}" for n in range(15)]
    purchased = [
        (buyer, item)
        for n, buyer in enumerate(buyers)
        for item in ((roses[n % 4], roses[(n + 1) % 4]) if n % 2 else (others[n % 8], others[(n + 2) % 8]))
    ]
    course = ["rose"] * RARE + ["water"] * 5 + ["empty"] * 4
    triples = {
        "purchased": purchased,
        "enrolled": list(zip(learners, course, strict=True)),
        "contains": [*((item, "Rosa") for item in roses), *((item, "Aqua") for item in (*roses, *others))],
        "teaches": [("rose", "Rosa"), ("rose", "Aqua"), ("water", "Aqua")],
    }
    entities = {
        "User": [*buyers, *learners],
        "Product": [*roses, *others],
        "Course": ["rose", "water", "empty"],
        "Ingredient": ["Rosa", "Aqua"],
    }
    folder = tmp_path_factory.mktemp("crossing")
    snapshot = snapshot_of(folder, entities, triples)
    blend = Blend(metapaths={CROSSING: 1.0}, popularity={"cosmetics": 0.05, "courses": 0.05})
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder / "kernels"), blend, None)
    return Recommender(Model(scorer, ModelInfo(name="crossing", snapshot=snapshot.hash, trained=True)))


def test_what_everything_has_leads_nowhere_and_what_people_come_back_to_does(recommender: Recommender) -> None:
    snapshot = recommender.snapshot
    pairs, expected = attribute_lift(snapshot, "contains")
    rosa, aqua = (snapshot.vocabulary.idx("Ingredient", name) for name in ("Rosa", "Aqua"))
    np.testing.assert_allclose((pairs[rosa], expected[rosa]), (BROAD, BROAD / 2))
    np.testing.assert_allclose((pairs[aqua], expected[aqua]), (2 * BROAD, 2 * BROAD))
    assert carries(snapshot, "contains").tolist() == [name == rosa for name in range(2)]


def test_kernel_entries_are_the_sums_of_the_paths_that_are_left(recommender: Recommender) -> None:
    kernels, snapshot = recommender.scorer.kernels, recommender.snapshot
    tail = ("teaches", "~contains")
    for course in ("rose", "water"):
        anchor = Anchors(np.array([snapshot.vocabulary.idx("Course", course)], dtype=np.int32), np.ones(1))
        for item in range(snapshot.vocabulary.count("Product")):
            found = paths_between(kernels, tail, anchor, item).product.sum()
            assert found == pytest.approx(kernels.kernel(tail)[int(anchor.idx[0]), item])


def test_whom_paths_reach_is_counted(recommender: Recommender) -> None:
    there, back = crossings(recommender.scorer, k=1)
    assert (there.source, there.target, back.source) == ("cosmetics", "courses", "courses")
    assert there.people == there.asked == BROAD and there.reached == 0
    assert back.people == 15 and back.reached == back.personal == pytest.approx(RARE / 15)
    assert back.first == 1.0 and back.distinct == 1 and back.reasons == {CROSSING: RARE * 4}
    assert back.with_reason == pytest.approx(RARE * 4 / (15 * 4)), "lists hold the four roses, and nothing else"
    assert back.own == 1.0 and there.own == 0.0
    assert "list of its own" in back.text
    assert "list of its own" not in back.model_copy(update={"own": None}).text, "a model of before does not know it"
    assert "6" not in back.text.split("people")[0]


def test_what_is_told_of_a_crossing_goes_in_steps_of_k(recommender: Recommender) -> None:
    _, back = crossings(recommender.scorer, k=5)
    assert back.reached == back.personal == pytest.approx(5 / 15) and back.first == 1.0  # six of 15
    assert back.reasons == {CROSSING: 20} and back.with_reason == pytest.approx(20 / 60)
    _, few = crossings(recommender.scorer, k=7)
    assert few.people == 14 and few.reached == few.first == 0 and not few.reasons
    assert [one.source for one in crossings(recommender.scorer, k=16)] == ["cosmetics"]


@pytest.mark.parametrize(
    ("lang", "unlinked", "short"),
    [
        ("en", "popular among the cosmetics that have to do with courses", "no more cosmetics have to do with courses"),
        ("zh", "courses", "列表较短"),
    ],
)
def test_whom_nothing_links_gets_what_others_are_led_to_and_is_told_so(
    recommender: Recommender, lang: str, unlinked: str, short: str
) -> None:
    """Whose course is about nothing gets the roses, by popularity, and none of the eight other products."""
    found = recommender.recommend(Request("l14", rules=Rules(domain="cosmetics"), lang=lang))
    assert {row.id for row in found.items} == {"r0", "r1", "r2", "r3"}
    assert not any(row.personal for row in found.items) and found.personal
    assert [words in notice for words, notice in zip((unlinked, short), found.notices, strict=True)] == [True, True]
    for asked in (Request("l14"), Request("b00")):
        assert all(row.personal for row in recommender.recommend(asked).items) != bool(
            recommender.recommend(asked).notices
        )


def test_who_asks_for_more_gets_it_filled_up_with_what_is_popular(recommender: Recommender) -> None:
    filled = Rules(domain="cosmetics", fill=True)
    found = recommender.recommend(Request("l14", rules=filled))
    assert len(found.items) == 10 and "this is what is popular" in found.notices[0] and len(found.notices) == 1
    reached = recommender.recommend(Request("l00", rules=filled))
    assert [row.personal for row in reached.items] == [True] * 4 + [False] * 6
    assert ["from number 5 on" in notice for notice in reached.notices] == [True]
    assert all(row.personal == (row.shares.paths > 0) for row in reached.items)


def test_a_list_of_a_domain_that_one_uses_holds_all_of_it(recommender: Recommender) -> None:
    found = recommender.recommend(Request("b00", rules=Rules(domain="cosmetics")))
    assert len(found.items) == 10 and {row.id[0] for row in found.items} == {"o", "r"}


def test_what_is_in_no_list_is_told_alike_alone_and_in_a_block(recommender: Recommender) -> None:
    """Lists of many are those of one by one; what is not in them has no rank, and why not says that nothing leads."""
    asked = Rules(domain="cosmetics")
    users = np.array([recommender.snapshot.vocabulary.idx("User", f"l{n:02}") for n in range(15)])
    block = recommender.rank_block("User", users, recommender.rule_set(asked), 10)
    for row, number in enumerate(range(15)):
        alone = recommender.recommend(Request(f"l{number:02}", rules=asked)).items
        mine = block.positions[block.indptr[row] : block.indptr[row + 1]].tolist()
        assert [recommender.item(one).id for one in mine] == [one.id for one in alone]
    for rank, item in enumerate(alone, start=1):
        assert recommender.why(Request("l14", rules=asked), item.id).rank == rank
    assert recommender.why(Request("l14", rules=asked), "o0").rank is None
    asked_why = why_not(recommender, Request("l14", rules=asked), "o0")
    assert asked_why.rank is None and [reason.kind for reason in asked_why.reasons] == ["no_path"]


@pytest.mark.parametrize(("lang", "words"), [("en", "no more cosmetics"), ("zh", "列表较短")])
def test_a_list_that_ends_with_what_is_linked_says_so(recommender: Recommender, lang: str, words: str) -> None:
    found = recommender.recommend(Request("l00", rules=Rules(domain="cosmetics"), lang=lang))
    assert [row.personal for row in found.items] == [True] * 4
    assert [words in notice for notice in found.notices] == [True]
