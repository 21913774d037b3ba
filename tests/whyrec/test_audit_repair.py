"""Repair: what is tried is ranked anew, the weight that closes the gap does, and rules are among the causes."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

import whyrec
from kg.k_anonymity import told_step, told_sum
from recommender.audit import repair
from recommender.audit.item_groups import sides
from recommender.audit.repair import Missing, _fewest, _least_percent, _most_used, _ratio
from recommender.audit.score_gap import _largest, part_means, score_gap
from recommender.marketing.crowd import Crowd
from recommender.reranking.exposure_prices import Pool
from recommender.results.responsibility.audit import Repair
from recommender.rules.rule_set import Rules


def test_what_would_close_the_worst_gap(demo: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(demo, tmp_path / "demo"))
    told = (folder / "whyrec.toml").read_text()
    (folder / "whyrec.toml").write_text(told.replace("[rules]", '[rules]\nbury = ["90% made_by:kindroot"]'))
    (found,) = whyrec.open(folder).audit("cosmetics", quality=False, repair=True).domains
    assert found.worst and found.repairs and found.gap == pytest.approx(sum(one.gap for one in found.causes), abs=1e-9)
    assert any(one.kind in ("rule", "others") for one in found.causes)
    worst = min(one.ratio for one in found.groups if one.sure and one.ratio < 1)
    assert all(one.ratio_before == pytest.approx(worst, abs=0.011) for one in found.repairs)
    by_kind = {one.kind: one for one in found.repairs}
    assert by_kind["weight"].closes and by_kind["weight"].percent and "rules" in by_kind
    assert all(one.triples for one in found.repairs if one.kind == "data")
    assert [one.closes for one in found.repairs] == sorted((one.closes for one in found.repairs), reverse=True)


def test_a_weight_does_what_boosting_by_it_does(demo: Path) -> None:
    """Of a topic whose courses have other topics too: raised as a whole, counted as a part."""
    engine = whyrec.open(demo)
    (found,) = engine.audit("courses", quality=False, repair=True).domains
    (weight,) = (one for one in found.repairs if one.kind == "weight")
    kind, label = str(found.worst).split(": ")
    assert kind == "topic"
    (topic,) = (one.id for one in engine.find(label).hits if (one.type, one.label) == ("Topic", label))
    boosted = Crowd(engine.recommender, Rules(domain="courses", boost=(f"{weight.percent:g}% about:{topic}",)))
    (side,) = (one for one in sides(boosted, "courses") if one.name == "Topic")
    group = csr_array(side.membership[:, [side.labels.index(label)]])
    assert 0 < group.data.min() < 1
    inside = boosted.recommender.catalogue.of_domain("courses")
    assert weight.ratio_before == 0 and round(_ratio(boosted, group, inside), 1) == weight.ratio_after


def test_the_least_weight_is_found() -> None:
    """A list of one: the item of the group comes before the other once its score rises by more than half, so that half
    of the people's lists, who have nothing else, are the group's from 51 percent on."""
    pool = Pool(np.array([[1, 0], [1, 2]]), np.array([[1.5, 1.0], [9.0, 1.0]]), 1, csr_array([[1.0], [0.0], [0.0]]))
    assert _least_percent(pool, 0.5) == 51
    assert _least_percent(pool, 0.9) == 500  # no weight that is tried gives it so much


def test_the_gap_is_that_of_the_scores_however_many_parts_are_rounded_away(demo: Path) -> None:
    """Of sixty parts most are less than half a step each, and together more than one."""
    crowd = Crowd(whyrec.open(demo).recommender, Rules(domain="cosmetics"))
    inside = crowd.recommender.catalogue.of_domain("cosmetics")
    (side,) = (one for one in sides(crowd, "cosmetics") if one.name == "Brand")
    left_away = 0
    for number in range(len(side.labels)):
        group = side.membership[:, [number]].toarray().ravel()
        mine, others = np.where(inside, group, 0.0), np.where(inside, 1.0 - group, 0.0)
        contrast = mine / mine.sum() - others / others.sum()
        exact = sum(float(one @ contrast) for one in part_means(crowd).values())
        step = told_step(_largest(crowd, contrast)[1] / len(crowd.sample), crowd.k)
        causes = score_gap(crowd, group, inside)
        assert sum(one.gap for one in causes) == pytest.approx(told_sum(exact, step), abs=1e-9)
        left_away += any(one.kind == "others" for one in causes)
    assert left_away > len(side.labels) / 2


def test_a_repair_is_of_as_few_items_as_close_the_gap(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight products that lack something, the three that most people used are enough."""
    crowd = Crowd(whyrec.open(demo).recommender, Rules(domain="cosmetics"))
    products = np.arange(20, 28)
    people = crowd.recommender.catalogue.people[crowd.recommender.catalogue.slices["Product"]]
    missing = Missing("treats", products, np.zeros(8, dtype=np.int64))
    ordered = _most_used(crowd, missing)
    assert sorted(ordered) == products.tolist() and np.all(np.diff(people[ordered]) <= 0)
    tried = list[list[int]]()

    def filled(_crowd: Crowd, some: list[Missing], _folder: Path, _asked: object) -> Repair:
        tried.append(sorted(some[0].heads.tolist()))
        n = len(some[0].heads)
        figures = {"triples": n, "percent": None, "ratio_before": 0.0, "ratio_after": 1.0}
        return Repair(kind="data", about="treats", closes=set(ordered[:3]) <= set(some[0].heads), **figures)  # type: ignore[arg-type]

    monkeypatch.setattr(repair, "_filled", filled)
    found = _fewest(crowd, [missing], demo, (csr_array((1, 1)), np.ones(1, dtype=bool), 0.0))
    assert (found.closes, found.triples) == (True, 3) and len(tried) == 4
