"""Ridge: the inverse behind a regression of all items on all others."""

import numpy as np
from numpy.typing import NDArray


def ridge_inverse(gram: NDArray[np.floating], ridge: float) -> NDArray[np.floating]:
    """``(G + λ I)^-1`` by Cholesky's decomposition, in the type of ``gram``, float32 or float64, which is overwritten.

    :param gram: shape (items, items), symmetric, positive semi-definite.
    :param ridge: λ > 0.
    """
    from scipy.linalg import lapack  # 0.1 s to import, which answering must not pay

    gram[np.diag_indices_from(gram)] += ridge
    single = gram.dtype == np.float32
    decompose, invert = (lapack.spotrf, lapack.spotri) if single else (lapack.dpotrf, lapack.dpotri)
    factor, failed = decompose(gram.T, lower=1, overwrite_a=1)  # symmetric, and .T is what Fortran wants
    lower, failed_too = invert(factor, lower=1, overwrite_c=1)
    assert not failed and not failed_too, "a Gram matrix plus a ridge is positive definite"
    inverse: NDArray[np.floating] = np.tril(lower)
    inverse += np.tril(inverse, -1).T
    return inverse
