"""Partner association: one regression over our own people and the sums of partners."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kg.snapshot.partner_sums import PartnerSums
from kg.snapshot.snapshot import Snapshot
from recommender.catalogue.catalogue import Catalogue
from recommender.kernels.learned.association import AssociationConfig
from recommender.kernels.learned.partner_association import ATTRIBUTES, PartnerAssociation, partner_features
from recommender.kernels.path_kernels import KernelConfig, Kernels
from recommender.kernels.trained_graph import TrainedGraph
from tests.graphs import partner_sums, snapshot_of

ENTITIES = {"User": [f"u{n}" for n in range(3)], "Product": ["p1", "p2", "p3"], "Course": ["c1"]}
USED = [("u0", "p1"), ("u0", "p2"), ("u1", "p1"), ("u2", "p2")]
PAIRS = [("Product:p1", "Product:p2", 20), ("Product:p1", "Product:p3", 10), ("Product:p2", "Course:c1", 30)]
STEP = ("≊Product-Product",)


def _shop(folder: Path, partners: list[PartnerSums], **more: list[tuple[str, str]]) -> Snapshot:
    entities = {**ENTITIES, "Ingredient": ["i0"]}
    return snapshot_of(folder, entities, {"purchased": USED, **more}, partners=partners)


def test_sums_of_partners_are_added_to_the_gram_matrix(tmp_path: Path) -> None:
    """C between items, on the diagonal what the pairs of each add up to, or n where that is more: twice the most here.
    Our own people as in the association: two of each of two items, one of them of both."""
    snapshot = _shop(tmp_path, [partner_sums("A", PAIRS)])
    catalogue = Catalogue(snapshot)
    theirs = partner_features(snapshot, catalogue)
    names = [snapshot.vocabulary.id(*catalogue.item(one)) for one in range(catalogue.size)]
    order = [names.index(one) for one in ("p1", "p2", "p3", "c1")]
    gram = (theirs @ theirs.T).toarray()[np.ix_(order, order)]
    np.testing.assert_allclose(gram, [[40, 20, 10, 0], [20, 60, 0, 30], [10, 0, 20, 0], [0, 30, 0, 60]], atol=1e-12)
    scale = 4 / (2 * (0.5**0.5 + 1))
    gram[:2, :2] += scale * np.array([[0.5**0.5 + 1, 0.5**0.5], [0.5**0.5, 0.5**0.5 + 1]])
    found = Kernels(snapshot, KernelConfig(), tmp_path / "kernels").of(STEP).matrix().toarray()
    near = [0, 3]  # of p2; of p3 p1 alone
    of_second = np.linalg.solve(gram[np.ix_(near, near)] + 100 * np.eye(2), gram[near, 1])
    assert found[0, 1] == pytest.approx(of_second[0], rel=1e-9)
    assert found[0, 2] == pytest.approx(10 / (gram[0, 0] + 100), rel=1e-9) and found[1, 2] == 0


def test_what_few_people_did_leaves_it_positive_definite(tmp_path: Path) -> None:
    """Sums of k people are no Gram matrix: many pairs of one item, and of the others nothing."""
    pairs = [("Product:p1", f"Product:q{n}", 50) for n in range(60)]
    entities = {**ENTITIES, "Product": ["p1", "p2", *(f"q{n}" for n in range(60))]}
    lone = replace(partner_sums("A", pairs), used=np.full(61, 50))
    snapshot = snapshot_of(tmp_path, entities, {"purchased": USED}, partners=[lone])
    raw = snapshot.shared_at_partners("Product", "Product").toarray() + np.diag(snapshot.used_at_partners("Product"))
    assert np.linalg.eigvalsh(raw).min() < -100, "more than the ridge: this case tells nothing"
    config = KernelConfig(association=AssociationConfig(ridge=1.0))
    found = Kernels(snapshot, config, tmp_path / "kernels").of(STEP).matrix()
    assert np.isfinite(found.data).all() and found.nnz


def test_attributes_count_more_until_it_is_learned_what_they_count(tmp_path: Path) -> None:
    snapshot = _shop(tmp_path, [partner_sums("A", PAIRS)], contains=[("p1", "i0"), ("p2", "i0")])
    learned = KernelConfig(association=AssociationConfig(ridge=30.0, weights={"contains": 2.0}))
    kernels = [Kernels(snapshot, one, tmp_path / "kernels").of(STEP) for one in (KernelConfig(), learned)]
    configs = [one._config for one in kernels if isinstance(one, PartnerAssociation)]
    assert configs[0].weights["contains"] == ATTRIBUTES and configs[1] == learned.association


def test_a_partner_who_is_gone_counts_no_longer_in_what_was_learned(tmp_path: Path) -> None:
    """Nothing of the regression is kept with a model: after the training one of two partners is removed."""
    both = [partner_sums("A", PAIRS), partner_sums("B", [("Product:p1", "Product:p2", 500)])]
    then, now = (_shop(tmp_path / name, some) for name, some in (("then", both), ("now", both[:1])))
    kernels = Kernels(then, KernelConfig(), tmp_path / "kernels")
    kernels.build([STEP])
    config = kernels.frozen(tmp_path / "graph")
    graph = TrainedGraph(tmp_path / "graph", then.hash, then.vocabulary)
    since = Kernels(now, config, tmp_path / "kernels", graph).of(STEP).matrix().toarray()
    alone = Kernels(now, KernelConfig(), tmp_path / "kernels").of(STEP).matrix().toarray()
    assert kernels.of(STEP).matrix().toarray()[0, 1] > 1.5 * alone[0, 1]
    assert since == pytest.approx(alone)
