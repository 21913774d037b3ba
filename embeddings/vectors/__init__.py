"""Vectors of entities and relations, and what is computed from them; numpy only."""
