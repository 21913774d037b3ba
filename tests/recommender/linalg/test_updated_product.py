"""A product that is brought up to date after any change has the bits of the one that is made anew."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recommender.linalg import pruned_product
from recommender.linalg import updated_product as module
from recommender.linalg.moved_rows import changed_entries, changed_rows, moved
from recommender.linalg.pruned_product import Factor, kernel_product
from recommender.linalg.updated_product import Earlier, updated_product

Shapes = list[tuple[int, ...]]
PRODUCTS: list[tuple[Shapes, bool]] = [
    ([(20, 12, 20)], True),
    ([(20, 12), (12, 15)], False),
    ([(20, 12, 20), (20, 9)], False),
    ([(20, 12), (12, 7, 12)], False),
    ([(20, 15)], False),
]


def _factors(shapes: Shapes, cells: dict[int, NDArray[np.float64]]) -> list[Factor]:
    """Matrices with the values of the cells; the columns of some are damped, those of a hub fill a row."""
    found, number = list[Factor](), 0
    for shape in shapes:
        matrices = []
        for size in pairwise(shape):
            matrices.append(csr_array(cells[number].reshape(-1)[: size[0] * size[1]].reshape(size)))
            number += 1
        found.append(tuple(matrices))
    return found


@pytest.mark.parametrize(("shapes", "closed"), PRODUCTS)
@given(seed=st.integers(0, 10**6), changes=st.integers(0, 12), top=st.integers(1, 12), few=st.booleans())
def test_it_is_the_product_made_anew(
    shapes: Shapes, closed: bool, seed: int, changes: int, top: int, few: bool
) -> None:
    """Cells appear, go and change, one by one or a whole column; values are few, so that many are equal."""
    random = np.random.default_rng(seed)
    values = np.array([0.25, 0.5, 1.0]) if few else random.random(50)
    cells = {n: np.where(random.random(400) < 0.25, random.choice(values, 400), 0.0) for n in range(3)}
    for one in cells.values():
        one[:15] = random.choice(values, 15)
    then = _factors(shapes, cells)
    cells = {n: one.copy() for n, one in cells.items()}
    for _ in range(changes):
        cells[int(random.integers(3))][random.integers(400)] = random.choice([0.0, *values])
    now = _factors(shapes, cells)
    if random.random() < 0.5:  # an item is damped more
        last = now[-1][-1].toarray()
        last[:, random.integers(last.shape[1])] *= 0.9
        now[-1] = (*now[-1][:-1], csr_array(last))
    scale = 0.7
    kernel = csr_array(kernel_product(then, top, closed=closed) * scale)
    earlier = Earlier(then, kernel, np.zeros(20, dtype=bool), scale)
    found = updated_product(now, top, earlier, closed=closed)
    anew = csr_array(kernel_product(now, top, closed=closed) * scale)
    for part in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(found, part), getattr(anew, part))


def test_only_what_is_touched_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 items, each bought by two people who bought two items; one of all has a hub. One more purchase of one item
    touches what its buyers bought, and the column of the item."""
    rows, people = np.repeat(np.arange(200), 2), np.stack([np.arange(200), np.arange(200) // 2 + 200], 1).ravel()
    links = csr_array((np.linspace(1, 2, 400), (rows, people)), shape=(200, 301))
    hub = csr_array((np.full(200, 0.1), (np.arange(200), np.full(200, 300))), shape=(200, 301))
    then = [(csr_array(links + hub), csr_array((links + hub).T))]
    damped = np.ones(200)
    damped[7] = 0.99
    now = [(then[0][0], csr_array(then[0][1] * damped[None]))]
    asked = list[int]()
    whole = pruned_product.Product.rows

    def counted(product: pruned_product.Product, some: NDArray[np.integer]) -> csr_array:
        if product.columns is None:
            asked.append(len(some))
        return whole(product, some)

    earlier = Earlier(then, kernel_product(then, 5, closed=True), np.zeros(200, dtype=bool))
    anew = kernel_product(now, 5, closed=True)
    monkeypatch.setattr(pruned_product.Product, "rows", counted)
    found = updated_product(now, 5, earlier, closed=True)
    np.testing.assert_array_equal(found.toarray(), anew.toarray())
    assert sum(asked) < 60


def test_a_domain_without_items_has_no_rows() -> None:
    """Columns change all the same: somebody went who had bought elsewhere."""
    then = [(csr_array((0, 3)), csr_array(np.eye(3)))]
    now = [(csr_array((0, 3)), csr_array(np.diag([1.0, 0.5, 1.0])))]
    earlier = Earlier(then, csr_array((0, 3)), np.zeros(0, dtype=bool))
    assert updated_product(now, 5, earlier, closed=False).shape == (0, 3)


def test_entities_move_and_go() -> None:
    """Of three rows the second is gone, a new one comes first; of two columns the first goes behind a new one."""
    matrix = csr_array([[1.0, 2.0], [3.0, 4.0], [0.0, 5.0]])
    found = moved(matrix, np.array([1, -1, 2]), np.array([-1, 1]), (3, 2))
    np.testing.assert_array_equal(found.toarray(), [[0, 0], [0, 2], [0, 5]])
    assert changed_rows(csr_array([[1.0, 0], [2, 0]]), csr_array([[1.0, 0], [0, 2]])).tolist() == [False, True]
    rows, columns = changed_entries(csr_array([[1.0, 3.0], [2, 0]]), csr_array([[1.0, 4.0], [0, 2]]))
    assert sorted(zip(rows.tolist(), columns.tolist(), strict=True)) == [(0, 1), (1, 0), (1, 1)]
    assert module.MOST < 1


@given(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), max_size=9), st.data())
def test_rows_that_differ_are_found(rows: list[list[int]], data: st.DataObject) -> None:
    then = np.array(rows, dtype=float).reshape(-1, 4)
    cells = st.tuples(st.integers(0, max(len(then) - 1, 0)), st.integers(0, 3), st.integers(0, 2))
    now = then.copy()
    for row, column, value in data.draw(st.lists(cells, max_size=4)) if len(then) else ():
        now[row, column] = value
    np.testing.assert_array_equal(changed_rows(csr_array(now), csr_array(then)), (now != then).any(axis=1))
