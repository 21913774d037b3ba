"""Settling: a process that does many alike tasks keeps the memory it has, and does not look through what is there."""

import gc

import numpy as np

KEPT = 31 << 20
"""Bytes, the most that glibc learns from (32 MiB, with what it adds)."""


def settle() -> None:
    """Let this process do many tasks without paying for what is there for good in each.

    A collection of garbage looks through all that is imported and open: 60 ms, after every task in a process of Spark.
    And glibc gives large blocks back and asks for them anew, page after page, unless it has seen a larger one freed:
    that was a third of the time of everybody's lists.
    """
    gc.freeze()
    np.empty(KEPT, dtype=np.uint8)
