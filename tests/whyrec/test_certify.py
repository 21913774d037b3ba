"""Certified lists: what too many reject leaves all lists, and answers say what holds."""

import random
from pathlib import Path

import pytest

import whyrec
from kg.errors import UsageError
from tests.whyrec.test_generations import SCHEMA
from whyrec import Engine

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


def test_a_bound_is_tested_kept_and_told(shop: Engine) -> None:
    with pytest.raises(UsageError, match="nobody weighted anything so low"):
        shop.certify(0.2, below=0.5)
    with pytest.raises(UsageError, match="between 0 and 1"):
        shop.certify(1.0)
    assert not shop.certify(0.001, below=1, dry_run=True).certified
    report = shop.certify(0.02, below=1)
    assert report.certified and report.risk == 0 and report.risk_without > 0.02 and report.filtered >= len(BAD)
    for answering in (shop, whyrec.open(shop.workspace.folder)):
        answer = answering.recommend("u003", n=20)
        assert not BAD & {one.id for one in answer.items} and answer.excluded["unwanted"]
        assert any("2.0% of a list" in one for one in answer.notices)
