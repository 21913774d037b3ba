"""How much memory the engine gets."""

import os

from kg.errors import StoreError

BUFFER_POOL_VARIABLE = "WHYREC_BUFFER_POOL_MB"
BUFFER_POOL_MB = 640
"""Of a large load a third of its memory: beyond this a COPY is hardly faster."""
ROWS_PER_MEGABYTE = 4_000
"""Rows that one COPY may have per megabyte of buffer pool. Each COPY writes again what the ones before it wrote: many
small ones take several times as long as one."""


def buffer_pool_bytes() -> int:
    """What the environment says, or else ``BUFFER_POOL_MB``.

    :raises StoreError: where it says no such number.
    """
    told = os.environ.get(BUFFER_POOL_VARIABLE, str(BUFFER_POOL_MB))
    if not told.isdecimal() or not 64 <= int(told) <= 1 << 20:
        raise StoreError(f"{BUFFER_POOL_VARIABLE}={told!r}: a whole number of megabytes, from 64 on")
    return int(told) << 20


def largest_pool_bytes() -> int:
    """Half of the machine's memory, for what is written together is there twice; never more than the environment says.

    :raises StoreError: as :func:`buffer_pool_bytes`.
    """
    told = buffer_pool_bytes()
    if BUFFER_POOL_VARIABLE in os.environ or not hasattr(os, "sysconf"):
        return told
    return max(told, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2)
