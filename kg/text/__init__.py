"""Text to triples: known labels found in it, and texts compared."""
