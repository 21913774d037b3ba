"""Interactions to learn from, validate and test on."""
