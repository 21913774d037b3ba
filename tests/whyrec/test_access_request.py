"""An access request tells what earlier snapshots say that the graph says no longer; a server's list is told too."""

import shutil
from pathlib import Path

import whyrec
from tests.whyrec.test_generations import loaded  # noqa: F401  # the small shop, as a fixture


def test_what_an_earlier_snapshot_alone_says_is_told(loaded: Path, tmp_path: Path) -> None:  # noqa: F811
    engine = whyrec.open(Path(shutil.copytree(loaded, tmp_path / "shop")))
    before = {one.id for one in engine.export_person("u01").held.triples if one.relation == "purchased"}
    kept = [line for line in (loaded.parent / "purchased.csv").read_text().split() if not line.startswith("u01,")]
    (tmp_path / "purchased.csv").write_text("\n".join([*kept, f"u01,{min(before)}"]))
    engine.load([tmp_path / "purchased.csv"], mode="replace", max_deletes="all")
    told = engine.export_person("u01")
    assert {one.id for one in told.held.triples if one.relation == "purchased"} == {min(before)}
    earlier = [one for one in told.copies if one.no_longer]
    assert any(one.folder.startswith("history/") for one in earlier)
    for copy in earlier:
        assert {(one.relation, one.id) for one in copy.no_longer} == {
            ("purchased", one) for one in before - {min(before)}
        }
    assert engine.export_person("u02").copies and not any(one.no_longer for one in engine.export_person("u02").copies)
