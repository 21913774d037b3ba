"""Experiments side by side."""
