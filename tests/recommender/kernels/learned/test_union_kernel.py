"""The union kernel sums evidence before it damps it: a number worked out by hand, and taste that shows."""

from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array

from kg.snapshot.snapshot import Snapshot
from recommender.kernels.kernel import KernelInputs
from recommender.kernels.learned import union
from recommender.kernels.learned.union import Union
from recommender.texts.languages import language
from tests.graphs import SCHEMA, snapshot_of
from tests.recommender.serving.test_recommend import TASTES


def _union(snapshot: Snapshot, anchor_type: str, item_type: str) -> csr_array:
    return Union(KernelInputs(snapshot, 10, {}), anchor_type, item_type).matrix()


def test_an_entry_by_hand(tmp_path: Path) -> None:
    """p1 and p2 share one buyer of two purchases and an ingredient of both: 4 · 2^-½ + 3 · 2^-½ before damping by
    d(p1) = d(p2) = 4 + 3."""
    triples = {"purchased": [("u1", "p1"), ("u1", "p2")], "contains": [("p1", "i1"), ("p2", "i1")]}
    entities = {"User": ["u1"], "Product": ["p1", "p2"], "Ingredient": ["i1"]}
    kernel = _union(snapshot_of(tmp_path, entities, triples), "Product", "Product").toarray()
    np.testing.assert_allclose(kernel, [[0, 7 * 2**-0.5 * 7**-0.7], [7 * 2**-0.5 * 7**-0.7, 0]])


def test_it_crosses_domains_by_shared_attributes(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, *TASTES)
    kernel = _union(snapshot, "Product", "Course")
    rose = kernel.toarray()[snapshot.vocabulary.idx("Product", "A1")]
    assert rose[snapshot.vocabulary.idx("Course", "cA")] > rose[snapshot.vocabulary.idx("Course", "cB")] > 0


def test_it_is_empty_where_nothing_is_shared_or_everything_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A book and a product of one shop that no relation ends in both of; a graph that would take hours."""
    schema = {**SCHEMA, "entity": {**SCHEMA["entity"], "Book": {"domain": "books"}}}
    triples = {"purchased": [("u1", "p1"), ("u1", "p2")]}
    snapshot = snapshot_of(tmp_path, {"User": ["u1"], "Product": ["p1", "p2"], "Book": ["b"]}, triples, schema)
    apart = _union(snapshot, "Product", "Book")
    assert apart.shape == (2, 1) and apart.nnz == 0
    assert _union(snapshot, "Product", "Product").nnz == 2
    monkeypatch.setattr(union, "MOST_WORK", 3)
    inputs = KernelInputs(snapshot, 10, {})
    assert Union(inputs, "Product", "Product").matrix().nnz == 0, "one person and two products are four products"
    told = [language("en").notice(one) for one in inputs.left_out]
    assert [text.split(";")[0] for text in told] == [
        "union of all relations between Product and Product: left empty, since it takes 4.0e+00 multiplications and "
        "more than 3e+00 take hours"
    ]
