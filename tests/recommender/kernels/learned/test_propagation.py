"""Propagation: what three of five soaps have to do with, the other two may have to do with, and nothing else."""

from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.likely_attributes import likely_attributes
from recommender.kernels.kernel import KernelInputs
from recommender.kernels.learned.propagation import Propagation
from tests.graphs import SCHEMA, snapshot_of

SOAPS, MISTS = [f"s{n}" for n in range(5)], [f"m{n}" for n in range(10)]
WORK = [f"work{n}" for n in range(5)]


def _snapshot(folder: Path, having: list[str]) -> Snapshot:
    """Of five soaps and ten mists some contain roses; two of three courses on gardens teach them."""
    schema = {
        **SCHEMA,
        "entity": {**SCHEMA["entity"], "Brand": {}, "Field": {}},
        "relation": {
            **SCHEMA["relation"],
            "made_by": {"head": "Product", "tail": "Brand"},
            "in_field": {"head": "Course", "tail": "Field"},
        },
    }
    gardens = ["hedges", "petals", "roses"]
    triples = {
        "made_by": [*((one, "soaps") for one in SOAPS), *((one, "mists") for one in MISTS)],
        "contains": [(one, "Rosa") for one in having],
        "teaches": [("petals", "Rosa"), ("roses", "Rosa")],
        "in_field": [*((one, "garden") for one in gardens), *((one, "work") for one in WORK)],
        "enrolled": [("u", "work0")],
    }
    entities = {
        "User": ["u"],
        "Product": sorted([*SOAPS, *MISTS]),
        "Course": sorted([*gardens, *WORK]),
        "Ingredient": ["Rosa"],
        "Brand": ["mists", "soaps"],
        "Field": ["garden", "work"],
    }
    return snapshot_of(folder, entities, triples, schema)


def _likely(snapshot: Snapshot, step: str, other: str) -> dict[str, float]:
    kind = snapshot.schema.ends(step)[0]
    found = likely_attributes(snapshot, step, other).toarray()[:, 0]
    return {snapshot.vocabulary.id(kind, idx): found[idx] for idx in np.flatnonzero(found).tolist()}


def test_what_is_of_a_kind_leads_on_by_the_part_of_its_kind(tmp_path: Path) -> None:
    snapshot = _snapshot(tmp_path, [*SOAPS[:3], "m0"])
    assert _likely(snapshot, "contains", "Course") == pytest.approx({"s3": 3 / 10, "s4": 3 / 10})
    assert _likely(snapshot, "teaches", "Product") == pytest.approx({"hedges": 2 / 8})
    idx = {one: snapshot.vocabulary.idx("Product", one) for one in (*SOAPS, *MISTS)}
    hedges, petals, roses = (snapshot.vocabulary.idx("Course", one) for one in ("hedges", "petals", "roses"))
    kernel = Propagation(KernelInputs(snapshot, 20, {}), "Product", "Course")
    matrix = kernel.matrix().toarray()
    led = {one: np.flatnonzero(matrix[idx[one]]).tolist() for one in idx}
    for one in (*SOAPS[:3], "m0"):
        assert led[one] == [hedges], "the courses on roses are behind a path"
    for one in SOAPS[3:]:
        assert led[one] == sorted([hedges, petals, roses])
    assert not any(led[one] for one in MISTS[1:])
    assert matrix[idx["s3"], roses] == pytest.approx(0.3 * 2.25**-0.25)
    assert kernel.about(idx["s3"], roses) == ("Ingredient", 0)
    assert kernel.about(idx["m1"], roses) is None


@pytest.mark.parametrize("having", [["s0"], ["s0", "m0"], ["s0", *MISTS[:5]]])
def test_a_kind_that_does_not_find_again_what_is_known_tells_nothing(tmp_path: Path, having: list[str]) -> None:
    """One soap of five says as much of the others as it would of itself without its own link: nothing."""
    assert not _likely(_snapshot(tmp_path, having), "contains", "Course")


def test_where_most_of_those_named_would_not_have_it_nobody_is(tmp_path: Path) -> None:
    """Two of five soaps: each alone speaks for four, of which one has it indeed."""
    snapshot = _snapshot(tmp_path, SOAPS[:2])
    assert not _likely(snapshot, "contains", "Course")
