"""Propagation: what three of five soaps have to do with, the other two may have to do with, and nothing else."""

from pathlib import Path

import numpy as np
import pytest

from recommender.catalogue.likely_attributes import LIKELY, SURE, likely_attributes
from recommender.kernels.kernel import KernelInputs
from recommender.kernels.learned.propagation import Propagation
from tests.graphs import SCHEMA, snapshot_of

BRAND = {"head": "Product", "tail": "Brand"}
SCENT = {"head": "Course", "tail": "Field"}


def test_what_is_of_a_kind_leads_on_by_the_part_of_its_kind(tmp_path: Path) -> None:
    """Of five soaps three contain roses, of ten mists one does; one of two courses on gardens teaches them."""
    schema = {
        **SCHEMA,
        "entity": {**SCHEMA["entity"], "Brand": {}, "Field": {}},
        "relation": {**SCHEMA["relation"], "made_by": BRAND, "in_field": SCENT},
    }
    soaps, mists = [f"s{n}" for n in range(5)], [f"m{n}" for n in range(10)]
    triples = {
        "made_by": [*((one, "soaps") for one in soaps), *((one, "mists") for one in mists)],
        "contains": [*((one, "Rosa") for one in soaps[:3]), ("m0", "Rosa")],
        "teaches": [("roses", "Rosa")],
        "in_field": [("roses", "garden"), ("hedges", "garden"), *((one, "work") for one in ("code", "data", "math"))],
        "enrolled": [("u", "code")],
    }
    entities = {
        "User": ["u"],
        "Product": sorted([*soaps, *mists]),
        "Course": ["code", "data", "hedges", "math", "roses"],
        "Ingredient": ["Rosa"],
        "Brand": ["mists", "soaps"],
        "Field": ["garden", "work"],
    }
    snapshot = snapshot_of(tmp_path, entities, triples, schema)
    idx = {one: snapshot.vocabulary.idx("Product", one) for one in (*soaps, *mists)}
    sure = likely_attributes(snapshot, "contains", "Course", SURE).toarray()[:, 0]
    assert {one: sure[idx[one]] for one in idx if sure[idx[one]]} == pytest.approx({"s3": 3 / 10, "s4": 3 / 10})
    likely = likely_attributes(snapshot, "teaches", "Product", LIKELY).toarray()[:, 0]
    assert likely.tolist() == pytest.approx([0, 0, 1 / 7, 0, 0])
    kernel = Propagation(KernelInputs(snapshot, 20, {}), "Product", "Course").matrix().toarray()
    hedges, roses = (snapshot.vocabulary.idx("Course", one) for one in ("hedges", "roses"))
    led = kernel > 0
    assert led[idx["s0"]].tolist() == [False, False, True, False, False], "the rose course is behind a path"
    assert led[idx["s3"], roses] and led[idx["s3"], hedges] and not led[[idx[one] for one in mists[1:]]].any()
    assert kernel[idx["s3"], roses] == pytest.approx(0.3 * (1 + 1 / 7) ** -0.25)
    assert np.count_nonzero(kernel) == 4 + 2 * 2
