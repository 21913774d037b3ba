"""Answers about fairness, trust and what the shop pursues."""
