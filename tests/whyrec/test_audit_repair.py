"""Repair: what is tried is ranked anew, the weight that closes the gap does, and rules are among the causes."""

import shutil
from pathlib import Path

import pytest

import whyrec


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
