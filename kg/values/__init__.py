"""Cells to values: numbers, times, ingredients, ids of tails."""
