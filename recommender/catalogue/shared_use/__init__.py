"""Shared use: sums over the people of a shop that may leave it, none of which tells of fewer than k by a difference."""
