"""The audit: shares of lists and of use counted by hand, gaps that add up, groups of few left out."""

from collections import defaultdict
from math import log2
from pathlib import Path

import numpy as np
import pytest

from recommender.audit.audit import _user_group, audit
from recommender.audit.exposure import exposure
from recommender.audit.group_quality import GroupDifference, UserQuality, group_quality, groups_of_people
from recommender.audit.item_groups import sides
from recommender.audit.score_gap import part_means, score_gap
from recommender.catalogue.interactions import Interactions
from recommender.learning.model import open_model
from recommender.marketing.crowd import Crowd
from recommender.pages.audit_page import audit_page
from recommender.profiles.profile import profile_of
from recommender.rules.rule_set import Rules
from recommender.serving.recommender import Recommender
from tests.graphs import Entities, Triples, snapshot_of
from tests.recommender.marketing.test_marketing import WITH_CONCERNS

CREAMS, TONERS = [f"cream{n}" for n in range(6)], [f"toner{n}" for n in range(6)]


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    return shop(tmp_path_factory.mktemp("audit"), k=5)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    """The same, where everybody may be counted."""
    return shop(tmp_path_factory.mktemp("counted"), k=1)


def shop(folder: Path, k: int) -> Crowd:
    """Thirty people buy toners with acid, six of them creams with oats too, and three a mask with mud."""
    people = [f"u{n:02}" for n in range(30)]
    entities: Entities = {
        "User": people,
        "Product": [*CREAMS, *TONERS, "mask"],
        "Course": ["acids"],
        "Ingredient": ["OAT", "ACID", "MUD"],
        "Concern": ["dryness", "<acne>"],
    }
    triples: Triples = {
        "purchased": [
            *((one, TONERS[(n + m) % 6]) for n, one in enumerate(people) for m in range(2)),
            *((one, CREAMS[n]) for n, one in enumerate(people[:6])),
            *((one, "mask") for one in people[:3]),
        ],
        "enrolled": [],
        "contains": [
            *((one, "OAT") for one in CREAMS),
            *((one, "ACID") for one in TONERS),
            ("mask", "MUD"),
        ],
        "teaches": [("acids", "ACID")],
        "treats": [],
        "addresses": [],
        "has_concern": [(one, "dryness" if n < 10 else "<acne>") for n, one in enumerate(people[:12])],
    }
    snapshot = snapshot_of(folder, entities, triples, WITH_CONCERNS, k)
    recommender = Recommender(open_model(folder / "model", snapshot, folder / "kernels"))
    return Crowd(recommender, Rules(domain="cosmetics"))


def by_hand(crowd: Crowd) -> tuple[dict[str, float], dict[str, float]]:
    """Shares of lists and of use of each ingredient, counted place by place from what is served."""
    name = {"cream": "OAT", "toner": "ACID", "mask": "MUD"}
    seen, used = defaultdict[str, float](float), defaultdict[str, float](float)
    vocabulary, purchased = crowd.snapshot.vocabulary, crowd.snapshot.adjacency("purchased")
    for row, idx in enumerate(crowd.sample.tolist()):
        for place, position in enumerate(p for p in crowd.lists.positions[row].tolist() if p >= 0):
            item = vocabulary.id(*crowd.recommender.catalogue.item(position)).rstrip("0123456789")
            seen[name[item]] += 1 / log2(place + 2)
        for item in purchased.indices[purchased.indptr[idx] : purchased.indptr[idx + 1]].tolist():
            used[name[vocabulary.id("Product", item).rstrip("0123456789")]] += 1
    return (
        {one: value / sum(seen.values()) for one, value in seen.items()},
        {one: value / sum(used.values()) for one, value in used.items()},
    )


def test_shares_are_those_counted_by_hand(counted: Crowd) -> None:
    inside = counted.recommender.catalogue.of_domain("cosmetics")
    found = {side.name: (side, exposure(counted, side, inside)) for side in sides(counted, "cosmetics")}
    side, told = found["Ingredient"]
    seen, used = by_hand(counted)
    assert dict(zip(side.labels, told.exposure, strict=True)) == pytest.approx({one: seen[one] for one in side.labels})
    assert dict(zip(side.labels, told.merit, strict=True)) == pytest.approx({one: used[one] for one in side.labels})
    assert (told.low <= told.ratio).all() and (told.ratio <= told.high).all()
    assert found["popularity"][1].exposure.sum() == pytest.approx(1.0)
    assert found["popularity"][1].merit.sum() == pytest.approx(1.0)


def test_what_is_told_of_groups_goes_in_steps_that_k_people_make(crowd: Crowd, counted: Crowd) -> None:
    inside = crowd.recommender.catalogue.of_domain("cosmetics")
    (side,) = (one for one in sides(crowd, "cosmetics") if one.name == "Ingredient")
    told, exact = exposure(crowd, side, inside), exposure(counted, side, inside)
    assert dict(zip(side.labels, told.told, strict=True)) == {"ACID": True, "MUD": False, "OAT": False}
    acid = side.labels.index("ACID")
    step = 0.2  # of 69 uses nobody has more than two of acid; ten of 69, up to the next 1, 2 or 5
    assert told.merit[acid] == pytest.approx(round(exact.merit[acid] / step) * step)
    assert told.low[acid] <= exact.low[acid] and exact.high[acid] <= told.high[acid]


def test_causes_are_the_mean_score_and_add_up_to_the_gap(counted: Crowd) -> None:
    crowd = counted
    recommender, inside = crowd.recommender, crowd.recommender.catalogue.of_domain("cosmetics")
    profiles = [profile_of(crowd.snapshot, "User", int(idx)) for idx in crowd.sample]
    mean = recommender.cold_start.totals(profiles).mean(axis=0)
    assert np.sum(list(part_means(crowd).values()), axis=0) == pytest.approx(mean, abs=1e-9)
    creams = np.array([one in CREAMS for one in _ids(crowd)], dtype=np.float64)
    gap = mean[inside & (creams > 0)].mean() - mean[inside & (creams == 0)].mean()
    assert gap != 0 and sum(one.gap for one in score_gap(crowd, creams, inside)) == pytest.approx(gap, abs=1e-9)


def _ids(crowd: Crowd) -> list[str]:
    catalogue = crowd.recommender.catalogue
    return [crowd.snapshot.vocabulary.id(*catalogue.item(position)) for position in range(catalogue.size)]


def test_people_are_compared_with_all_others_and_few_are_left_out(crowd: Crowd) -> None:
    users = [("User", idx) for idx in range(30)]
    ndcg = np.array([1.0 if idx < 10 else 0.0 for idx in range(30)])
    groups = group_quality(UserQuality(users, ndcg, crowd.snapshot, ndcg, np.ones(30, dtype=np.int64)))
    (group,) = (one for one in groups if one.side == "has_concern")  # two said the other concern
    assert (group.label, group.people, group.mean, group.difference) == ("dryness", 10, 1.0, 1.0)
    assert group.p == pytest.approx(2 / 1001)


def test_of_a_sample_it_is_said_what_it_does_to_gini(crowd: Crowd) -> None:
    whole = audit({"cosmetics": crowd}, None)
    some = audit({"cosmetics": Crowd(crowd.recommender, crowd.rules.asked, most=12)}, None)
    assert some.sampled and "12 people drawn at random; Gini is among what these use" in some.text
    assert "drawn at random" not in whole.text


def test_what_one_person_changes_of_the_quality_of_a_group_is_not_told(crowd: Crowd) -> None:
    users = [("User", idx) for idx in range(30)]
    for hers in (0.0, 0.4, 1.0):  # one of ten, when 0.72 of the other nine is known
        ndcg = np.array([hers, *[0.72] * 9, *[0.1] * 20])
        quality = UserQuality(users, ndcg, crowd.snapshot, ndcg, np.ones(30, dtype=np.int64))
        told = next(one for one in audit({"cosmetics": crowd}, quality).users or [] if one.label == "dryness")
        assert (told.ndcg, told.difference) == (0.5, 0.5)
        assert all(round(end / 0.5, 9) % 1 == 0 for end in (told.low, told.high)) and told.low <= 0.65 <= told.high


def test_bands_of_activity_say_whom_they_hold(tmp_path: Path) -> None:
    """Three kinds of people, with 1, 4 and 5 purchases, so that the upper bound, 4.67, is no number of purchases."""
    counts = [1] * 7 + [4] * 6 + [5] * 7
    users, creams = [f"u{number}" for number in range(len(counts))], [f"cream{number}" for number in range(6)]
    entities: Entities = {name: [] for name in ("Course", "Ingredient", "Concern")}
    triples: Triples = {name: [] for name in WITH_CONCERNS["relation"]}
    triples["purchased"] = [(u, cream) for u, n in zip(users, counts, strict=True) for cream in creams[:n]]
    snapshot = snapshot_of(tmp_path, {"User": users, "Product": creams, **entities}, triples, WITH_CONCERNS)
    people = [("User", idx) for idx in range(len(users))]
    ndcg = np.ones(len(people))
    found = groups_of_people(UserQuality(people, ndcg, snapshot, ndcg, np.ones(len(people), dtype=np.int64)), "en")
    told = {label: np.flatnonzero(who) for side, _, label, who in found if side == "activity"}
    used = np.diff(Interactions(snapshot).rows(people).indptr)
    assert {label: sorted(set(used[who].tolist())) for label, who in told.items()} == {
        "≤ 1": [1],
        "2–4": [4],
        "> 4": [5],
    }


def test_items_are_compared_alike_whether_people_are_and_few_are_never_sure(crowd: Crowd) -> None:
    """``card --no-figures`` and ``audit`` say the same of items; of ten people tested nothing is sure."""
    users = [("User", idx) for idx in range(30)]
    ndcg = np.array([1.0 if idx < 10 else 0.0 for idx in range(30)])
    quality = UserQuality(users, ndcg, crowd.snapshot, ndcg, np.ones(30, dtype=np.int64))
    alone, both = audit({"cosmetics": crowd}, None), audit({"cosmetics": crowd}, quality)
    assert alone.domains == both.domains and both.users is not None
    dryness = next(one for one in both.users if one.label == "dryness")
    assert dryness.people == 10 and dryness.q is None and not dryness.sure
    assert both.users_compared == sum(one.q is not None for one in both.users)


def test_of_fewer_than_k_people_nothing_is_told(tmp_path: Path) -> None:
    entities: Entities = {name: [] for name in ("User", "Product", "Course", "Ingredient", "Concern")}
    entities |= {"User": ["u0", "u1"], "Product": ["cream0", "toner0"], "Ingredient": ["OAT", "ACID"]}
    triples: Triples = {name: [] for name in WITH_CONCERNS["relation"]}
    triples |= {"purchased": [("u0", "cream0"), ("u1", "toner0")], "contains": [("cream0", "OAT"), ("toner0", "ACID")]}
    snapshot = snapshot_of(tmp_path, entities, triples, WITH_CONCERNS)
    recommender = Recommender(open_model(tmp_path / "model", snapshot, tmp_path / "kernels"))
    found = audit({"cosmetics": Crowd(recommender, Rules(domain="cosmetics"))}, None)
    assert not found.domains and found.people == "<5" and found.text.startswith("Fewer than 5 people")


def test_the_page_escapes_and_holds_every_group_that_may_be_told(tmp_path: Path, crowd: Crowd) -> None:
    found = audit({"cosmetics": crowd}, None)
    (domain,) = found.domains
    assert found.users is None and domain.compared == sum(one.q is not None for one in domain.groups) > 0
    assert domain.pooled >= 2 and all((one.q is None) == (int(one.people) < found.least) for one in domain.groups)
    page = audit_page(found, "zh")
    assert (
        "列表审计" in page
        and "built-in" not in page
        and all(f">{one.label}<" in page for one in domain.groups)
        and "MUD" not in page
    )


def test_what_a_few_others_have_is_not_told_by_how_far_all_the_rest_are_from_them(crowd: Crowd) -> None:
    """Of 400 tested five are in no group: the mean of the five, told by a difference in steps of the 395, said what
    any one of them had."""
    told = [
        _user_group(crowd, GroupDifference("side", "side", "most", 395, 5, 0.4, 0.38, 0.42, difference, 0.01), 0.01)
        for difference in (0.4 - 0.3, 0.4 - 0.1)  # the five have .3 on average, or one of them less by 1
    ]
    assert told[0] == told[1] and told[0].ndcg == 0.4
