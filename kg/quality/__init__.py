"""Counts and health of a graph."""
