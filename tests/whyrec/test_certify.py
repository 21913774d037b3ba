"""Certified lists: what too many reject leaves all lists, and answers say what holds."""

import random
import re
from pathlib import Path

import numpy as np
import pytest

import whyrec
from kg.errors import UsageError
from recommender.evaluation.risk_control import loosest, lowest_alpha
from recommender.learning.certificate import read_certificate
from tests.whyrec.test_generations import SCHEMA
from whyrec import Engine
from whyrec.workspace.responsibility import objectives
from whyrec.workspace.responsibility.certify_text import Told, Wanted, certify_text, withdrawn_text

BAD = {f"p{n:02}" for n in range(5)}


@pytest.fixture
def shop(tmp_path: Path) -> Engine:
    """Two hundred people who bought six of twenty products each; whoever bought one of five products liked it less."""
    draw = random.Random(0)
    (tmp_path / "tiny.toml").write_text(SCHEMA)
    bought = [(n, t) for n in range(200) for t in draw.sample(range(20), 6)]
    rows = [f"u{n:03},p{t:02},{1 if t < 5 else 1.2}" for n, t in bought]
    (tmp_path / "purchased.csv").write_text("\n".join(["head,tail,weight", *rows]))
    (tmp_path / "Product.csv").write_text("\n".join(["id", *(f"p{n:02}" for n in range(20))]))
    engine = whyrec.create(tmp_path / "shop", schema=str(tmp_path / "tiny.toml"))
    engine.load([tmp_path / "Product.csv", tmp_path / "purchased.csv"])
    return engine


def loaded(folder: Path, rows: list[tuple[int, int, float]]) -> Engine:
    """People, products and weights, as a shop."""
    folder.mkdir()
    (folder / "tiny.toml").write_text(SCHEMA)
    lines = ["head,tail,weight", *(f"u{n:03},p{t:02},{weight}" for n, t, weight in rows)]
    (folder / "purchased.csv").write_text("\n".join(lines))
    (folder / "Product.csv").write_text("\n".join(["id", *(f"p{n:02}" for n in range(20))]))
    engine = whyrec.create(folder / "shop", schema=str(folder / "tiny.toml"))
    engine.load([folder / "Product.csv", folder / "purchased.csv"])
    return engine


@pytest.mark.parametrize("few", [0, 1, 3, 4])
def test_few_who_rejected_something_are_told_like_nobody(tmp_path: Path, few: int) -> None:
    """Three people, or none, rated something so low: whoever asks learns the same."""
    some = [(n, t, 5 - t % 2) for n in range(60) for t in range(6)]
    low = [(n, 7, 1.0) for n in range(few)]
    with pytest.raises(UsageError, match=r"fewer than 5 people .*; 5 people rated something 4 or less") as problem:
        loaded(tmp_path / "x", [*some, *low]).certify(0.05, below=2, dry_run=True)
    assert "nobody" not in str(problem.value)


def test_enough_who_rejected_something_but_few_of_those_tested_are_told_apart(tmp_path: Path) -> None:
    """Five people did; half of what was weighted is held out, so fewer than five of them are tested."""
    some = [(n, t, 5 - t % 2) for n in range(60) for t in range(6)]
    low = [(n, 7, 1.0) for n in range(5)]
    with pytest.raises(UsageError, match="5 people rated something so low, but of what is held out"):
        loaded(tmp_path / "x", [*some, *low]).certify(0.05, below=2, dry_run=True)


@pytest.mark.parametrize(
    ("share", "chosen", "told"),
    [
        (0.22, None, "22.00% of the lists of 230 people .* more than the 5.00% asked for; --alpha 30% would hold"),
        (0.04, None, "so few people do not show .* at most 5.00% of everybody’s"),
        (0.0, 0, "less than 0.25% among 230 people"),
    ],
)
def test_why_nothing_is_certified_is_told_as_it_is(share: float, chosen: int | None, told: str) -> None:
    """22 % is not near to 5 %; 4 % is below it, and not surely."""
    lowest = 0.3 if share > 0.1 else 0.08
    text = certify_text(Wanted(0.05, 2, 0.05), Told([share], 0.005, chosen, lowest), 3, 230, "en")
    assert re.search(told, text), text


@pytest.mark.parametrize("people", [40, 400])
def test_the_lowest_alpha_is_the_first_that_holds(people: int) -> None:
    losses = np.zeros((people, 2))
    losses[: people // 20] = 1.0
    lowest = lowest_alpha(float(losses[:, 0].mean()), people, 0.05)
    assert loosest(losses, lowest, 0.05) is not None and loosest(losses, lowest - 0.01, 0.05) is None


def test_a_bound_is_tested_kept_and_told(shop: Engine) -> None:
    with pytest.raises(UsageError, match=r"fewer than 5 people rated .*; 5 people rated something 1 or less"):
        shop.certify(0.2, below=0.5)
    with pytest.raises(UsageError, match="between 0 and 1"):
        shop.certify(1.0)
    with pytest.raises(UsageError, match="`below` nan: expected a number"):
        shop.certify(0.2, below=float("nan"))
    assert not shop.certify(0.001, below=1, dry_run=True).certified
    report = shop.certify(0.02, below=1)
    assert report.certified and report.risk == 0 and report.risk_without > 0.02 and report.filtered >= len(BAD)
    for answering in (shop, whyrec.open(shop.workspace.folder)):
        answer = answering.recommend("u003", n=20)
        assert not BAD & {one.id for one in answer.items} and answer.excluded["unwanted"]
        assert any("2.0% of a list" in one and "last load" not in one for one in answer.notices)
    in_vain = shop.certify(0.0001, below=1)  # says nothing against the 2 %
    assert not in_vain.certified and not in_vain.written and "stays: at most 2.00% rated 1 or less" in in_vain.text
    assert any("2.0% of a list" in one for one in shop.recommend("u003").notices)


def test_a_certificate_that_does_not_hold_any_more_is_withdrawn(shop: Engine, tmp_path: Path) -> None:
    shop.certify(0.02, below=1)
    bought = [(n, t) for n in range(200) for t in range(n % 3, 20, 3)]
    rows = [f"u{n:03},p{t:02},1" for n, t in bought]  # nobody likes anything any more
    (tmp_path / "purchased.csv").write_text("\n".join(["head,tail,weight", *rows, "u000,p19,2"]))
    shop.load([tmp_path / "purchased.csv"])
    (told,) = [one for one in shop.recommend("u003").notices if "2.0% of a list" in one]
    assert "before the last load" in told and "run `whyrec certify` again" in told
    report = shop.certify(0.02, below=1, lang="zh")
    assert not report.certified and report.written and "已撤销" in report.text
    assert not any("2.0% of a list" in one for one in shop.recommend("u003").notices)


def test_a_certificate_of_other_lists_is_withdrawn_and_that_is_said(shop: Engine) -> None:
    """A training, and objectives that raise something else, make lists that it was not tested on."""
    said = "The certificate that was there, of at most 30.00% rated 1 or less, is withdrawn."
    assert shop.certify(0.3, below=1).written and shop.recommender.model.certificate is not None
    assert any(said in one and "whyrec certify" in one for one in shop.train(embeddings=False).notices)
    assert shop.recommender.model.certificate is None
    assert shop.certify(0.3, below=1).written
    assert objectives._keep(shop.workspace, []) is None  # as without objectives: the lists are what they were
    assert read_certificate(shop.workspace.model) is not None
    withdrawn = objectives._keep(shop.workspace, ["12.5% new"])
    assert (
        withdrawn is not None
        and said in withdrawn_text(withdrawn, "en")
        and "已撤销" in withdrawn_text(withdrawn, "zh")
    )
    assert read_certificate(shop.workspace.model) is None and objectives._keep(shop.workspace, ["12.5% new"]) is None


def test_a_certificate_that_was_tested_under_other_rules_says_so(shop: Engine) -> None:
    """Of whyrec.toml, published by staff, or asked for: lists are ranked otherwise than it was tested."""
    assert shop.certify(0.3, below=1).certified
    folder, other = shop.workspace.folder, "under other rules than those of these lists"

    def told(engine: Engine, **rules: object) -> list[str]:
        return [one for one in engine.recommend("u003", **rules).notices if "30.0% of a list" in one]

    assert told(shop) == told(shop, domain="cosmetics") and other not in told(shop)[0]
    assert not any("of a list" in one.text for one in shop.overview().stale)  # it holds, so it is not out of date
    assert other in told(shop, bury=["90% Product:p07"])[0]
    shop.publish_rules({"bury": ["90% Product:p07"]}, "ann")
    notices = told(shop), shop.why("u003", "p08").notices, shop.write_lists(folder / "all.csv", ["u003"]).notices
    stale = [one.text for one in shop.overview().stale]
    assert all(any(other in one for one in some) for some in (*notices, stale))
    chinese = shop.recommend("u003", lang="zh"), shop.write_lists(folder / "zh.csv", ["u003"], lang="zh")
    assert all(any("在与这些列表不同的规则下" in one for one in some.notices) for some in chinese)
    assert "tested under other rules" in shop.card(figures=False).markdown()
    assert "在与现在不同的规则下检验" in shop.card(figures=False, lang="zh").markdown()
    assert "was not tested on them" in shop.certify(0.0001, below=1).text  # in vain, so that the 30 % stays
    shop.roll_back_rules(0, "ann")
    assert other not in told(shop)[0] and "tested under" not in shop.card(figures=False).markdown()
    settings = folder / "whyrec.toml"
    settings.write_text(settings.read_text().replace("[rules]", '[rules]\nbury = ["90% Product:p07"]'))
    changed = whyrec.open(folder)
    assert other in told(changed)[0]
    assert changed.certify(0.3, below=1).certified and other not in told(changed)[0]
