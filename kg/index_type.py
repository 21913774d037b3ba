"""The integer type of places in a sparse matrix: 32 bits as long as they can count its entries."""

import numpy as np
from numpy.typing import NDArray


def index_type(entries: int) -> type[np.int32] | type[np.int64]:
    """``int32`` where a matrix of so many entries can be told in it, ``int64`` beyond 2³¹ − 1: a cast would wrap."""
    return np.int32 if entries <= np.iinfo(np.int32).max else np.int64


def compressed(
    indptr: NDArray[np.integer], indices: NDArray[np.integer]
) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """The two index arrays of a CSR matrix in the one type that can tell both: SciPy copies arrays of two types.

    :param indptr: shape (rows + 1,); its last is the number of entries.
    :param indices: shape (entries,).
    """
    kind = index_type(int(indptr[-1]))
    return indptr.astype(kind, copy=False), indices.astype(kind, copy=False)
