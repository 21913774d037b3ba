"""Times as the graph keeps them: milliseconds since 1970 UTC (the Unix epoch), as int64."""

import numpy as np

DAY = 86_400_000
"""Milliseconds of a day (UTC has no summer time, and Unix time no leap seconds)."""
NO_TIME = int(np.iinfo(np.int64).min)
"""The time of what has none."""
