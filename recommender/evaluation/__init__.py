"""Ranking metrics, their significance, and the baselines beside them."""
