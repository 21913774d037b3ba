"""Blocks of rows done elsewhere: what travels can be pickled, and the bits are those of one machine."""

import pickle  # as engines send tasks; nothing is read from disk
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from kg.errors import UsageError
from recommender.linalg import local_ridge, pruned_product
from recommender.linalg.forked_workers import elsewhere
from recommender.linalg.local_ridge import nearness, regressions
from recommender.linalg.pruned_product import kernel_product
from whyrec.spark.blocks import working_on


def test_products_and_regressions_made_elsewhere_are_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruned_product, "ROWS", 7)
    monkeypatch.setattr(local_ridge, "ITEMS", 5)
    generator, sent = np.random.default_rng(0), list[int]()
    features = csr_array(random_array((40, 30), density=0.2, rng=generator))

    def deal(work: Callable[[Any], Any], tasks: list[Any]) -> Iterator[Any]:
        """As an engine does: the work once, each task by itself, the last first."""
        sent.append(len(tasks))
        there = pickle.loads(pickle.dumps(work))  # noqa: S301
        yield from [pickle.loads(pickle.dumps(there(one))) for one in reversed(tasks)][::-1]  # noqa: S301

    def made() -> list[csr_array]:
        near = kernel_product(nearness(features, slice(0, 40)), 6, closed=True)
        return [near, regressions(features, near, 2.0, np.arange(40))]

    expected = made()
    with elsewhere(deal):
        found = made()
    made()  # and no more afterwards
    assert sent == [6, 8]
    for one, other in zip(found, expected, strict=True):
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part))


def test_only_engines_that_are_known_are_asked() -> None:
    with pytest.raises(UsageError, match="`engine` 'ray': expected local or spark"):
        working_on("ray", None)
    with pytest.raises(UsageError, match="`master` goes with `engine=spark`"):
        working_on("local", "spark://host:7077")
