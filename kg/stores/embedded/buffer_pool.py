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
