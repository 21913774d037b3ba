"""An access request tells what earlier snapshots say that the graph says no longer; a server's list is told too."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import whyrec
from recommender.results.document import ModelInfo
from recommender.serving.inferences import inferences
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


def test_what_is_to_be_said_of_each_domain_is_kept() -> None:
    answers = [SimpleNamespace(items=[], notices=one) for one in (["of the first", "of both"], ["of both"])]
    schema = SimpleNamespace(domains=["first", "second"])
    recommender = SimpleNamespace(
        snapshot=SimpleNamespace(schema=schema),
        profile=lambda _: SimpleNamespace(anchors={}, user_idx=None),
        recommend=lambda _: answers.pop(0),
        scorer=SimpleNamespace(vectors=None),
        model=SimpleNamespace(info=ModelInfo.model_construct()),
    )
    schema.entity = {}
    assert inferences(cast(Any, recommender), "u01").notices == ["of the first", "of both"]
