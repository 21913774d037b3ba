"""Snapshots: a frozen, memory-mapped picture of a store."""
