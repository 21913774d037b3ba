"""Objectives: lists follow the floors, and what these add is a share of its own; a training solves them anew."""

import shutil
from pathlib import Path

import pytest

import whyrec
from kg.errors import UsageError
from tests.whyrec.test_generations import loaded  # noqa: F401  # the small shop, as a fixture


def test_floors_are_solved_followed_and_told(loaded: Path, tmp_path: Path) -> None:  # noqa: F811
    folder = Path(shutil.copytree(loaded, tmp_path / "shop"))
    with pytest.raises(UsageError, match="names no floors"):
        whyrec.open(folder).objectives()
    told = (folder / "whyrec.toml").read_text()
    (folder / "whyrec.toml").write_text(told.replace("k = 5", "k = 1"))  # so few people that nothing would be told
    with (folder / "whyrec.toml").open("a") as file:
        file.write('[objectives]\nfloors = ["70% contains", "25% contains:i2"]\nmost_loss = 0.5\n')
    engine = whyrec.open(folder)
    before = [one.score for one in engine.recommend("u03", domain="cosmetics", n=15).items]
    tried = engine.objectives(dry_run=True)
    assert (
        not tried.written and [one.score for one in engine.recommend("u03", domain="cosmetics", n=15).items] == before
    )
    solved = engine.objectives()
    (cosmetics,) = [one for one in solved.domains if one.domain == "cosmetics"]
    (asked,) = [one for one in cosmetics.floors if one.about == "contains:i2" and one.target == 0.25]
    assert asked.before < 0.2 and asked.after == pytest.approx(0.25, abs=0.02) and asked.percent > 0
    assert cosmetics.gap_after < cosmetics.gap_before / 2
    for answering in (engine, whyrec.open(folder)):
        listed = answering.recommend("u03", domain="cosmetics", n=15).items
        raised = [one for one in listed if one.shares.rules]
        assert raised
        for one in raised:
            account = answering.why("u03", one.id)
            ruled = [part.share for part in account.parts if part.kind == "rule"]
            assert account.score == pytest.approx(one.score, abs=1e-9) and sum(ruled) == pytest.approx(one.shares.rules)
            assert sum(part.share for part in account.parts) == pytest.approx(account.score, abs=1e-9)
    again = engine.objectives(dry_run=True)  # from the lists without them, not on top
    assert again.domains == solved.domains
    assert any("Lists follow" in one for one in engine.train(embeddings=False).notices)


def test_objectives_speak_chinese_and_name_what_they_are_about(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    whyrec.create(folder, example=True).load()
    with (folder / "whyrec.toml").open("a") as file:
        file.write('[objectives]\nfloors = ["80% made_by", "15% new", "1% not new and price < 20", "5% price > 1e6"]\n')
    engine = whyrec.open(folder)
    told = engine.objectives(lang="zh")
    assert "距曝光下限的缺口" in told.text and "列表从现在起" in told.text and "exposure" not in told.text
    assert "不足 1.0%" in told.text and " 0.0%" not in told.text
    assert told.without_items == ["5% price > 1e6"] and "下限「5% price > 1e6」所指的范围" in told.text
    floors = {one.about: one.text for domain in told.domains for one in domain.floors}
    assert floors["new"] == "新品" and floors["made_by:kindroot"] == "品牌：善根"
    assert floors["not new and price < 20"] == "非新品且price < 20"
    assert "No item is what the floor “5% price > 1e6” is of" in engine.objectives(dry_run=True).text
    english = {one.about: one.text for domain in engine.objectives().domains for one in domain.floors}
    assert english["made_by:kindroot"] == "brand: Kindroot" and english["new"] == "new items"
    raised = "p0084"  # of a brand that is shown too seldom
    texts = [part.text for part in engine.why("u0001", raised, lang="zh").parts if part.kind == "rule"]
    assert any("「品牌：善根」" in text for text in texts) and not any("made_by" in text for text in texts)
    account = engine.why("u0001", "p0027")  # new, and of such a brand: two objectives
    ruled = [part.share for part in account.parts if part.kind == "rule"]
    (told_once,) = [group for group in account.groups if group.kind == "rule"]
    assert len(ruled) == 2 and told_once.share == pytest.approx(sum(ruled), abs=1e-9)
    assert sum(group.share for group in account.groups) == pytest.approx(account.score, abs=1e-9)
    assert sum(group.kind == "rule" for group in engine.why("u0001", "p0027", reader="staff").groups) == 2


def test_floors_tell_what_the_audit_tells_of_the_same_groups(demo: Path, tmp_path: Path) -> None:
    """A brand of less than a hundredth of all use has a floor of its own, not one of 0 % that raises it by 99 %."""
    folder = Path(shutil.copytree(demo, tmp_path / "demo"))
    with (folder / "whyrec.toml").open("a") as file:
        file.write('[objectives]\nfloors = ["80% made_by"]\n')
    engine = whyrec.open(folder)
    (found,) = [one for one in engine.objectives(dry_run=True).domains if one.domain == "cosmetics"]
    (audited,) = engine.audit("cosmetics", quality=False).domains
    groups = {one.label: one for one in audited.groups if one.side == "Brand"}
    alike = [(one, groups[label]) for one in found.floors if (label := one.text.partition(": ")[2]) in groups]
    assert len(alike) > 10 and any(0 < one.target < 0.01 for one, _ in alike)
    for floor, group in alike:
        assert (floor.target, floor.before) == (pytest.approx(0.8 * group.merit), pytest.approx(group.exposure))
