"""Concentration: the interval of a Gini index over people, by a jackknife that leaves one part of them out at a time.

Percentiles of a bootstrap would be too high: who is drawn twice makes what people use more unequal than it is. The
delete-a-group jackknife (Kott, 2001), known for Gini indices (Yitzhaki, 1991), has no such bias.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from kg.k_anonymity import told_interval
from recommender.evaluation.metrics import gini
from recommender.evaluation.significance import NORMAL

PARTS = 100
"""Parts of the people that are left out, one at a time; single people where there are fewer."""


def gini_interval(uses: csr_array, step: float, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the Gini index of items, within [0, 1], as it may be told; 0 to 1 for a single person.

    :param uses: how often each person uses, or sees, each item: shape (people, items).
    :param step: in which the index is told.
    """
    people = uses.shape[0]
    parts = min(PARTS, people)
    if parts < 2:
        return 0.0, 1.0
    part = np.random.default_rng(seed).permutation(people) % parts
    members = csr_array((np.ones(people), (part, np.arange(people))), shape=(parts, people))
    left_out: NDArray[np.float64] = csr_array(members @ uses).toarray()
    whole = left_out.sum(axis=0)
    without = np.array([gini(whole - one) for one in left_out])
    half = NORMAL * float(np.sqrt((parts - 1) / parts * ((without - without.mean()) ** 2).sum()))
    middle = gini(whole)
    return told_interval(max(middle - half, 0.0), min(middle + half, 1.0), step)
