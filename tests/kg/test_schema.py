"""Schema files: what is allowed, and messages that name the place and the nearest known word."""

from pathlib import Path
from typing import Any

import pytest

from kg.errors import KGError, SchemaError
from kg.schema import parse_schema, read_schema
from tests.graphs import SCHEMA


def _changed(**tables: Any) -> dict[str, Any]:
    return {**SCHEMA, **tables}


def test_items_users_and_interactions_follow_from_the_file() -> None:
    schema = parse_schema(SCHEMA)
    assert schema.item_types == ("Product", "Course")
    assert schema.domains == ("cosmetics", "courses")
    assert schema.user_types == ("User",)
    assert schema.interactions == ("purchased", "enrolled")
    assert schema.ends("~contains") == ("Ingredient", "Product")


def test_phrases_fall_back_to_english_then_to_the_name() -> None:
    relation = {"head": "User", "tail": "Product", "phrase": {"en": "looked at"}}
    schema = parse_schema(_changed(relation={"viewed": relation, "seen_by": {"head": "Product", "tail": "User"}}))
    assert schema.phrase("viewed", "zh") == "looked at"
    assert schema.phrase("seen_by") == "seen by"


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"entity": {"User": {"domian": "x"}}}, "entity.User.domian: unknown key; nearest: 'domain'"),
        ({"relations": {}}, "relations: unknown key; nearest: 'relation'"),
        ({"entity": {"a b": {}}}, "entity type 'a b'"),
        ({"entity": {"Us`er": {}}}, "entity type 'Us`er'"),
        ({"relation": {"r": {"head": "User", "tail": "Produkt"}}}, "unknown entity type 'Produkt'; nearest: 'Product'"),
        ({"relation": {"r": {"head": "User"}}}, "relation.r.tail: this key is required"),
        ({"relation": {"r": {"head": "User", "tail": "Concern", "interaction": True}}}, "has no domain"),
        ({"entity": {"User": {"properties": {"id": "str"}}}}, "property 'id' is reserved"),
        ({"entity": {"User": {"properties": {"age": "number"}}}}, "entity.User.properties.age"),
        ({"entity": {"User": {}, "USER": {}}}, "only by case"),
        ({"entity": {"User\n": {}}}, "a name is a letter"),
        ({"entity": {"User": {"properties": {"Label": "str"}}}}, "property 'Label' is reserved"),
        ({"entity": {"User": {"properties": {"age": "int", "Age": "int"}}}}, "only by case"),
        ({"relation": {"user": {"head": "User", "tail": "Product"}}}, "an entity type has the same name"),
        ({"metapaths": {"max_length": 9}}, "metapaths.max_length"),
        ({"entity": {"P": {"domain": "x", "text": ["lable"]}}}, "'lable' is no property of type str; nearest: 'label'"),
        ({"entity": {"P": {"domain": "x", "properties": {"n": "int"}, "text": ["n"]}}}, "'n' is no property of type"),
        ({"entity": {"P": {"text": ["label"]}}}, "entity.P: text: only items are compared by their texts"),
    ],
)
def test_mistakes_are_named(tables: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        parse_schema(_changed(**tables), "schema.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("schema.toml: ")
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, KGError)


@pytest.mark.parametrize(("content", "message"), [(b"name = ", "not valid TOML"), (b"\xff\xfe", "UTF-8")])
def test_files_that_are_no_toml_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "schema.toml"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=message):
        read_schema(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"schema\.toml: no such file"):
        read_schema(tmp_path / "schema.toml")
