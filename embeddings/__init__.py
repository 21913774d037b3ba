"""Embeddings: training, vectors, link prediction."""
