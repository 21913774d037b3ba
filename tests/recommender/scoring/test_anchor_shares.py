"""What anchors give several items over several kernels is what they give each of them over each, bit for bit."""

import numpy as np
import pytest
from scipy.sparse import csr_array, random_array

from recommender.profiles.profile import Anchors
from recommender.scoring.anchor_shares import AnchorShares, ItemShares


@pytest.mark.parametrize("seed", range(10))
def test_shares_of_all_items_are_those_of_one_at_a_time(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kernels = [csr_array(random_array((8, 12), density=density, rng=rng)) for density in (0.4, 0.0, 0.7)]
    for one in kernels:
        one.data[rng.random(one.nnz) < 0.2] = 0.0
        one.sort_indices()
    anchors = [Anchors(np.array(idx, dtype=np.int32), rng.random(len(idx))) for idx in ([1, 3, 4], [0, 2], [3, 7])]
    parts = [AnchorShares(kernel, some) for kernel, some in zip(kernels, anchors, strict=True)]
    wanted = np.isin(np.arange(12), [0, 4, 5, 11])
    found = ItemShares.of(parts, wanted)
    told = sorted(zip(found.part, found.item, found.anchor, found.share, strict=True))
    dense = [kernel.toarray() for kernel in kernels]
    expected = [
        (part, item, idx, weight * dense[part][idx, item])
        for part, some in enumerate(anchors)
        for item in (0, 4, 5, 11)
        for idx, weight in zip(some.idx, some.weight, strict=True)
        if dense[part][idx, item]
    ]
    assert told == expected and expected
    for part, shares in enumerate(parts):
        for item in (0, 5):
            of_one = shares.of(item)
            own = (found.part == part) & (found.item == item)
            kept = of_one.weight != 0
            assert of_one.idx[kept].tolist() == found.anchor[own].tolist()
            assert of_one.weight[kept].tolist() == found.share[own].tolist()
            assert shares.sum(item) == pytest.approx(sum(found.share[own]))
