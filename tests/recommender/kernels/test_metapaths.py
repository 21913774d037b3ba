"""Metapaths are what can be walked in the schema, and no more."""

from pathlib import Path

import pytest

import kg
from kg.schema import parse_schema, read_schema
from kg.snapshot.snapshot import Snapshot
from recommender.kernels.metapaths import Metapath, enumerate_metapaths, matches
from recommender.kernels.narrowing import Narrowing, narrowing_of
from recommender.kernels.path_kernels import KernelConfig
from recommender.learning.path_trial import worth_a_kernel
from recommender.splitting.validation import validation_split
from tests.graphs import SCHEMA, snapshot_of


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


def _with_most(snapshot: Snapshot, most: int) -> Snapshot:
    """The same graph under a schema that allows so many metapaths."""
    rules = snapshot.schema.metapaths.model_copy(update={"most": most})
    return Snapshot.open(snapshot.folder, snapshot.schema.model_copy(update={"metapaths": rules}))


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Ten relations from products to things, the n-th on 6 (n + 1) products, but for the fifth, to whose things buyers
    come back; of 101 metapaths 40 are allowed."""
    names = [f"r{number}" for number in range(10)]
    products, people = [f"p{number:03}" for number in range(120)], [f"u{number:03}" for number in range(120)]
    schema = {
        "name": "wide",
        "entity": {"User": {"sensitive": True}, "Product": {"domain": "shop"}, "Thing": {}},
        "relation": {
            "bought": {"head": "User", "tail": "Product", "interaction": True},
            **{name: {"head": "Product", "tail": "Thing"} for name in names},
        },
        "metapaths": {"most": 40},
    }
    triples = {name: [(p, f"t{int(p[1:]) % 7}") for p in products[: 6 * (n + 1)]] for n, name in enumerate(names)}
    triples["r5"] = [(p, f"t{int(p[1:]) // 6}") for p in products]
    triples["bought"] = [(u, products[6 * (n % 20) + one]) for n, u in enumerate(people) for one in range(4)]
    things = [f"t{number}" for number in range(20)]
    return snapshot_of(
        tmp_path_factory.mktemp("wide"), {"User": people, "Product": products, "Thing": things}, triples, schema
    )


def test_a_wide_schema_is_narrowed_by_as_few_and_as_small_relations_as_possible(wide: Snapshot) -> None:
    found = narrowing_of(wide)
    paths = found.enumerate(wide.schema)
    assert found.alone == ("r0", "r1", "r2", "r3", "r4") and not found.left_out
    assert len(paths) == 1 + 25 + 5  # through people, five relations combined, five there and back
    assert {str(one) for one in paths if "r0" in str(one)} == {"bought > r0 > ~r0"}
    tight = narrowing_of(_with_most(wide, 4))
    assert (len(tight.left_out), len(tight.alone)) == (7, 3)
    assert "r5" in tight.alone
    assert narrowing_of(_with_most(wide, 101)) == Narrowing()


def test_of_many_metapaths_those_that_find_held_out_items_get_a_kernel(wide: Snapshot) -> None:
    paths = Narrowing().enumerate(wide.schema)
    kept = worth_a_kernel(validation_split(wide, 0), paths, KernelConfig())
    assert kept is not None and len(kept) == 60
    assert {"bought > r5 > ~r5", "bought > ~bought > bought"} <= set(kept)
    assert worth_a_kernel(validation_split(wide, 0), paths[:100], KernelConfig()) is None


def test_followers_of_a_brand_are_led_to_courses_and_to_its_own_products_alone() -> None:
    schema = read_schema(Path(kg.__file__).parent / "example" / "schema.toml")
    found = {str(path) for path in enumerate_metapaths(schema) if path.steps[:2] == ("follows", "~made_by")}
    assert found == {
        "follows > ~made_by",
        "follows > ~made_by > contains > ~teaches_ingredient",
        "follows > ~made_by > treats > ~addresses",
    }
