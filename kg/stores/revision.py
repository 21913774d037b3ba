"""How the revision mark of a store begins while something writes to it, or after it was cut off."""

import re

UNFINISHED = "loading-"
"""A load; then its key, which tells what it reads, and something that never comes again."""
FORGETTING = "forgetting-"
"""The erasure of a person."""
_KEY = re.compile(r"loading-([0-9a-f]{16})-")


def unfinished_key(revision: str | None) -> str | None:
    """The key of the load that was cut off, or is under way; empty where it is not known, ``None`` where none is."""
    if not (revision or "").startswith(UNFINISHED):
        return None
    match = _KEY.match(revision or "")
    return match[1] if match else ""


def is_between_states(revision: str | None) -> bool:
    """Whether a load or an erasure has begun to write and not ended."""
    return (revision or "").startswith((UNFINISHED, FORGETTING))
