"""Triples to train, validate and test on; numpy only."""
