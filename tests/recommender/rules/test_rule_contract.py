"""What holds for every rule: one suite for all that are registered."""

from itertools import chain
from typing import Any

import numpy as np
import pytest

from recommender.profiles.profile import Profile, profile_of
from recommender.rules.rule import Rule
from recommender.rules.rule_set import RULES, Rules, RuleSet
from tests.recommender.rules.worlds import COUNTS, World

ASKED: dict[str, Any] = {
    "domain": "cosmetics",
    "avoid": ("contains:Ingredient/1/", "Brand:Brand/0/"),
    "max_price": 3.0,
    "min_price": 2.0,
    "in_stock": True,
    "language": ("en",),
    "only": ("contains:Ingredient/0/", "contains:Ingredient/2/"),
}
"""Something for each rule to remove; what is missing here has a default under which it removes."""
each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)


def _people(world: World) -> list[Profile]:
    return [profile_of(world.recommender.snapshot, "User", idx) for idx in range(COUNTS["User"])]


def _ready(world: World, asked: Rules) -> RuleSet:
    return RuleSet(world.recommender.snapshot, world.recommender.catalogue, asked)


def _one(rules: RuleSet, rule: type[Rule]) -> Rule:
    return next(one for one in rules.rules if isinstance(one, rule))


def test_what_is_asked_of_rules_is_read_by_the_suite() -> None:
    soft = {"boost", "bury", "pin", "quota"}
    assert set(Rules.model_fields) - set(ASKED) == {"unknown", "age", "mix", "rates", "fill"} | soft
    names = list(chain.from_iterable(rule.names for rule in RULES))
    assert len(names) == len(set(names))


@each_rule
def test_it_removes_items_of_the_catalogue_each_once_under_its_own_names(worlds: list[World], rule: type[Rule]) -> None:
    removed = 0
    for world in worlds:
        rules = _ready(world, Rules(**ASKED))
        one = _one(rules, rule)
        for removal in chain(one.removed(), *(one.removed_for(person) for person in _people(world))):
            assert one.owns(removal.name) and rules.rule(removal.name) is one
            assert len(np.unique(removal.items)) == len(removal.items)
            assert not len(removal.items) or 0 <= removal.items.min() <= removal.items.max() < rules.catalogue.size
            removed += len(removal.items)
    assert removed


@each_rule
def test_what_it_removes_for_many_is_what_it_removes_for_each(worlds: list[World], rule: type[Rule]) -> None:
    for world in worlds:
        one, people = _one(_ready(world, Rules(**ASKED)), rule), _people(world)
        alone = [{int(i) for removal in one.removed_for(person) for i in removal.items} for person in people]
        assert one.personal or not any(alone)
        together = one.rows_removed("User", np.arange(len(people)))
        if together is not None:
            pairs = {(int(r), int(i)) for rows, items in together for r, i in zip(rows, items, strict=True)}
            assert pairs == {(row, item) for row, items in enumerate(alone) for item in items}


@each_rule
def test_once_lifted_it_removes_nothing_under_that_name(worlds: list[World], rule: type[Rule]) -> None:
    """Or the anchors behind it say what else would have to go, or it always holds."""
    for world in worlds:
        rules = _ready(world, Rules(**ASKED))
        one = _one(rules, rule)
        for person in _people(world):
            for removal in (*one.removed(), *one.removed_for(person)):
                if (rest := rules.lifted(removal.name)) is not None:
                    names = {left.name for left in _ready(world, rest).candidates(person).removals}
                    assert removal.name not in names
                for position in removal.items.tolist():
                    assert all(
                        (person.anchors[step].idx == idx).any()
                        for step, idx in one.behind(removal.name, person, position)
                    )
                about = one.about(removal.name)
                assert about is None or world.recommender.snapshot.vocabulary.id(*about) in removal.name
