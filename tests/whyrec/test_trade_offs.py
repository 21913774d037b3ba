"""Trade-offs in NDCG: measured on what each person used last, which the kernels have not seen."""

from pathlib import Path

import numpy as np
import pytest

import whyrec
from recommender.catalogue.interactions import Interactions
from tests.whyrec.test_told_numbers import bought
from whyrec.workspace.responsibility.held_out import without_the_last


@pytest.fixture
def shop(tmp_path: Path) -> whyrec.Engine:
    """Forty people who bought a thing and, of twenty, the next one."""
    return bought(tmp_path / "a", [(n, t) for n in range(40) for t in (n % 20, (n + 1) % 20, (n + 2) % 20)])


def test_what_was_used_last_is_seen_by_no_kernel(shop: whyrec.Engine, tmp_path: Path) -> None:
    model = shop.recommender.model
    tested, wanted = without_the_last(model, tmp_path / "kernels")
    known, whole = (Interactions(one).matrix.toarray() > 0 for one in (tested.snapshot, shop.snapshot))
    assert len(wanted) == 40 and known.sum() == whole.sum() - 40
    for (_, idx), positions in wanted.items():
        assert len(positions) == 1 and whole[idx, positions].all() and not known[idx, positions].any()


def test_the_curves_are_measured_where_asked_and_shares_of_scores_else(shop: whyrec.Engine) -> None:
    plain, measured = shop.trade_offs(), shop.trade_offs(held_out=True)
    assert plain.tested is None and "no NDCG" in plain.text and measured.tested == 40 and "NDCG@10" in measured.text
    points = [point for curve in measured.curves for point in curve.points]
    assert all(0 <= (point.ndcg or 0) <= 1 for point in points)
    assert not list(shop.workspace.folder.glob(".held-out-*")) and not np.isnan([p.kept for p in points]).any()
