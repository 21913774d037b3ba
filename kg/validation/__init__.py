"""Which rows are good, and what becomes of the others."""
