"""How the revision mark of a store begins while something writes to it, or after it was cut off."""

UNFINISHED = "loading-"
"""A load."""
FORGETTING = "forgetting-"
"""The erasure of a person."""
