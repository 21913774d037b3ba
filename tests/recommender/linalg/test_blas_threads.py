"""Dense algebra is on one thread where it says so, and as many as before afterwards."""

import scipy.linalg  # noqa: F401 - its BLAS is one of those that are asked
from threadpoolctl import threadpool_info, threadpool_limits

from recommender.linalg.blas_threads import one_thread


def _threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_within_and_after() -> None:
    @one_thread()
    def decorated() -> set[int]:
        return _threads()

    with threadpool_limits(limits=2, user_api="blas"):
        assert decorated() == {1}
        with one_thread():
            assert _threads() == decorated() == {1}
        assert _threads() == {2}
