"""The documents that answers are."""
