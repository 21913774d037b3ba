"""Sparse matrices, ridge inverses, factorization, products in blocks."""
