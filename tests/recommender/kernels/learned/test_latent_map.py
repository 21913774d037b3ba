"""The latent map carries a taste from one domain to the other by the people of both, and is nothing without them."""

from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from recommender.kernels.learned.latent_map import RIDGE, Taste, latent_map, taste
from tests.graphs import snapshot_of


def _triples(shared: int) -> dict[str, list[tuple[str, str]]]:
    """Two tastes, A and B, of ten people each; the first ``shared`` of each also took courses of their taste."""
    purchased, enrolled = [], []
    for group in "AB":
        for number in range(10):
            user = f"{group}{number}"
            purchased += [(user, f"p{group}{item}") for item in range(4) if item != number % 4]
            enrolled += [(user, f"c{group}{item}") for item in range(3) if item != number % 3 and number < shared]
    return {"purchased": purchased, "enrolled": enrolled}


def _entities() -> dict[str, list[str]]:
    both = [(group, number) for group in "AB" for number in range(10)]
    return {
        "User": [f"{group}{number}" for group, number in both],
        "Product": [f"p{group}{number}" for group, number in both if number < 4],
        "Course": [f"c{group}{number}" for group, number in both if number < 3],
    }


def test_taste_crosses_and_the_other_taste_does_not(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, _entities(), _triples(shared=6))
    kernel = latent_map(taste(snapshot, "Product"), taste(snapshot, "Course"), 10).toarray()
    own, other = kernel[:4, :3], kernel[:4, 3:]
    assert 0 <= other.max() < own.min() and (own.sum(axis=1) > 10 * other.sum(axis=1)).all()


def test_nobody_in_both_domains_teaches_nothing(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, _entities(), _triples(shared=0))
    kernel = latent_map(taste(snapshot, "Product"), taste(snapshot, "Course"), 10)
    assert kernel.shape == (8, 6) and kernel.nnz == 0


def test_top_is_kept_per_row(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, _entities(), _triples(shared=6))
    kernel = latent_map(taste(snapshot, "Product"), taste(snapshot, "Course"), 2)
    assert set(kernel.indptr[1:] - kernel.indptr[:-1]) == {2}


def test_within_a_domain_no_item_leads_to_itself(tmp_path: Path) -> None:
    products = taste(snapshot_of(tmp_path, _entities(), _triples(shared=0)), "Product")
    kernel = latent_map(products, products, 10).toarray()
    own, other = kernel[:4, :4], kernel[:4, 4:]
    assert not kernel.diagonal().any()
    assert (own.sum(axis=1) > 3 * other.sum(axis=1)).all()


def test_the_map_by_hand() -> None:
    """Two people of opposite tastes used one item each, factors 3 and −1, and have the tastes 3 and 0 in the target,
    whose items have the factors 5 and −1: F = (3, −1), so σ² = (9 + 1) / 2 = 5, the mean of squares, neither their sum
    10 nor the square 1 of the mean; M = 3 · 3 / (9 + 1 + 5 λ) and K = max(0, v M w)."""
    source = Taste(csr_array(np.eye(2)), np.array([[7.0], [7.0]]), np.array([[3.0], [-1.0]]))
    target = Taste(csr_array(np.array([[1.0, 0.0]] * 2)), np.array([[3.0], [0.0]]), np.array([[5.0], [-1.0]]))
    expected = np.array([[3 * 5, 0], [0, 1]]) * 9 / (10 + 5 * RIDGE)
    np.testing.assert_allclose(latent_map(source, target, 10).toarray(), expected)
