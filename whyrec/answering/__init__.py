"""Answering: what is said of people and items, from one snapshot and one model at a time."""
