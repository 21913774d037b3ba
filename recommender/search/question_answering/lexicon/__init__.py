"""The words of a snapshot and what they stand for."""
