"""Answers: one person, everybody, similar items."""
