"""Experiment files, and what is on record of their runs."""
