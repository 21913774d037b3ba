"""Erasure of a person: from the store, what was learned, and every file of the workspace, and the proof of it."""
