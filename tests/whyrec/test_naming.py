"""Names for ids: wherever an id is taken, the name of one entity alone will do."""

from pathlib import Path

import pytest

import whyrec
from kg.errors import UnknownEntityError, UsageError


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> whyrec.Engine:
    made = whyrec.create(tmp_path_factory.mktemp("naming") / "shop", example=True)
    made.load()
    return made


def test_items_are_taken_by_their_names(engine: whyrec.Engine) -> None:
    assert engine.why("u0002", "Skin Science 101") == engine.why("u0002", "c002")
    assert engine.why("u0002", "皮肤科学入门") == engine.why("u0002", "Course:c002")
    assert engine.similar("rosehip dark spot face oil", 2) == engine.similar("p0001", 2)
    assert engine.compare("u0002", "Skin Science 101", "Rosehip Dark Spot Face Oil").first.id == "c002"


def test_anchors_and_rules_are_taken_by_names(engine: whyrec.Engine) -> None:
    by_name = engine.recommend(anchors=["has_concern:Skin ageing"], avoid=["contains:Fragrance"], n=5)
    assert by_name.items == engine.recommend(anchors=["has_concern:ageing"], avoid=["contains:PARFUM"], n=5).items
    only = engine.recommend("u0002", only=["made_by:Third Bloom"], n=3)
    assert only.items == engine.recommend("u0002", only=["made_by:third-bloom"], n=3).items


def test_several_of_one_name_are_listed_and_people_have_none(engine: whyrec.Engine) -> None:
    with pytest.raises(UnknownEntityError, match=r"nearest: .*\(Product p0"):
        engine.why("u0002", "niacinamide toner")
    with pytest.raises(UnknownEntityError, match="unknown User"):
        engine.recommend("U0002 ")
    with pytest.raises(UsageError, match="expected relation:ID"):
        engine.recommend(anchors=["nothing:x"])


def test_a_known_id_opens_no_index(engine: whyrec.Engine, tmp_path: Path) -> None:
    fresh = whyrec.create(tmp_path / "shop", example=True)
    fresh.load()
    fresh.why("u0002", "c002")
    assert not (tmp_path / "shop" / "names").exists()
