"""A snapshot with more triples of one relation: what would be if somebody added them; nothing is written."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from kg.instant import NO_TIME
from kg.snapshot.snapshot import Snapshot
from kg.snapshot.triple_subset import TripleSubset, step_arrays


class AddedTriples(TripleSubset):
    """All of a snapshot, and some triples besides; the hash tells which.

    :param heads: indices of their heads, shape (triples,); ``tails``, ``weights`` and ``times``, milliseconds since
        1970 UTC or ``NO_TIME``, likewise. None of the pairs may be there already.
    """

    def __init__(
        self,
        whole: Snapshot,
        relation: str,
        heads: NDArray[np.integer],
        tails: NDArray[np.integer],
        weights: NDArray[np.float64] | None = None,
        times: NDArray[np.int64] | None = None,
    ) -> None:
        super().__init__(whole, {})
        matrix, count = whole.adjacency(relation), len(heads)
        new_weights = np.ones(count) if weights is None else weights
        new_times = np.full(count, NO_TIME) if times is None else times
        head = np.concatenate([np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), heads])
        tail = np.concatenate([matrix.indices, tails])
        weight = np.concatenate([matrix.data, new_weights])
        order = np.lexsort((tail, head))
        forward = csr_array(coo_array((weight[order], (head[order], tail[order])), shape=matrix.shape))
        inverse = csr_array(coo_array((weight, (tail, head)), shape=matrix.shape[::-1]))
        self._parts |= {f"{relation}.forward": step_arrays(forward), f"{relation}.inverse": step_arrays(inverse)}
        time = np.concatenate([whole.timestamps(relation), new_times])[order]
        self._parts[f"{relation}.forward"]["timestamp"] = time.astype(np.int64)
        for name, array in whole.occasions(relation).items():
            unknown = np.full(count, 0 if name == "occasions" else NO_TIME)
            self._parts[f"{relation}.forward"][name] = np.concatenate([array, unknown])[order]
        digest = hashlib.blake2b(f"{whole.hash} {relation}".encode(), digest_size=32)
        for part in (heads, tails, new_weights, new_times):
            digest.update(np.ascontiguousarray(part).tobytes())
        triples = {**whole.manifest.triples, relation: matrix.nnz + count}
        self.manifest = whole.manifest.model_copy(update={"hash": digest.hexdigest(), "triples": triples})
