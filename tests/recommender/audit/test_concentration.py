"""Intervals of a Gini index: none where all use the same, and as wide as samples differ."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from recommender.audit.concentration import gini_interval
from recommender.evaluation.metrics import gini


def test_where_everybody_uses_the_same_nothing_varies() -> None:
    low, high = gini_interval(csr_array(np.tile([1.0, 1.0, 0.0, 0.0], (30, 1))), 0.0)
    assert (low, high) == (pytest.approx(0.5), pytest.approx(0.5))
    assert gini_interval(csr_array([[1.0, 0.0]]), 0.0) == (0.0, 1.0)  # one person says nothing of others


def test_intervals_hold_what_the_index_is_on_average() -> None:
    """A hundred samples of 150 people, each of whom uses three of 20 items, the first of which are likelier."""
    draws, likely = np.random.default_rng(0), np.arange(20, 0, -1) / np.arange(20, 0, -1).sum()
    samples = [
        np.array([np.isin(np.arange(20), draws.choice(20, 3, replace=False, p=likely)) for _ in range(150)], float)
        for _ in range(100)
    ]
    mean = float(np.mean([gini(one.sum(axis=0)) for one in samples]))
    intervals = [gini_interval(csr_array(one), 0.0) for one in samples]
    held = np.mean([low <= mean <= high for low, high in intervals])
    assert 0.88 <= held <= 0.99 and np.mean([high - low for low, high in intervals]) < 0.15
    low, high = gini_interval(csr_array(samples[0]), 0.05)
    assert low <= intervals[0][0] and intervals[0][1] <= high
