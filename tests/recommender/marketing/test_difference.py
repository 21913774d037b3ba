"""Why a list changed: the causes sum to the change, whatever changed, and each change has its own cause."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.registry import scored_paths
from recommender.learning.model import Model
from recommender.marketing.difference import Then, list_difference
from recommender.results.document import ModelInfo
from recommender.rules.rule_set import Rules
from recommender.scoring.blend import Blend
from recommender.scoring.scorer import Scorer
from recommender.serving.recommender import Recommender, Request
from tests.graphs import Entities, Triples, snapshot_of

USERS, PRODUCTS, COURSES = [f"u{n}" for n in range(12)], [f"p{n}" for n in range(8)], ["c0", "c1", "c2"]
INGREDIENTS = ["OAT", "ACID", "WATER"]


def graph(folder: Path, seed: int, *, more: bool) -> Snapshot:
    """A random shop, or the same one later: with a product, some people and triples more, and some fewer."""
    rng = np.random.default_rng(seed)
    entities: Entities = {
        "User": USERS + ["new"] * more,
        "Product": PRODUCTS + ["later"] * more,
        "Course": COURSES,
        "Ingredient": INGREDIENTS,
        "Concern": ["dryness"],
    }

    def some(heads: list[str], tails: list[str], count: int) -> set[tuple[str, str]]:
        return {(str(rng.choice(heads)), str(rng.choice(tails))) for _ in range(count)}

    triples: dict[str, Any] = {
        "purchased": some(USERS, PRODUCTS, 30) | {("u0", "p0")},
        "enrolled": some(USERS, COURSES, 12),
        "contains": some(PRODUCTS, INGREDIENTS, 12) | {("p0", "OAT"), ("p1", "OAT")},
        "teaches": {("c0", "OAT"), ("c1", "ACID")},
        "has_concern": some(USERS, ["dryness"], 4),
    }
    if more:
        triples["purchased"] |= {("u0", "p1"), ("new", "p2"), *some(USERS, PRODUCTS, 6)}
        triples["purchased"] -= {("u1", one) for one in PRODUCTS[:4]}
        triples["contains"] |= {("later", "OAT")}
    every: Triples = {name: sorted(pairs) for name, pairs in triples.items()}
    return snapshot_of(folder, entities, every)


def recommender(snapshot: Snapshot, folder: Path, seed: int) -> Recommender:
    """A model with random weights."""
    rng = np.random.default_rng(seed)
    weights = {str(path): float(rng.random()) for path in scored_paths(snapshot)}
    blend = Blend(metapaths=weights, popularity=dict.fromkeys(snapshot.schema.domains, float(rng.random())))
    scorer = Scorer(snapshot, Kernels(snapshot, KernelConfig(), folder), blend, None)
    return Recommender(Model(scorer, ModelInfo(name="random", snapshot=snapshot.hash, trained=True)))


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**16))
def test_the_causes_sum_to_the_change_whatever_changed(seed: int) -> None:
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        old, new = (graph(folder / str(more), seed, more=more) for more in (False, True))
        before, now = recommender(old, folder / "a", seed), recommender(new, folder / "b", seed + 1)
        carried = recommender(new, folder / "c", seed)
        then = Then(before, carried, Rules(avoid=("contains:ACID",)), "then")
        for user in ("u0", "u1", "u5", "new"):
            found = list_difference(then, now, Request(user, n=30))
            for one in found.items:
                change = (one.score_after or 0.0) - (one.score_before or 0.0)
                assert sum(cause.share for cause in one.causes) == pytest.approx(change, abs=1e-9)
                kinds = {cause.kind for cause in one.causes}
                assert ("new_item" in kinds) <= (one.id == "later")
                assert one.score_before is not None or one.id == "later"


def test_each_change_has_its_own_cause(tmp_path: Path) -> None:
    old, new = (graph(tmp_path / str(more), 3, more=more) for more in (False, True))
    before, after = recommender(old, tmp_path / "a", 1), recommender(new, tmp_path / "b", 1)
    other = recommender(old, tmp_path / "d", 2)

    def kinds(then: Then, now: Recommender, **asked: Any) -> set[str]:
        found = list_difference(then, now, Request("u0", n=30, **asked))
        return {cause.kind for one in found.items for cause in one.causes}

    assert kinds(Then(before, before, Rules(), ""), before) == set()
    assert kinds(Then(other, other, Rules(), ""), before) == {"weights"}
    assert kinds(Then(before, before, Rules(), ""), before, rules=Rules(avoid=("contains:OAT",))) == {"rule"}
    assert {"event", "others"} <= kinds(Then(before, after, Rules(), ""), after)
    found = list_difference(Then(before, after, Rules(), ""), after, Request("u0", n=30))
    bought = [cause for one in found.items for cause in one.causes if cause.text == "the person bought p1"]
    assert bought and any(cause.share > 0 for cause in bought)
