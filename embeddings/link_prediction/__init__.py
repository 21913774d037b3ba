"""Ranking held-out triples, predicting new ones; numpy only."""
