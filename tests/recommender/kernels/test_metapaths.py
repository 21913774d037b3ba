"""Metapaths are what can be walked in the schema, and no more."""

import pytest

from kg.schema import parse_schema
from recommender.kernels.metapaths import Metapath, enumerate_metapaths, matches
from tests.graphs import SCHEMA


def _paths(**metapaths: object) -> set[str]:
    return {str(path) for path in enumerate_metapaths(parse_schema({**SCHEMA, "metapaths": metapaths}))}


def test_all_metapaths_of_three_steps_are_found() -> None:
    assert _paths(max_length=3) == {
        "purchased > ~purchased > purchased",
        "purchased > ~purchased > enrolled",
        "purchased > contains > ~contains",
        "purchased > contains > ~teaches",
        "enrolled > ~enrolled > enrolled",
        "enrolled > ~enrolled > purchased",
        "enrolled > teaches > ~contains",
        "enrolled > teaches > ~teaches",
        "has_concern > ~has_concern > purchased",
        "has_concern > ~has_concern > enrolled",
    }


def test_excluded_patterns_are_left_out() -> None:
    kept = _paths(max_length=3, exclude=["has_concern > ~has_concern > *", "* > ~teaches"])
    assert kept == {
        "purchased > ~purchased > purchased",
        "purchased > ~purchased > enrolled",
        "purchased > contains > ~contains",
        "enrolled > ~enrolled > enrolled",
        "enrolled > ~enrolled > purchased",
        "enrolled > teaches > ~contains",
    }


def test_no_relation_is_used_more_than_twice_after_the_first_step() -> None:
    for path in enumerate_metapaths(parse_schema({**SCHEMA, "metapaths": {"max_length": 5}})):
        names = [step.removeprefix("~") for step in path.tail]
        assert max(names.count(name) for name in names) <= 2


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [("a > b > c", True), ("a > *", True), ("*", True), ("a > b", False), ("* > c", True), ("a > * > b > c", True)],
)
def test_patterns(pattern: str, fits: bool) -> None:
    assert matches(Metapath(("a", "b", "c")), pattern) is fits
