"""Generations: what is kept to say why a list changed, how it is named, and when it goes."""

import shutil
from pathlib import Path

import pytest

import whyrec
from kg.errors import UsageError


def test_a_changed_rule_is_told_and_forgetting_anybody_removes_what_was_kept(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    shutil.copytree(demo, folder)
    engine = whyrec.open(folder)
    first = engine.recommend("u0001", n=3).items[0]
    configuration = folder / "whyrec.toml"
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace("avoid = []", f'avoid = ["{first.type}:{first.id}"]'), encoding="utf-8")
    engine = whyrec.open(folder)
    engine.refresh()
    (since,) = engine.moments()
    for then in (since, engine.snapshot.hash[:12]):
        assert engine.difference("u0001", then, n=3).snapshot_before == engine.snapshot.hash
    found = {one.id: one for one in engine.difference("u0001", since, n=3).items}
    gone = found[first.id]
    assert (gone.rank_before, gone.rank_after) == (1, None) and gone.score_before == gone.score_after
    assert [(cause.kind, cause.share) for cause in gone.causes] == [("rule", 0.0)]
    with pytest.raises(UsageError, match="nothing of then is kept"):
        engine.difference("u0001", "2020-01-01")
    engine.forget("u0002")
    assert engine.moments() == []
    assert not (folder / "history").exists()
