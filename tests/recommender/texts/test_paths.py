"""Metapaths in words: phrases of the schema, types, and how they end."""

from importlib.resources import files
from pathlib import Path

import pytest

from kg.schema import read_schema
from recommender.texts.paths import spoken_path

SCHEMA = read_schema(files("kg.example") / "schema.toml")  # type: ignore[arg-type]  # a folder of the package


@pytest.mark.parametrize(
    ("metapath", "lang", "told"),
    [
        ("purchased > treats > ~treats", "en", "bought product → targets concern → is addressed by it"),
        ("enrolled_in > ~enrolled_in > purchased", "en", "enrolled in course → was taken by somebody → bought it"),
        ("purchased > union(Product)", "en", "bought product → what goes with it, as learned"),
        ("enrolled_in > ~enrolled_in > purchased", "zh", "报名了课程 → 吸引了他人 → 购买了它"),
    ],
)
def test_a_metapath_is_told_in_words(metapath: str, lang: str, told: str) -> None:
    assert spoken_path(SCHEMA, metapath, lang) == told


def test_phrases_of_a_schema_without_chinese_stand_apart(tmp_path: Path) -> None:
    (tmp_path / "schema.toml").write_text(
        'name = "tiny"\n[entity.User]\nsensitive = true\n[entity.Product]\ndomain = "shop"\n'
        '[relation.purchased]\nhead = "User"\ntail = "Product"\ninteraction = true\n'
    )
    told = spoken_path(read_schema(tmp_path / "schema.toml"), "purchased > union(Product)", "zh")
    assert told.startswith("purchased product → ")
