"""Mapping files: which columns of whose files become which entities and triples."""
