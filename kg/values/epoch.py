"""Epoch numbers: seconds, milliseconds, microseconds and nanoseconds since 1970 UTC, told apart by size."""

from datetime import UTC, datetime

EARLIEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp() * 1000)
LATEST = int(datetime(2101, 1, 1, tzinfo=UTC).timestamp() * 1000)
SECONDS_BELOW = 100_000_000_000
"""An epoch number below this counts seconds (till the year 5138), one above milliseconds (from March 1973), and so on
by thousands: microseconds, nanoseconds."""


def milliseconds(number: int) -> int | None:
    """Milliseconds since 1970 UTC; ``None`` for what is not in the years from 1990 to 2100."""
    if abs(number) < SECONDS_BELOW:
        found = number * 1_000
    elif abs(number) < SECONDS_BELOW * 1_000:
        found = number
    else:
        found = number // (1_000 if abs(number) < SECONDS_BELOW * 1_000_000 else 1_000_000)
    return found if EARLIEST <= found < LATEST else None
