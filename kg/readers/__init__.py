"""Readers: files to batches of rows, every physical line accounted for."""
