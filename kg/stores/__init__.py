"""Stores: where the graph lives."""
