"""How large questions may be, over HTTP and from an assistant alike."""

MOST_BYTES = 1_000_000
MOST_EVENTS = 1_000
MOST_ITEMS = 1_000
MOST_DAYS = 3_650
MOST_TEXT = 1_000
"""Characters of a question."""
MOST_TEXTS = 100
