"""The overview: what lists show, what they rest on, where people are led, known by construction."""

import tomllib
from pathlib import Path

import pytest

from recommender.evaluation.significance import wilson
from recommender.learning.model import open_model
from recommender.marketing.crowd import Crowd
from recommender.marketing.overview.coverage import proportion
from recommender.marketing.overview.overview import overview
from recommender.marketing.overview.traffic import traffic
from recommender.marketing.overview.trends import Trends
from recommender.pages.overview_page import overview_page
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender
from tests.graphs import Entities, Triples, snapshot_of
from tests.recommender.marketing.test_marketing import WITH_CONCERNS

DAY = 86_400_000


@pytest.fixture(scope="module")
def crowds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Crowd]:
    """Two halves of people: one took the oat course and has bought nothing, and the other bought acid toners and took
    none; six of 40 others did both, of either; ten did nothing. Toner 0 is what six bought lately and nobody before."""
    folder = tmp_path_factory.mktemp("overview")
    learners, buyers = [f"l{n:02}" for n in range(20)], [f"b{n:02}" for n in range(20)]
    both = [f"d{n}" for n in range(6)] + [f"s{n}" for n in range(6)]
    entities: Entities = {
        "User": [*learners, *buyers, *both, *(f"n{n}" for n in range(10))],
        "Product": [f"cream{n}" for n in range(6)] + [f"toner{n}" for n in range(6)],
        "Course": ["oats", "acids"],
        "Ingredient": ["OAT", "ACID"],
        "Concern": ["dryness", "<acne>"],
    }
    old, new = 100 * DAY, 195 * DAY
    triples: Triples = {
        "purchased": [
            *((one, f"toner{1 + (n + m) % 5}", 1.0, old + n * DAY) for n, one in enumerate(buyers) for m in range(2)),
            *((f"d{n}", f"cream{n}", 1.0, old) for n in range(6)),
            *((f"s{n}", "toner0", 1.0, new) for n in range(6)),
        ],
        "enrolled": [
            *((one, "oats", 1.0, 200 * DAY) for one in learners),
            *((f"d{n}", "oats", 1.0, old) for n in range(6)),
            *((f"s{n}", "acids", 1.0, old) for n in range(6)),
        ],
        "contains": [(f"cream{n}", "OAT") for n in range(6)] + [(f"toner{n}", "ACID") for n in range(6)],
        "teaches": [("oats", "OAT"), ("acids", "ACID")],
        "treats": [],
        "addresses": [],
        "has_concern": [],
    }
    snapshot = snapshot_of(folder, entities, triples, WITH_CONCERNS)
    recommender = Recommender(open_model(folder / "model", snapshot, folder / "kernels"))
    return {domain: Crowd(recommender, Rules(domain=domain)) for domain in ("courses", "cosmetics")}


def test_an_overview_says_what_is_shown_and_what_only_popularity_made(crowds: dict[str, Crowd]) -> None:
    found = overview(crowds, 30, [])
    courses, cosmetics = found.domains
    assert (found.people, found.of, found.sampled) == (60, 60, False)
    assert (cosmetics.items, cosmetics.people, courses.people) == (12, 30, 30)
    assert cosmetics.popular.people == 10  # those who did nothing
    assert courses.popular.people == 40  # and the 32 to whose last course nothing leads
    assert {one.kind for one in cosmetics.reasons} == {"shared", "popularity"}
    assert sum(one.share or 0 for one in cosmetics.reasons) <= 1
    assert [(one.entity.id, one.people, one.before) for one in found.new] == [("toner0", 5, "<5")]
    assert found.until == "1970-07-26"  # the Sunday of that week: twenty took the course on its Monday
    assert {"cosmetics", "courses"} == {one.part for one in found.stale}


LONELY = """name = "lonely"
[entity.User]
sensitive = true
[entity.Product]
domain = "cosmetics"
[entity.Course]
domain = "courses"
[relation.purchased]
head = "User"
tail = "Product"
interaction = true
[relation.enrolled]
head = "User"
tail = "Course"
interaction = true
"""


@pytest.mark.parametrize("day", [330, 365, 40_000])
@pytest.mark.parametrize("relation", ["purchased", "enrolled"])
def test_no_day_of_one_person_is_told_nor_moves_a_window(tmp_path: Path, relation: str, day: int) -> None:
    """Eight people bought on day 300 and took a course on day 150; what one more did later, or dated into the future,
    changes no time, no window and no sentence."""
    people = [f"u{n}" for n in range(8)]
    entities: Entities = {"User": [*people, "late"], "Product": ["cream"], "Course": ["oats"]}
    triples: Triples = {
        "purchased": [(one, "cream", 1.0, 300 * DAY) for one in people],
        "enrolled": [(one, "oats", 1.0, 150 * DAY) for one in people],
    }
    told = []
    for name in ("without", "with"):
        snapshot = snapshot_of(tmp_path / name, entities, triples, tomllib.loads(LONELY))
        found = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / name / "kernels"))
        crowds = {domain: Crowd(found, Rules(domain=domain)) for domain in ("courses", "cosmetics")}
        answer = overview(crowds, 30, [])
        told.append((answer.until, answer.new, answer.trending, [one.text for one in answer.stale]))
        item = "cream" if relation == "purchased" else "oats"
        triples = {**triples, relation: [*triples[relation], ("late", item, 1.0, day * DAY)]}
    assert told[0] == told[1] and told[0][0] == "1970-11-01"
    assert any("in no week of the last 154 days" in text for text in told[0][3])


def test_people_are_led_to_what_both_domains_have(crowds: dict[str, Crowd]) -> None:
    (way,) = traffic(crowds, "en")
    rows, columns = [one.id for one in way.rows], [one.id for one in way.columns]
    oat = rows.index("OAT"), columns.index("OAT")
    crossed = rows.index("OAT"), columns.index("ACID")
    assert way.there[oat[0]][oat[1]] == 25 and (way.there_lift[oat[0]][oat[1]] or 0) > 1
    assert way.there[crossed[0]][crossed[1]] is None  # no learner of oats is led to acids first
    back = rows.index("ACID"), columns.index("ACID")
    assert (way.back[back[0]][back[1]] or 0) >= 20


def test_a_sample_is_told_with_its_interval(crowds: dict[str, Crowd]) -> None:
    some = Crowd(crowds["courses"].recommender, Rules(domain="courses"), most=40)
    told = proportion(some, 20)
    assert (told.share, told.low, told.high) == (22 / 40, wilson(20 / 40, 40)[0], wilson(24 / 40, 40)[1])
    assert proportion(some, 4).share is None
    assert overview({"courses": some}, 30, []).sampled


def test_the_page_has_no_script_fetches_nothing_and_escapes(crowds: dict[str, Crowd], tmp_path: Path) -> None:
    found = overview(crowds, 30, [])
    column = found.traffic[0].columns[0].model_copy(update={"label": "<script>alert(1)</script>"})
    way = found.traffic[0].model_copy(update={"columns": [column, *found.traffic[0].columns[1:]]})
    for lang in ("en", "zh"):
        page = overview_page(found.model_copy(update={"traffic": [way]}), lang)
        assert (
            "<script" not in page
            and "http" not in page.replace("http-equiv", "")
            and "{" not in page.split("</style>")[-1]
        )


def test_growth_is_of_those_active_and_never_of_fewer_than_k(crowds: dict[str, Crowd]) -> None:
    crowd = crowds["cosmetics"]
    found = Trends(crowd, 30, "en").growth("Ingredient")
    told = {crowd.snapshot.vocabulary.id("Ingredient", idx): value for idx, value in enumerate(found)}
    assert found[crowd.snapshot.vocabulary.idx("Ingredient", "ACID")] == pytest.approx((7 / 27) / (5 / 7))
    assert told["OAT"] == pytest.approx((22 / 27) / (5 / 7))  # nobody before: as if five, and the most active
    assert Trends(crowd, 7, "en").growth("Ingredient") == [None, pytest.approx((22 / 22) / (5 / 7))]


AGAIN = (
    LONELY.replace("interaction = true", "interaction = true\nrepeat = true", 1)
    + """
[relation.viewed]
head = "User"
tail = "Product"
interaction = true
"""
)


def test_new_is_what_few_people_used_before_however_often(tmp_path: Path) -> None:
    """Six people bought each of two things on day 300: of one, three others bought and viewed it long before, twice as
    much as k is; the other all six had bought before, once, so it is not new, and no more people turn to it now."""
    now, others = [f"u{n}" for n in range(6)], [f"o{n}" for n in range(3)]
    new, old = 300 * DAY, 280 * DAY
    entities: Entities = {"User": [*now, *others], "Product": ["fresh", "again"], "Course": ["oats"]}
    triples: Triples = {
        "purchased": [
            *((one, "fresh", 1.0, new, new, 1, None) for one in now),
            *((one, "fresh", 1.0, 100 * DAY, 100 * DAY, 1, None) for one in others),
            *((one, "again", 2.0, new, old, 2, old) for one in now),
        ],
        "viewed": [(one, "fresh", 1.0, 100 * DAY) for one in others],
        "enrolled": [],
    }
    snapshot = snapshot_of(tmp_path, entities, triples, tomllib.loads(AGAIN))
    found = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    trends = Trends(Crowd(found, Rules(domain="cosmetics")), 14, "en")
    assert [(one.entity.id, one.people, one.before) for one in trends.new()] == [("fresh", 5, "<5")]
    (turned,) = [one for one in trends._trends(trends._items("cosmetics")) if one.entity.id == "again"]
    assert (turned.people, turned.before, turned.growth) == (5, 5, 1.0)
