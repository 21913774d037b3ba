"""Default weights: what partners tell and what our own people did weigh together what pooled people would."""

from dataclasses import replace
from pathlib import Path

import pytest

from kg.snapshot.partner_sums import PartnerSums
from recommender.catalogue.interactions import own_part
from recommender.kernels.registry import scored_paths
from recommender.scoring.blend import default_blend
from tests.graphs import partner_sums, snapshot_of

PEOPLE, EACH = 30, 60
ENTITIES = {
    "User": [f"u{n}" for n in range(PEOPLE + 7)],  # seven of them used nothing
    "Product": ["p0", "p1"],
    "Ingredient": ["i0"],
}
TRIPLES = {"purchased": [(f"u{n}", f"p{n % 2}") for n in range(PEOPLE)], "contains": [("p0", "i0")]}
PAIRS = [("Product:p0", "Product:p1", 10), ("Ingredient:i0", "Product:p1", 10)]


def _weights(folder: Path, partners: list[PartnerSums]) -> tuple[float, dict[str, float]]:
    """Which part of all people are our own; the weights."""
    snapshot = snapshot_of(folder, ENTITIES, TRIPLES, partners=partners)
    own, paths = own_part(snapshot), scored_paths(snapshot)
    return own, default_blend(snapshot.schema, paths, embedding=False, own=own).metapaths


def test_people_weigh_by_how_many_they_are_and_what_rests_on_none_as_ever(tmp_path: Path) -> None:
    people, attribute = "purchased > ~purchased > purchased", "purchased > contains > ~contains"
    partner, further = "purchased > ⋈Product-Product", "purchased > ⋉Product-Product"
    regression = "purchased > ≊Product-Product"
    many = [replace(partner_sums(name, PAIRS), everybody=EACH) for name in ("A", "B")]
    own, weights = _weights(tmp_path / "many", many)
    assert own == pytest.approx(PEOPLE / (PEOPLE + 2 * EACH))
    assert weights[people] == pytest.approx(PEOPLE / (2 * EACH))
    assert weights[attribute] == weights[partner] == weights[regression] == 1.0
    assert weights[further] == 0.25  # a step longer
    few, weights = _weights(tmp_path / "few", [replace(partner_sums("A", PAIRS), everybody=10)])
    assert few == pytest.approx(PEOPLE / (PEOPLE + 10)) and weights[people] == weights[attribute] == 1.0
    assert weights[partner] == weights[regression] == pytest.approx(10 / PEOPLE)
    assert weights[further] == pytest.approx(10 / PEOPLE / 4)
    alone, weights = _weights(tmp_path / "alone", [])
    assert alone == weights[people] == weights[attribute] == 1.0 and partner not in weights and further not in weights
