"""Writing a snapshot: arrays piece by piece, more triples than memory holds, what an earlier snapshot has already."""
